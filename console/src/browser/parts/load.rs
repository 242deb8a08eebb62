//! What is being read, has been read, or could not be.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::FailureNotice;
use crate::browser::words::t;
use crate::model::failure::Failure;

/// Something that is read from the server, and can be read again. What was read before stays to be
/// seen until the next answer is there.
pub struct Load<T: Send + Sync + 'static> {
    pub outcome: RwSignal<Option<Result<T, Failure>>>,
    pub is_busy: RwSignal<bool>,
    turn: RwSignal<usize>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    /// Reads it again.
    pub fn again(&self) {
        self.turn.update(|turn| *turn += 1);
    }

    /// What was read last, if it could be.
    pub fn value(&self) -> Option<T> {
        self.outcome.with(|outcome| outcome.as_ref()?.as_ref().ok().cloned())
    }
}

/// Reads something now, and whenever a signal changes that `ask` looks at before its first `await`.
/// Of several answers, that to the last question counts.
pub fn load<T, F>(ask: impl Fn() -> F + 'static) -> Load<T>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let load =
        Load { outcome: RwSignal::new(None), is_busy: RwSignal::new(true), turn: RwSignal::new(0) };
    let asked = StoredValue::new(0_usize);
    Effect::new(move || {
        load.turn.track();
        let question = ask();
        asked.update_value(|asked| *asked += 1);
        let mine = asked.get_value();
        load.is_busy.set(true);
        spawn_local(async move {
            let answer = question.await;
            // The page may have been left in the meantime; then there is nothing to tell.
            if asked.try_get_value() == Some(mine) {
                load.outcome.try_set(Some(answer));
                load.is_busy.try_set(false);
            }
        });
    });
    load
}

/// Shows what was read by `view`; until then, and where it could not be read, what there is to say.
#[component]
pub fn Loaded<T>(load: Load<T>, view: impl Fn(T) -> AnyView + Send + 'static) -> AnyView
where
    T: Clone + Send + Sync + 'static,
{
    let content = move || match load.outcome.get() {
        None => view! { <p class="loading" role="status">{t("list.loading")}</p> }.into_any(),
        Some(Ok(value)) => view(value),
        Some(Err(failure)) => {
            view! { <FailureNotice failure=failure retry=move || load.again()/> }.into_any()
        }
    };
    view! {
        <div class="loaded" aria-busy=move || load.is_busy.get().to_string()>{content}</div>
    }
    .into_any()
}
