//! Doing something that asks first.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::FailureNotice;
use crate::browser::words::t;
use crate::model::failure::Failure;

/// A button with a dialog that tells what is about to happen, and stays open where it fails.
#[component]
pub fn Confirm<F>(
    /// What distinguishes it from others on the page.
    id: &'static str,
    /// What is done, on both buttons.
    label: String,
    #[prop(into)] title: Signal<String>,
    /// What follows from it.
    lead: String,
    act: impl Fn() -> F + Clone + Send + 'static,
) -> AnyView
where
    F: Future<Output = Result<(), Failure>> + 'static,
{
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let ask = move |_| {
        failure.set(None);
        if let Some(dialog) = dialog.get_untracked() {
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.try_get_untracked().flatten() {
            dialog.close();
        }
    };
    let act = move |_| {
        let acting = act();
        is_busy.set(true);
        spawn_local(async move {
            match acting.await {
                Ok(()) => close(),
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
            is_busy.try_set(false);
        });
    };
    let heading = format!("{id}-title");
    view! {
        <button type="button" class="button danger" on:click=ask>{label.clone()}</button>
        <dialog node_ref=dialog aria-labelledby=heading>
            <h2 id=heading.clone()><bdi>{title}</bdi></h2>
            <p>{lead}</p>
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            <div class="form-end">
                <button type="button" class="button danger" disabled=is_busy on:click=act>
                    {label}
                </button>
                <button type="button" class="button" autofocus on:click=move |_| close()>
                    {t("confirm.cancel")}
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
