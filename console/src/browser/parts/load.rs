//! What is being read, has been read, or could not be.
//!
//! A page is compiled for each type of what it reads. What is the same for all of them is here once:
//! it holds values without knowing their types, and [`Load`] knows them.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{FailureNotice, Turns};
use crate::browser::words::t;
use crate::model::failure::Failure;

/// Something that is read from the server, and can be read again. What was read before stays to be
/// seen until the next answer is there.
pub struct Load<T> {
    reading: Reading,
    pub is_busy: RwSignal<bool>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Load<T> {}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    /// Reads it again, if the page is still there.
    pub fn again(&self) {
        self.reading.again();
    }

    /// What was read last, if it could be.
    pub fn value(&self) -> Option<T> {
        self.with(|outcome| outcome?.ok().cloned())
    }

    /// Looks at what came of it; nothing yet, as long as it is read for the first time.
    pub fn with<R>(&self, look: impl FnOnce(Option<Result<&T, &Failure>>) -> R) -> R {
        self.reading.outcome.with(|outcome| {
            look(match outcome {
                Some(Ok(value)) => value.downcast_ref().map(Ok),
                Some(Err(failure)) => Some(Err(failure)),
                None => None,
            })
        })
    }
}

/// Reads something now, and whenever a signal changes that `ask` looks at before its first `await`.
/// Of several answers, that to the last question counts.
pub fn load<T, F>(ask: impl Fn() -> F + 'static) -> Load<T>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let reading = Reading::start(Box::new(move || {
        let answer = ask();
        Box::pin(async move { answer.await.map(|value| Arc::new(value) as Whatever) })
    }));
    Load { reading, is_busy: reading.is_busy, of: PhantomData }
}

/// Shows what was read by `view`; until then, and where it could not be read, what there is to say.
#[component]
pub fn Loaded<T>(load: Load<T>, view: impl Fn(T) -> AnyView + Send + 'static) -> AnyView
where
    T: Clone + Send + Sync + 'static,
{
    let view = move |value: &Whatever| value.downcast_ref::<T>().cloned().map(&view).into_any();
    load.reading.shown(Box::new(view))
}

/// A value of any type.
type Whatever = Arc<dyn Any + Send + Sync>;

type Answer = Pin<Box<dyn Future<Output = Result<Whatever, Failure>>>>;

/// What [`Load`] is, whatever is read.
#[derive(Clone, Copy)]
struct Reading {
    outcome: RwSignal<Option<Result<Whatever, Failure>>>,
    is_busy: RwSignal<bool>,
    turn: RwSignal<usize>,
}

impl Reading {
    fn start(ask: Box<dyn Fn() -> Answer>) -> Self {
        let reading = Self {
            outcome: RwSignal::new(None),
            is_busy: RwSignal::new(true),
            turn: RwSignal::new(0),
        };
        let questions = Turns::new();
        Effect::new(move || {
            reading.turn.track();
            let question = ask();
            let mine = questions.next();
            reading.is_busy.set(true);
            spawn_local(async move {
                let answer = question.await;
                if mine.counts() {
                    reading.outcome.try_set(Some(answer));
                    reading.is_busy.try_set(false);
                }
            });
        });
        reading
    }

    fn again(&self) {
        self.turn.try_update(|turn| *turn += 1);
    }

    fn shown(self, view: Box<dyn Fn(&Whatever) -> AnyView + Send>) -> AnyView {
        let content = move || match self.outcome.get() {
            None => view! { <p class="loading" role="status">{t("list.loading")}</p> }.into_any(),
            Some(Ok(value)) => view(&value),
            Some(Err(failure)) => {
                view! { <FailureNotice failure=failure retry=move || self.again()/> }.into_any()
            }
        };
        view! {
            <div class="loaded" aria-busy=move || self.is_busy.get().to_string()>{content}</div>
        }
        .into_any()
    }
}
