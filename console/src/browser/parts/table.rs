//! Tables.

use leptos::prelude::*;

use crate::browser::words::t;

/// A column of a table.
pub struct Column {
    pub label: String,
    /// Numbers and money stand at the right.
    pub is_number: bool,
}

impl Column {
    pub fn text(label: String) -> Self {
        Self { label, is_number: false }
    }

    pub fn number(label: String) -> Self {
        Self { label, is_number: true }
    }
}

/// What may be wider than the page: it scrolls by itself, by the keyboard too.
#[component]
pub fn Scroller(#[prop(into)] label: String, children: Children) -> AnyView {
    view! {
        <div class="scroller" role="region" tabindex="0" aria-label=label>{children()}</div>
    }
    .into_any()
}

/// A table of cells that are views already. On narrow screens its rows become cards.
#[component]
pub fn Table(
    /// What the table has, for who does not see it.
    #[prop(into)]
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<AnyView>>,
) -> AnyView {
    let labels: Vec<_> = columns.iter().map(|it| (it.label.clone(), class(it.is_number))).collect();
    let heads = columns.into_iter().map(|it| {
        view! { <th scope="col" class=class(it.is_number)>{it.label}</th> }
    });
    let rows = rows.into_iter().map(move |cells| {
        let cells = cells.into_iter().zip(labels.clone()).map(|(cell, (label, class))| {
            view! { <td data-label=label class=class>{cell}</td> }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    let label = format!("{caption}: {}", t("list.scroll"));
    view! {
        <Scroller label>
            <table class="table">
                <caption class="unseen">{caption}</caption>
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn class(is_number: bool) -> &'static str {
    if is_number { "number" } else { "" }
}
