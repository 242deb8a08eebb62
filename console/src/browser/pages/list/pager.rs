//! From page to page of a list.

use leptos::prelude::*;

use super::Asked;
use crate::browser::api::Page;
use crate::browser::parts::Load;
use crate::browser::router::router;
use crate::browser::words::t;
use crate::model::paging::Neighbours;

/// How many rows can be chosen.
const LIMITS: [usize; 3] = [25, 50, 100];

/// The previous page, the next one, and how many rows a page has.
#[component]
pub fn Pager(page: Load<Page>, asked: Memo<Asked>) -> AnyView {
    let router = router();
    // How many rows there are, and how many in all.
    let counts = Memo::new(move |_| {
        page.with(|outcome| match outcome {
            Some(Ok(page)) => (page.documents.len(), page.total),
            _ => (0, 0),
        })
    });
    let total = move || counts.get().1;
    let step = move |label: String, offset: Option<usize>| match offset {
        Some(offset) => {
            let offset = if offset == 0 { String::new() } else { offset.to_string() };
            let address = router.asking(asked.get().query.with("offset", offset));
            view! { <a class="button" href=address>{label}</a> }.into_any()
        }
        None => view! { <span class="button" aria-disabled="true">{label}</span> }.into_any(),
    };
    // Only what is there tells where the next page begins. Until then the steps stay, and the focus on
    // them.
    let neighbours = Memo::new(move |before: Option<&Neighbours>| {
        let Asked { offset, limit, .. } = asked.get();
        let (rows, total) = counts.get();
        match before {
            Some(before) if page.is_busy.get() => *before,
            _ => Neighbours::of(offset, limit, rows, total),
        }
    });
    let steps = move || {
        let Neighbours { previous, next } = neighbours.get();
        view! {
            <li>{step(t("list.previous"), previous)}</li>
            <li>{step(t("list.next"), next)}</li>
        }
    };
    let limit = Memo::new(move |_| asked.with(|asked| asked.limit));
    let options = move || {
        let limit = limit.get();
        // The address may say another one.
        let other = Some(limit).filter(|limit| !LIMITS.contains(limit));
        let options = LIMITS.into_iter().chain(other).map(|it| {
            view! { <option value=it.to_string() prop:selected=it == limit>{it}</option> }
        });
        options.collect_view()
    };
    view! {
        <div class="pager" hidden=move || total() == 0>
            <label class="inline">
                {t("list.perPage")}
                <select on:change:target=move |event| {
                    let query = asked.get_untracked().query.without("offset");
                    router.ask(query.with("limit", event.target().value()));
                }>{options}</select>
            </label>
            <nav aria-label=t("list.pages")><ul class="steps">{steps}</ul></nav>
        </div>
    }
    .into_any()
}
