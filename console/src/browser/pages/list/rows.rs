//! The table of a list.

use leptos::prelude::*;
use serde_json::Value;

use super::Asked;
use crate::browser::api::Page;
use crate::browser::parts::{Load, Scroller, shown};
use crate::browser::router::router;
use crate::browser::words::{name_of, t, tv};
use crate::model::document::{self, Shown};
use crate::model::resource::Resource;
use crate::model::route::Route;

/// A table with a row for each document. Its heads sort, and stay while other rows come, so that the
/// focus does.
pub fn rows(resource: &'static Resource, page: Load<Page>, asked: Memo<Asked>) -> AnyView {
    let columns = Memo::new(move |_| asked.with(|asked| asked.columns(resource)));
    let numbers = Memo::new(move |_| {
        let page = page.value().unwrap_or_default();
        columns
            .with(|columns| columns.iter().map(|path| is_number(&page, path)).collect::<Vec<_>>())
    });
    let caption = move || {
        let range = super::range(&page.value().unwrap_or_default(), super::page_offset(asked));
        let name = name_of("resource", resource.key);
        tv("list.caption", &[("resource", &name), ("range", &range)])
    };
    let heads = move || {
        let columns = columns.get().into_iter().enumerate();
        columns.map(|(place, path)| head(path, place, numbers, asked)).collect_view()
    };
    let body = move || {
        let (columns, numbers) = (columns.get(), numbers.get());
        let documents = page.value().unwrap_or_default().documents;
        documents.iter().map(|it| row(resource, it, &columns, &numbers)).collect_view()
    };
    view! {
        <Scroller label=t("list.scroll")>
            <table class="table">
                <caption class="unseen">{caption}</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

/// The head of a column; its button sorts by it, and the other way round at the next press.
fn head(path: String, place: usize, numbers: Memo<Vec<bool>>, asked: Memo<Asked>) -> AnyView {
    let order = {
        let path = path.clone();
        Memo::new(move |_| {
            asked.with(|asked| match asked.sort.strip_prefix('-') {
                Some(sort) if sort == path => "descending",
                None if asked.sort == path => "ascending",
                _ => "none",
            })
        })
    };
    let label = name_of("attribute", &path);
    let title = tv("list.sortBy", &[("attribute", &label)]);
    let is_number =
        move || class(numbers.with(|numbers| numbers.get(place).copied().unwrap_or_default()));
    let router = router();
    let sort = move |_| {
        let sort =
            if order.get_untracked() == "ascending" { format!("-{path}") } else { path.clone() };
        router.ask(asked.get_untracked().query.without("offset").with("sort", sort));
    };
    view! {
        <th scope="col" class=is_number aria-sort=move || order.get()>
            <button type="button" class="sorter" title=title on:click=sort>
                <bdi>{label}</bdi>
                <span class="arrow" aria-hidden="true"></span>
            </button>
        </th>
    }
    .into_any()
}

/// A row; its first cell leads to the document.
fn row(
    resource: &'static Resource,
    document: &Value,
    columns: &[String],
    numbers: &[bool],
) -> AnyView {
    let id = document.get("id").and_then(Value::as_str).unwrap_or_default();
    let link = Route::to([resource.key, id]).to_string();
    let cells = columns.iter().zip(numbers).enumerate().map(|(index, (path, is_number))| {
        let value = document::shown_in_cell(document, path);
        let label = name_of("attribute", path);
        if index > 0 {
            let class = class(*is_number);
            return view! { <td data-label=label class=class>{shown(value)}</td> }.into_any();
        }
        let value = if value == Shown::Nothing { Shown::Text(id.to_owned()) } else { value };
        view! { <th scope="row" data-label=label><a href=link.clone()>{shown(value)}</a></th> }
            .into_any()
    });
    view! { <tr>{cells.collect_view()}</tr> }.into_any()
}

/// Whether all that a column shows are numbers, or money.
fn is_number(page: &Page, path: &str) -> bool {
    let shown = page.documents.iter().map(|document| document::shown_in_cell(document, path));
    let mut values = shown.filter(|value| *value != Shown::Nothing).peekable();
    values.peek().is_some()
        && values.all(|value| matches!(value, Shown::Number(_) | Shown::Money { .. }))
}

fn class(is_number: bool) -> &'static str {
    if is_number { "number" } else { "" }
}
