//! What will be on the next bill.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::api::{Page, client};
use crate::browser::pages::bill::{Items, only, read_items};
use crate::browser::parts::{Loaded, load, sums};
use crate::browser::session::session;
use crate::browser::words::{number, t, tv};
use crate::model::balance::{UNBILLED, agrees, of_kind};
use crate::model::document;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::sums::Sums;

#[component]
pub fn Unbilled(
    account: Value,
    /// The resource of items.
    item: &'static Resource,
) -> AnyView {
    let client = client();
    let id = document::text(&account, "id").unwrap_or_default().to_owned();
    let condition = format!("billingAccount.id={}&isBilled=false", encode(&id));
    let all = format!("#/appliedCustomerBillingRate?{condition}");
    let items = load(move || {
        let (query, id) = (format!("{condition}&sort=-date"), id.clone());
        async move { Ok(only(read_items(client, item, &query).await?, "billingAccount.id", &id)) }
    });
    let balance = of_kind(&account, UNBILLED);
    view! {
        <section class="card">
            <h2>{t("unbilled.title")}</h2>
            <Loaded load=items view=move |page: Page| list(&page, balance.as_ref(), &all)/>
        </section>
    }
    .into_any()
}

fn list(page: &Page, balance: Option<&Sums>, all: &str) -> AnyView {
    let count = number(&page.total.to_string());
    if page.documents.is_empty() {
        return view! { <p class="hint">{t("unbilled.nothing")}</p> }.into_any();
    }
    // Of a part, the sum would say nothing.
    if page.documents.len() < page.total {
        return view! {
            <p><a href=all.to_owned()>{tv("unbilled.tooMany", &[("count", &count)])}</a></p>
        }
        .into_any();
    }
    let sum = Sums::of_items(&page.documents);
    let agrees = agrees(balance, sum.as_ref(), session().sees_all());
    let mark = agrees.map(|agrees| match agrees {
        true => view! { <span class="mark mark-good">{t("unbilled.agrees")}</span> }.into_any(),
        false => view! { <span class="mark mark-bad">{t("unbilled.differs")}</span> }.into_any(),
    });
    let sum = sums(sum.as_ref());
    let items = StoredValue::new(page.documents.clone());
    let is_open = RwSignal::new(false);
    // It is told of closing too, which changes nothing.
    let open = move |_| {
        if !is_open.get_untracked() {
            is_open.set(true);
        }
    };
    view! {
        <p class="owed-sum">{sum} " " <span class="hint">{t("unbilled.withTaxes")}</span> " " {mark}</p>
        <details on:toggle=open>
            <summary>{tv("unbilled.items", &[("count", &count)])}</summary>
            {move || is_open.get().then(|| view! { <Items items=items.get_value()/> })}
        </details>
    }
    .into_any()
}
