//! A resource, whole.

use leptos::prelude::*;

use crate::browser::api::Stored;
use crate::browser::parts::{Delete, Heading, Load, Loaded, Tree, stored, title, trail};
use crate::browser::session::session;
use crate::browser::words::t;
use crate::model::claims::Right;
use crate::model::document;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// Everything that a resource has.
#[component]
pub fn Detail(resource: &'static Resource, id: String) -> AnyView {
    let stored = stored(resource, &id);
    let title = title(stored, id, |document| {
        let names = resource.known_by.iter();
        names.copied().find_map(|path| document::text(document, path)).map(str::to_owned)
    });
    view! {
        {trail(resource)}
        <Heading text=title>
            <button type="button" class="button" on:click=move |_| stored.again()>
                {t("detail.reload")}
            </button>
            <Actions resource stored title/>
        </Heading>
        <Loaded load=stored view=|stored| everything(&stored)/>
    }
    .into_any()
}

/// What the reader may do to it.
#[component]
pub fn Actions(
    resource: &'static Resource,
    stored: Load<Stored>,
    title: Signal<String>,
) -> AnyView {
    let may_write = session().may(Right::Write, resource);
    let buttons = move || {
        let stored = stored.value().filter(|_| may_write)?;
        let id = document::text(&stored.document, "id").unwrap_or_default();
        let address = Route::to(["edit", resource.key, id]).to_string();
        let edit = resource.changes.patch.then(|| {
            view! { <a class="button" href=address>{t("detail.edit")}</a> }
        });
        let delete = resource.changes.delete.then(|| view! { <Delete resource stored title/> });
        Some(view! { {edit} {delete} })
    };
    view! { {buttons} }.into_any()
}

fn everything(stored: &Stored) -> AnyView {
    let text = serde_json::to_string_pretty(&stored.document).unwrap_or_default();
    view! {
        <section class="card">
            <h2>{t("detail.all")}</h2>
            <Tree value=stored.document.clone()/>
        </section>
        <details class="card">
            <summary>{t("detail.raw")}</summary>
            <pre tabindex="0"><bdi>{text}</bdi></pre>
        </details>
    }
    .into_any()
}
