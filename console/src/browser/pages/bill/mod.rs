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
pub use on_demand::{OnDemand, way_to_next};

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
use crate::model::items::{of_bill, referring};
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::transition;
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
        let choices = transition::of_bill(&stored.document);
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
    let items = items_of(&bill);
    let state = document::text(&bill, "state").map(badge);
    let cycle = bill.get("billCycle").map(|it| (t("bill.cycle"), reference(it)));
    let ledger = bill.get("financialAccount").map(|it| (t("bill.ledger"), reference(it)));
    let more = FACTS.iter().filter_map(|path| fact(&bill, path)).chain(cycle).chain(ledger);
    let facts = facts(more);
    let checked = bill.clone();
    let mark = items.map(|items| {
        view! {
            <Loaded load=items view=move |page: Page| {
                judged(&checked, &page.documents, page.part())
            }/>
        }
    });
    let table = match items {
        Some(items) => view! { <Loaded load=items view=listed/> }.into_any(),
        None => not_shown(),
    };
    view! {
        <section class="bill-state no-print"><p>{state}</p>{mark}</section>
        {paper(&bill, table)}
        <section class="card no-print"><h2>{t("bill.more")}</h2>{facts}</section>
    }
    .into_any()
}

/// The items of a page.
pub fn listed(page: Page) -> AnyView {
    let part = page.part();
    view! { <Items items=page.documents part/> }.into_any()
}

/// The mark; or that there are too many items to compute anything of.
fn judged(bill: &Value, items: &[Value], part: Option<(usize, usize)>) -> AnyView {
    if let Some((_, total)) = part {
        let count = number(&total.to_string());
        return view! { <p class="mark">{tv("check.tooMany", &[("count", &count)])}</p> }
            .into_any();
    }
    let check = check(bill, items);
    mark(&if session().sees_all() { check } else { check.by_part() })
}

/// The resource of items, if the reader may see any.
pub fn readable_items() -> Option<&'static Resource> {
    let item = Resource::named("appliedCustomerBillingRate");
    item.filter(|item| session().may(Right::Read, item))
}

/// That items are not shown, for who may not see any.
pub fn not_shown() -> AnyView {
    view! { <p class="hint">{t("items.notShown")}</p> }.into_any()
}

/// Reads the items of a bill, if the reader may see any.
pub fn items_of(bill: &Value) -> Option<Load<Page>> {
    let (client, bill) = (client(), bill.clone());
    let item = readable_items()?;
    Some(load(move || {
        let bill = bill.clone();
        async move { read_items_of(client, item, &bill).await }
    }))
}

async fn read_items_of(client: Client, item: &Resource, bill: &Value) -> Result<Page, Failure> {
    let id = document::text(bill, "id").unwrap_or_default();
    let page = read_items(client, item, &format!("bill.id={}&sort=date", encode(id))).await?;
    Ok(keeping(page, |items| of_bill(items, bill)))
}

/// A page without what refers to something else.
pub fn only(page: Page, path: &str, id: &str) -> Page {
    keeping(page, |documents| referring(documents, path, id))
}

/// A page of which some documents are kept.
fn keeping(page: Page, kept: impl FnOnce(Vec<Value>) -> Vec<Value>) -> Page {
    let is_part = page.part().is_some();
    let documents = kept(page.documents);
    // Where not all were read, nobody knows how many of the others it would be.
    let total = if is_part { page.total } else { documents.len() };
    Page { documents, total, ..page }
}

/// That these are not all.
fn partly((read, total): (usize, usize)) -> AnyView {
    let (read, total) = (number(&read.to_string()), number(&total.to_string()));
    view! { <p class="notice">{tv("items.part", &[("count", &read), ("total", &total)])}</p> }
        .into_any()
}

/// The items that a query finds.
pub async fn read_items(client: Client, item: &Resource, query: &str) -> Result<Page, Failure> {
    client.whole(item, query, MOST_ITEMS).await
}
