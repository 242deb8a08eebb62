//! A bill: as on paper, checked, paid, sent, corrected.

mod correct;
mod documents;
mod items;
mod mark;
mod on_demand;
mod paper;
mod payment;

use leptos::prelude::*;
use serde_json::Value;

pub use correct::Correct;
pub use items::Items;
pub use on_demand::OnDemand;

use crate::browser::api::{Client, Page, Stored, client};
use crate::browser::dom;
use crate::browser::parts::{
    Heading, Load, Loaded, StateChange, badge, fact, facts, load, reference, stored, title, trail,
};
use crate::browser::session::session;
use crate::browser::words::{number, t, tv};
use crate::model::check::check;
use crate::model::claims::Right;
use crate::model::document;
use crate::model::due::is_open;
use crate::model::failure::Failure;
use crate::model::items::referring;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::transition::of_bill;
use documents::Documents;
use mark::mark;
use paper::paper;
use payment::Pay;

/// How many items of a bill are read: more than fit into a page that anybody reads.
const MOST_ITEMS: usize = 10_000;

/// What stands above the sheet.
const FACTS: [&str; 4] = ["category", "runType", "lastUpdate", "id"];

/// The page of a bill.
#[component]
pub fn Bill(resource: &'static Resource, id: String) -> AnyView {
    let bill = stored(resource, &id);
    let title = title(bill, id, |bill| Some(tv("bill.titled", &[("number", name(bill)?)])));
    view! {
        {trail(resource)}
        <Heading text=title><Actions resource bill/></Heading>
        <Loaded load=bill view=move |stored| body(&stored)/>
    }
    .into_any()
}

/// What readers call a bill.
pub fn name(bill: &Value) -> Option<&str> {
    document::text(bill, "billNo").or(document::text(bill, "id"))
}

#[component]
fn Actions(resource: &'static Resource, bill: Load<Stored>) -> AnyView {
    let may_write = session().may(Right::Write, resource);
    let item = Resource::named("appliedCustomerBillingRate");
    let may_correct = item.is_some_and(|item| session().may(Right::Write, item));
    let again = Callback::new(move |()| bill.again());
    let buttons = move || {
        let stored = bill.value()?;
        let id = document::text(&stored.document, "id").unwrap_or_default().to_owned();
        let name = name(&stored.document).unwrap_or_default().to_owned();
        let pay = (may_write && is_open(&stored.document))
            .then(|| view! { <Pay resource stored=stored.clone() again/> });
        let choices = of_bill(&stored.document);
        let change = (may_write && !choices.are_none()).then(|| {
            view! { <StateChange resource stored=stored.clone() choices again/> }
        });
        let correct = may_correct.then(|| {
            let address = Route::to([resource.key, &id, "correct"]).to_string();
            view! { <a class="button" href=address>{t("correct.title")}</a> }
        });
        Some(view! {
            {pay}
            {change}
            {correct}
            <Documents resource id name/>
            <button type="button" class="button" on:click=|_| dom::print()>{t("bill.print")}</button>
        })
    };
    view! { {buttons} }.into_any()
}

fn body(stored: &Stored) -> AnyView {
    let bill = stored.document.clone();
    let id = document::text(&bill, "id").unwrap_or_default().to_owned();
    let client = client();
    let items = load(move || {
        let id = id.clone();
        async move { read_items_of(client, &id).await }
    });
    let state = document::text(&bill, "state").map(badge);
    let cycle = bill.get("billCycle").map(|it| (t("bill.cycle"), reference(it)));
    let ledger = bill.get("financialAccount").map(|it| (t("bill.ledger"), reference(it)));
    let more = FACTS.iter().filter_map(|path| fact(&bill, path)).chain(cycle).chain(ledger);
    let facts = facts(more);
    let checked = bill.clone();
    view! {
        <section class="bill-state no-print">
            <p>{state}</p>
            <Loaded load=items view=move |page: Page| judged(&checked, &page.documents, page.part())/>
        </section>
        {paper(&bill, view! {
            <Loaded load=items view=|page: Page| {
                let part = page.part();
                view! { <Items items=page.documents part/> }.into_any()
            }/>
        }.into_any())}
        <section class="card no-print"><h2>{t("bill.more")}</h2>{facts}</section>
    }
    .into_any()
}

/// The mark; or that there are too many items to compute anything of.
fn judged(bill: &Value, items: &[Value], part: Option<(usize, usize)>) -> AnyView {
    if let Some((_, total)) = part {
        let count = number(&total.to_string());
        return view! { <p class="mark">{tv("check.tooMany", &[("count", &count)])}</p> }
            .into_any();
    }
    mark(&check(bill, items))
}

/// The items of a bill.
pub async fn read_items_of(client: Client, bill: &str) -> Result<Page, Failure> {
    let page = read_items(client, &format!("bill.id={}&sort=date", encode(bill))).await?;
    Ok(only(page, "bill.id", bill))
}

/// A page without the items that refer to something else.
pub fn only(page: Page, path: &str, id: &str) -> Page {
    let is_part = page.part().is_some();
    let documents = referring(page.documents, path, id);
    // Where not all were read, nobody knows how many of the others it would be.
    let total = if is_part { page.total } else { documents.len() };
    Page { documents, total }
}

/// That these are not all.
fn partly((read, total): (usize, usize)) -> AnyView {
    let (read, total) = (number(&read.to_string()), number(&total.to_string()));
    view! { <p class="notice">{tv("items.part", &[("count", &read), ("total", &total)])}</p> }
        .into_any()
}

/// The items that a query finds; none, where the reader may not see items.
pub async fn read_items(client: Client, query: &str) -> Result<Page, Failure> {
    match Resource::named("appliedCustomerBillingRate") {
        Some(item) => client.whole(item, query, MOST_ITEMS).await,
        None => Ok(Page::default()),
    }
}
