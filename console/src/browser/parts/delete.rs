//! Taking a resource away.

use leptos::prelude::*;

use super::{Confirm, this_page};
use crate::browser::api::{Stored, client};
use crate::browser::words::{t, tv};
use crate::model::document;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// A button that asks first. Afterwards its reader is at the list.
#[component]
pub fn Delete(
    resource: &'static Resource,
    /// What is deleted, unless it has changed since.
    stored: Stored,
    /// What it is called.
    title: Signal<String>,
) -> AnyView {
    let (client, page) = (client(), this_page());
    let id = document::text(&stored.document, "id").unwrap_or_default().to_owned();
    let act = move || {
        let (id, tag) = (id.clone(), stored.tag.clone());
        async move {
            client.delete(resource, &id, &tag).await?;
            page.go(&Route::to([resource.key]));
            Ok(())
        }
    };
    let title = Signal::derive(move || tv("detail.deleteTitle", &[("name", &title.get())]));
    view! {
        <Confirm id="delete" label=t("detail.delete") title lead=t("detail.deleteLead") act/>
    }
    .into_any()
}
