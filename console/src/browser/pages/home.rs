//! The first page.

use leptos::prelude::*;

use crate::browser::api::client;
use crate::browser::parts::{Heading, Loaded, load};
use crate::browser::session::session;
use crate::browser::words::{name_of, number, t};
use crate::model::claims::Right;
use crate::model::resource::{RESOURCES, Resource};

/// How much there is of everything; each number leads to its list.
#[component]
pub fn Home() -> AnyView {
    let seen = RESOURCES.iter().filter(|resource| session().may(Right::Read, resource));
    let tiles = seen.map(|resource| view! { <li><Tile resource/></li> }).collect_view();
    view! {
        <Heading text=t("home.title")/>
        <p class="lead">{t("home.lead")}</p>
        <ul class="tiles">{tiles}</ul>
    }
    .into_any()
}

#[component]
fn Tile(resource: &'static Resource) -> AnyView {
    let client = client();
    let count = load(move || async move { client.count(resource, "").await });
    view! {
        <a class="tile" href=format!("#/{}", resource.key)>
            <span class="tile-name">{name_of("resource", resource.key)}</span>
            <Loaded load=count view=|count| {
                view! { <span class="tile-number">{number(&count.to_string())}</span> }.into_any()
            }/>
        </a>
    }
    .into_any()
}
