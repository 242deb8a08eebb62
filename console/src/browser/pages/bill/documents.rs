//! The documents that the server makes of a bill, as files.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::api::client;
use crate::browser::dom;
use crate::browser::parts::{FailureNotice, Menu};
use crate::browser::words::t;
use crate::model::failure::Failure;
use crate::model::resource::Resource;

/// A media type of the document, what its file ends in, and the key of its text.
const FORMATS: [(&str, &str, &str); 3] = [
    ("text/html", "html", "document.html"),
    ("text/csv", "csv", "document.csv"),
    ("application/json", "json", "document.json"),
];

/// A menu of them. A plain link would not do: it could not say who asks.
#[component]
pub fn Documents(resource: &'static Resource, id: String, name: String) -> AnyView {
    let client = client();
    let failure = RwSignal::new(None::<Failure>);
    let (id, name) = (StoredValue::new(id), StoredValue::new(name));
    let save = move |media_type: &'static str, ending: &'static str| {
        failure.set(None);
        let (id, name) = (id.get_value(), name.get_value());
        spawn_local(async move {
            match client.text(resource, &[&id, "document"], media_type).await {
                Ok(text) => dom::download(&format!("{name}.{ending}"), media_type, &text),
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
        });
    };
    let buttons = move || {
        let each = FORMATS.map(|(media_type, ending, key)| {
            view! {
                <button type="button" class="button" on:click=move |_| save(media_type, ending)>
                    {t(key)}
                </button>
            }
        });
        each.into_iter().collect_view()
    };
    view! {
        <Menu label=t("document.title") class="at-end">
            {buttons}
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
        </Menu>
    }
    .into_any()
}
