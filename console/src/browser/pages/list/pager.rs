//! From page to page of a list.

use leptos::prelude::*;

use super::Asked;
use crate::browser::api::Page;
use crate::browser::parts::Load;
use crate::browser::router::router;
use crate::browser::words::t;

/// How many rows can be chosen.
const LIMITS: [usize; 3] = [25, 50, 100];

/// The previous page, the next one, and how many rows a page has.
#[component]
pub fn Pager(page: Load<Page>, asked: Memo<Asked>) -> AnyView {
    let router = router();
    let total =
        move || page.with(|outcome| outcome.and_then(Result::ok).map_or(0, |page| page.total));
    let step = move |label: String, offset: Option<usize>| match offset {
        Some(offset) => {
            let offset = if offset == 0 { String::new() } else { offset.to_string() };
            let address = router.asking(asked.get().query.with("offset", offset));
            view! { <a class="button" href=address>{label}</a> }.into_any()
        }
        None => view! { <span class="button" aria-disabled="true">{label}</span> }.into_any(),
    };
    let steps = move || {
        let Asked { offset, limit, .. } = asked.get();
        let previous = (offset > 0).then(|| offset.saturating_sub(limit));
        let next = (offset + limit < total()).then_some(offset + limit);
        view! {
            <li>{step(t("list.previous"), previous)}</li>
            <li>{step(t("list.next"), next)}</li>
        }
    };
    let options = LIMITS.map(|it| {
        let is_chosen = move || asked.with(|asked| asked.limit == it);
        view! { <option value=it.to_string() selected=is_chosen>{it.to_string()}</option> }
    });
    view! {
        <div class="pager" hidden=move || total() == 0>
            <label class="inline">
                {t("list.perPage")}
                <select on:change:target=move |event| {
                    let query = asked.get_untracked().query.without("offset");
                    router.ask(query.with("limit", event.target().value()));
                }>{options.collect_view()}</select>
            </label>
            <nav aria-label=t("list.pages")><ul class="steps">{steps}</ul></nav>
        </div>
    }
    .into_any()
}
