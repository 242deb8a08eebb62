//! Where a search has looked, if not everywhere.

use leptos::prelude::*;

use crate::browser::api::Page;
use crate::browser::words::{name_of, tv};
use crate::model::resource::Resource;

/// What readers are told of a page that a search has found by indexes alone.
pub fn of_beginnings(resource: &Resource, page: &Page) -> Option<AnyView> {
    let names = resource.indexed.iter().map(|path| name_of("attribute", path));
    let names = names.collect::<Vec<_>>().join(", ");
    page.is_of_beginnings.then(|| {
        view! { <p class="hint">{tv("list.beginnings", &[("attributes", &names)])}</p> }.into_any()
    })
}
