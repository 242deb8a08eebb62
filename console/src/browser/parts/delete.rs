//! Taking a resource away.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::FailureNotice;
use crate::browser::api::{Stored, client};
use crate::browser::router::go;
use crate::browser::words::{t, tv};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use crate::model::route::Route;

const HEADING: &str = "delete-heading";

/// A button that asks first. Afterwards its reader is at the list.
#[component]
pub fn Delete(
    resource: &'static Resource,
    /// What is deleted, unless it has changed since.
    stored: Stored,
    /// What it is called.
    title: Signal<String>,
) -> AnyView {
    let client = client();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let ask = move |_| {
        failure.set(None);
        if let Some(dialog) = dialog.get_untracked() {
            let _ = dialog.show_modal();
        }
    };
    let keep = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let id = document::text(&stored.document, "id").unwrap_or_default().to_owned();
    let delete = move |_| {
        let (id, tag) = (id.clone(), stored.tag.clone());
        is_busy.set(true);
        spawn_local(async move {
            match client.delete(resource, &id, &tag).await {
                Ok(()) => go(&Route::to([resource.key])),
                Err(refused) => failure.set(Some(refused)),
            }
            is_busy.set(false);
        });
    };
    let question = move || tv("detail.deleteTitle", &[("name", &title.get())]);
    view! {
        <button type="button" class="button danger" on:click=ask>{t("detail.delete")}</button>
        <dialog node_ref=dialog aria-labelledby=HEADING>
            <h2 id=HEADING><bdi>{question}</bdi></h2>
            <p>{t("detail.deleteLead")}</p>
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            <div class="form-end">
                <button type="button" class="button danger" disabled=is_busy on:click=delete>
                    {t("detail.delete")}
                </button>
                <button type="button" class="button" on:click=keep>{t("detail.keep")}</button>
            </div>
        </dialog>
    }
    .into_any()
}
