//! An item: what is charged, for whom, and on which bill; and a new one.

use leptos::prelude::*;
use serde_json::Value;

use super::bill::way_to_next;
use super::detail;
use super::form::New;
use crate::browser::api::{Client, client};
use crate::browser::parts::{
    Copyable, Fact, Heading, Loaded, Tree, badge, fact, facts, load, reference, stored, title,
    trail,
};
use crate::browser::router::router;
use crate::browser::words::{t, tv};
use crate::model::correction::{correction, item_for};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use crate::model::rest::without;

const FACTS: [&str; 7] = [
    "description",
    "appliedBillingRateType",
    "date",
    "periodCoverage",
    "taxExcludedAmount",
    "taxIncludedAmount",
    "@type",
];

/// What the page shows in other places.
const ELSEWHERE: [&str; 7] =
    ["id", "href", "name", "isBilled", "bill", "billingAccount", "product"];

/// The page of an item.
#[component]
pub fn Item(resource: &'static Resource, id: String) -> AnyView {
    let item = stored(resource, &id);
    let title = title(item, id, |item| document::text(item, "name").map(str::to_owned));
    let is_billed = move || {
        item.value().is_some_and(|it| it.document.get("isBilled") == Some(&Value::Bool(true)))
    };
    // An item that is billed is never changed.
    let actions =
        move || (!is_billed()).then(|| view! { <detail::Actions resource stored=item title/> });
    view! {
        {trail(resource)}
        <Heading text=title>{actions}</Heading>
        <Loaded load=item view=|stored| body(&stored.document)/>
    }
    .into_any()
}

fn body(item: &Value) -> AnyView {
    let id = document::text(item, "id").unwrap_or_default().to_owned();
    let links =
        [("items.account", "billingAccount"), ("items.bill", "bill"), ("items.product", "product")];
    let link = |(key, name)| -> Option<Fact> { Some((t(key), reference(item.get(name)?))) };
    let links = links.into_iter().filter_map(link);
    let all = links.chain(FACTS.iter().filter_map(|path| fact(item, path)));
    let account = document::text(item, "billingAccount.id");
    let is_billed = item.get("isBilled") == Some(&Value::Bool(true));
    let next = account.filter(|_| !is_billed).and_then(way_to_next).map(|way| {
        view! {
            <p class="next">
                {t("items.unbilledHint")} " "
                <a class="button primary" href=way.to_string()>{t("account.bill")}</a>
            </p>
        }
    });
    let rest = without(item, &[&FACTS[..], &ELSEWHERE].concat());
    let rest = rest.map(|rest| {
        view! { <section class="card"><h2>{t("account.rest")}</h2><Tree value=rest/></section> }
    });
    let state = if is_billed { "billed" } else { "unbilled" };
    view! {
        <p class="under-heading">{badge(state)} <Copyable text=id name=t("attribute.id")/></p>
        {next}
        <section class="card"><h2>{t("items.about")}</h2>{facts(all)}</section>
        {rest}
    }
    .into_any()
}

/// A form for a new item. The address says for which account it is, or which bill it corrects.
#[component]
pub fn NewItem(resource: &'static Resource) -> AnyView {
    let client = client();
    let (account, bill) = router().query.with_untracked(|query| {
        (query.get("account").map(str::to_owned), query.get("corrects").map(str::to_owned))
    });
    if account.is_none() && bill.is_none() {
        return view! { <New resource/> }.into_any();
    }
    let begun = load(move || {
        let (account, bill) = (account.clone(), bill.clone());
        async move { begun(client, account, bill).await }
    });
    view! {
        <Loaded load=begun view=move |begun| view! { <New resource begun/> }.into_any()/>
    }
    .into_any()
}

async fn begun(
    client: Client,
    account: Option<String>,
    bill: Option<String>,
) -> Result<Value, Failure> {
    let read = async |key, id: &str| match Resource::named(key) {
        Some(resource) => client.read(resource, id).await.map(|stored| stored.document),
        None => Ok(Value::Null),
    };
    match (account, bill) {
        (_, Some(bill)) => {
            let bill = read("customerBill", &bill).await?;
            let number = super::bill::name(&bill).unwrap_or_default().to_owned();
            let name = tv("correct.name", &[("number", &number)]);
            Ok(correction(&bill, &name, &tv("correct.description", &[("number", &number)])))
        }
        (Some(account), None) => Ok(item_for(&read("billingAccount", &account).await?)),
        (None, None) => Ok(Value::Null),
    }
}
