//! Where a page belongs.

use leptos::prelude::*;

use crate::browser::words::{name_of, t, tv};
use crate::model::resource::Resource;
use crate::model::route::Route;

/// A link to the page that this one belongs to. It is not printed.
#[component]
pub fn Trail(to: Route, #[prop(into)] text: String) -> AnyView {
    view! {
        <nav class="trail no-print" aria-label=t("detail.trail")>
            <a href=to.to_string()>{text}</a>
        </nav>
    }
    .into_any()
}

/// The trail of a page about one of the resources.
pub fn trail(resource: &'static Resource) -> AnyView {
    let text = tv("detail.back", &[("resource", &name_of("resource", resource.key))]);
    view! { <Trail to=Route::to([resource.key]) text/> }.into_any()
}
