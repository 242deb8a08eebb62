//! The heading of a page.

use leptos::prelude::*;

use crate::browser::dom;
use crate::browser::router::router;
use crate::browser::words::t;

const ID: &str = "page-heading";

/// The one heading of the first rank of a page, which names its window too. After a step from another
/// page it has the focus, so that readers of the screen begin there.
#[component]
pub fn Heading(
    #[prop(into)] text: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> AnyView {
    let router = router();
    Effect::new(move || {
        if let Some(document) = dom::document() {
            document.set_title(&format!("{} – {}", text.get(), t("app.name")));
        }
    });
    Effect::new(move || {
        if router.has_moved() {
            dom::focus(ID);
        }
    });
    view! {
        <div class="page-head">
            <h1 id=ID tabindex="-1"><bdi>{move || text.get()}</bdi></h1>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </div>
    }
    .into_any()
}
