//! The latest bills of an account.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::api::{Page, client};
use crate::browser::pages::bill::{name, only};
use crate::browser::parts::{Column, Loaded, Table, load, shown};
use crate::browser::words::{name_of, number, t, tv};
use crate::model::document;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;

const MOST: usize = 6;

const COLUMNS: [&str; 5] = ["billNo", "billDate", "state", "amountDue", "remainingAmount"];

#[component]
pub fn RecentBills(
    /// What its bills name it by, and its id.
    path: &'static str,
    id: String,
) -> AnyView {
    let client = client();
    let asked = format!("{path}={}", encode(&id));
    let all = format!("#/customerBill?{asked}");
    let bills = load(move || {
        let (query, id) = (format!("{asked}&sort=-billDate&limit={MOST}"), id.clone());
        async move {
            match Resource::named("customerBill") {
                Some(bill) => Ok(only(client.list(bill, &query).await?, path, &id)),
                None => Ok(Page::default()),
            }
        }
    });
    view! {
        <section class="card">
            <h2>{t("account.bills")}</h2>
            <Loaded load=bills view=move |page: Page| list(&page, &all)/>
        </section>
    }
    .into_any()
}

fn list(page: &Page, all: &str) -> AnyView {
    if page.total == 0 {
        return view! { <p class="hint">{t("account.noBills")}</p> }.into_any();
    }
    let columns = COLUMNS.iter().map(|path| {
        let label = name_of("attribute", path);
        if path.ends_with("Amount") || *path == "amountDue" {
            Column::number(label)
        } else {
            Column::text(label)
        }
    });
    let rows = page.documents.iter().map(row).collect();
    let count = number(&page.total.to_string());
    view! {
        <Table caption=t("account.bills") columns=columns.collect() rows/>
        <p class="after"><a href=all.to_owned()>{tv("account.allBills", &[("count", &count)])}</a></p>
    }
    .into_any()
}

fn row(bill: &Value) -> Vec<AnyView> {
    let id = document::text(bill, "id").unwrap_or_default();
    let address = Route::to(["customerBill", id]).to_string();
    let number = name(bill).unwrap_or_default().to_owned();
    let link = view! { <a href=address><bdi>{number}</bdi></a> }.into_any();
    let others = COLUMNS[1..].iter().map(|path| shown(document::shown(bill, path)));
    [link].into_iter().chain(others).collect()
}
