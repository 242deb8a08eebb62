//! The items of a bill, or those that are still to be on one.

use leptos::prelude::*;
use serde_json::Value;

use super::partly;
use crate::browser::parts::{Scroller, shown, sums};
use crate::browser::words::{name_of, number, t, tv};
use crate::model::document::{self, Shown};
use crate::model::items::{Group, grouped};
use crate::model::route::Route;

/// How many are shown before somebody asks for all.
const AT_FIRST: usize = 200;

/// A table of items, by their kinds, with the sum of each.
#[component]
pub fn Items(
    items: Vec<Value>,
    /// How many were read and of how many, where that is not all: then nothing is added up.
    #[prop(optional_no_strip)]
    part: Option<(usize, usize)>,
) -> AnyView {
    let total = items.len();
    let are_all = RwSignal::new(total <= AT_FIRST);
    let items = StoredValue::new(items);
    let table = move || {
        let count = if are_all.get() { total } else { AT_FIRST };
        // The sums are those of all items, also while some of them are hidden.
        let groups = items.with_value(|items| grouped(items));
        let mut left = count;
        let bodies = groups.into_iter().map(|group| {
            let shown = group.items.len().min(left);
            left -= shown;
            body(&group, shown, part.is_none())
        });
        view! {
            <table class="table items">
                <caption class="unseen">{t("items.caption")}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t("items.item")}</th>
                        <th scope="col">{t("items.time")}</th>
                        <th scope="col">{t("items.tax")}</th>
                        <th scope="col" class="number">{t("items.net")}</th>
                    </tr>
                </thead>
                {bodies.collect_view()}
            </table>
        }
    };
    let all = move || {
        (!are_all.get()).then(|| {
            let count = number(&total.to_string());
            view! {
                <button type="button" class="button no-print" on:click=move |_| are_all.set(true)>
                    {tv("items.showAll", &[("count", &count)])}
                </button>
            }
        })
    };
    let part = part.map(partly);
    view! { {part} <Scroller label=t("list.scroll")>{table}</Scroller> {all} }.into_any()
}

fn body(group: &Group, shown: usize, is_summed: bool) -> AnyView {
    let name = match &*group.kind {
        "" => t("items.noKind"),
        kind => name_of("charge", kind),
    };
    let rows = group.items.iter().take(shown).map(row).collect_view();
    view! {
        <tbody>
            <tr class="group">
                <th scope="rowgroup" colspan="3"><bdi>{name}</bdi></th>
                <td class="number">{is_summed.then(|| sums(group.sum.as_ref()))}</td>
            </tr>
            {rows}
        </tbody>
    }
    .into_any()
}

fn row(item: &Value) -> AnyView {
    let text = |path| document::text(item, path).unwrap_or_default().to_owned();
    let (name, description) = (text("name"), text("description"));
    let title = [&name, &description, &text("product.name"), &text("id")]
        .into_iter()
        .find(|it| !it.is_empty())
        .cloned()
        .unwrap_or_default();
    let more = (description != title && !description.is_empty())
        .then(|| view! { <span class="hint"><bdi>{description}</bdi></span> });
    let link = Route::to(["appliedCustomerBillingRate", &text("id")]).to_string();
    let time = match document::shown(item, "periodCoverage") {
        Shown::Nothing => document::shown(item, "date"),
        period => period,
    };
    let amount = match document::shown(item, "taxExcludedAmount") {
        Shown::Nothing => document::shown(item, "taxIncludedAmount"),
        amount => amount,
    };
    view! {
        <tr>
            <th scope="row"><a href=link><bdi>{title}</bdi></a> {more}</th>
            <td data-label=t("items.time")>{shown(time)}</td>
            <td data-label=t("items.tax")>{taxes(item)}</td>
            <td data-label=t("items.net") class="number">{shown(amount)}</td>
        </tr>
    }
    .into_any()
}

fn taxes(item: &Value) -> AnyView {
    let all: Vec<_> = document::at(item, "appliedTax").into_iter().map(tax).collect();
    if all.is_empty() {
        return shown(Shown::Nothing);
    }
    view! { <bdi>{all.join(", ")}</bdi> }.into_any()
}

/// A tax by its category and rate, as the document of the server writes it.
pub fn tax(tax: &Value) -> String {
    let category = document::text(tax, "taxCategory").map_or_else(|| t("items.tax"), str::to_owned);
    match tax.get("taxRate").filter(|rate| rate.is_number()) {
        Some(rate) => tv("items.rate", &[("tax", &category), ("rate", &number(&rate.to_string()))]),
        None => category,
    }
}
