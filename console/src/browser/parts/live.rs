//! What is read again and again.

use leptos::prelude::*;

use super::{FailureNotice, Load};
use crate::browser::words::t;
use crate::model::failure::Failure;

/// What there is to say beside the value.
#[derive(Clone, PartialEq)]
enum Told {
    Waiting,
    Failed(Failure),
    Nothing,
}

/// Shows what is read by a view that is built once and follows the newest state by a signal, so
/// that the focus and what the reader has marked stay where they are. What was read before stays to
/// be seen where the newest state could not be read, below what there is to say of that.
#[component]
pub fn Live<T>(load: Load<T>, view: impl Fn(Signal<T>) -> AnyView + Send + 'static) -> AnyView
where
    T: Clone + Default + PartialEq + Send + Sync + 'static,
{
    let value =
        Memo::new(move |last: Option<&Option<T>>| load.value().or_else(|| last.cloned().flatten()));
    let is_there = Memo::new(move |_| value.with(Option::is_some));
    let told = Memo::new(move |_| {
        load.with(|outcome| match outcome {
            None => Told::Waiting,
            Some(Ok(_)) => Told::Nothing,
            Some(Err(failure)) => Told::Failed(failure.clone()),
        })
    });
    let notice = move || match told.get() {
        Told::Waiting => {
            view! { <p class="loading" role="status">{t("list.loading")}</p> }.into_any()
        }
        Told::Failed(failure) => {
            view! { <FailureNotice failure retry=move || load.again()/> }.into_any()
        }
        Told::Nothing => ().into_any(),
    };
    let newest = Signal::derive(move || value.get().unwrap_or_default());
    let content = move || is_there.get().then(|| view(newest));
    view! { {notice} {content} }.into_any()
}
