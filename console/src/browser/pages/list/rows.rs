//! The table of a list.

use leptos::prelude::*;
use serde_json::Value;

use super::Asked;
use crate::browser::api::Page;
use crate::browser::parts::{Scroller, shown};
use crate::browser::router::router;
use crate::browser::words::{name_of, t, tv};
use crate::model::document::{self, Shown};
use crate::model::resource::Resource;
use crate::model::route::Route;

/// A table with a row for each document. Its heads sort.
pub fn rows(resource: &'static Resource, page: Page, asked: Memo<Asked>) -> AnyView {
    let caption = {
        let offset = asked.with_untracked(|asked| asked.offset);
        let (name, range) = (name_of("resource", resource.key), super::range(&page, offset));
        tv("list.caption", &[("resource", &name), ("range", &range)])
    };
    // Other columns are another table of the same documents.
    let columns = Memo::new(move |_| asked.with(|asked| asked.columns(resource)));
    let table = move || {
        let columns = columns.get();
        let numbers: Vec<_> = columns.iter().map(|path| is_number(&page, path)).collect();
        let heads = columns
            .iter()
            .zip(&numbers)
            .map(|(path, is_number)| head(path.clone(), *is_number, asked));
        let body = page.documents.iter().map(|it| row(resource, it, &columns, &numbers));
        view! {
            <table class="table">
                <caption class="unseen">{caption.clone()}</caption>
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{body.collect_view()}</tbody>
            </table>
        }
    };
    view! { <Scroller label=t("list.scroll")>{table}</Scroller> }.into_any()
}

/// The head of a column; its button sorts by it, and the other way round at the next press.
fn head(path: String, is_number: bool, asked: Memo<Asked>) -> AnyView {
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
    let router = router();
    let sort = move |_| {
        let sort =
            if order.get_untracked() == "ascending" { format!("-{path}") } else { path.clone() };
        router.ask(asked.get_untracked().query.without("offset").with("sort", sort));
    };
    view! {
        <th scope="col" class=class(is_number) aria-sort=move || order.get()>
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
        let value = document::shown(document, path);
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
    let shown = page.documents.iter().map(|document| document::shown(document, path));
    let mut values = shown.filter(|value| *value != Shown::Nothing).peekable();
    values.peek().is_some()
        && values.all(|value| matches!(value, Shown::Number(_) | Shown::Money { .. }))
}

fn class(is_number: bool) -> &'static str {
    if is_number { "number" } else { "" }
}
