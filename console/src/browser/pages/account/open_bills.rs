//! Why something is owed: the open bills, what remains of each, and what is on them.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::api::{Page, client};
use crate::browser::dom;
use crate::browser::pages::bill::{items_of, listed, name, not_shown, only};
use crate::browser::parts::{Loaded, badge, load, reference, shown, sums};
use crate::browser::session::session;
use crate::browser::words::{number, t, tv};
use crate::model::balance::{OWED, agrees, of_kind};
use crate::model::calendar::Day;
use crate::model::document;
use crate::model::due::{is_overdue, owed};
use crate::model::query::{Query, encode};
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::sums::Sums;

/// How many are listed.
const MOST: usize = 100;

#[component]
pub fn OpenBills(
    account: Value,
    /// Whether the bills may be those of several accounts.
    names_accounts: bool,
    /// What its bills name it by.
    path: &'static str,
) -> AnyView {
    let client = client();
    let id = document::text(&account, "id").unwrap_or_default().to_owned();
    let owed = owed(Query::default()).with("sort", "paymentDueDate");
    let query = format!("{path}={}&{owed}", encode(&id));
    let all = format!("#/customerBill?{query}");
    let bills = load(move || {
        let (query, id) = (query.clone(), id.clone());
        async move {
            match Resource::named("customerBill") {
                Some(bill) => Ok(only(client.whole(bill, &query, MOST).await?, path, &id)),
                None => Ok(Page::default()),
            }
        }
    });
    // The balance of several goes with the accounts, but each bill stays where it was made.
    let balance = of_kind(&account, OWED).filter(|_| !names_accounts);
    view! {
        <section class="card">
            <h2>{t("owed.title")}</h2>
            <Loaded load=bills view=move |page: Page| {
                list(&page, names_accounts, balance.as_ref(), &all)
            }/>
        </section>
    }
    .into_any()
}

fn list(page: &Page, names_accounts: bool, owed: Option<&Sums>, all: &str) -> AnyView {
    if page.documents.is_empty() {
        return view! { <p class="hint">{t("owed.nothing")}</p> }.into_any();
    }
    let sum = Sums::of(&page.documents, "remainingAmount");
    let is_whole = page.documents.len() == page.total;
    let agrees = agrees(owed.filter(|_| is_whole), sum.as_ref(), session().sees_all());
    let mark = agrees.map(|agrees| match agrees {
        true => view! { <span class="mark mark-good">{t("owed.agrees")}</span> }.into_any(),
        false => view! { <span class="mark mark-bad">{t("owed.differs")}</span> }.into_any(),
    });
    let shown_sum = is_whole.then(|| sums(sum.as_ref()));
    let more = (!is_whole).then(|| {
        let count = number(&page.total.to_string());
        view! { <p><a href=all.to_owned()>{tv("owed.more", &[("count", &count)])}</a></p> }
    });
    let items = page.documents.iter().map(|bill| view! { <li>{entry(bill, names_accounts)}</li> });
    view! {
        <p class="owed-sum">{shown_sum} " " {mark}</p>
        <ul class="owed">{items.collect_view()}</ul>
        {more}
    }
    .into_any()
}

fn entry(bill: &Value, names_accounts: bool) -> AnyView {
    let id = document::text(bill, "id").unwrap_or_default();
    let address = Route::to(["customerBill", id]).to_string();
    let number = name(bill).unwrap_or_default().to_owned();
    let state = document::text(bill, "state").map(badge);
    let due = document::text(bill, "paymentDueDate").map(|_| {
        let date = shown(document::shown(bill, "paymentDueDate"));
        view! { <span class="hint">{t("owed.due")} " " {date}</span> }
    });
    let late = Day::of(&dom::now())
        .is_some_and(|today| is_overdue(bill, today))
        .then(|| view! { <span class="badge badge-bad">{t("owed.overdue")}</span> });
    let (remains, of) =
        (document::shown(bill, "remainingAmount"), document::shown(bill, "amountDue"));
    let of =
        (remains != of).then(|| view! { <span class="hint">{t("owed.of")} " " {shown(of)}</span> });
    let account = bill.get("billingAccount").filter(|_| names_accounts).map(reference);
    view! {
        <a class="owed-number" href=address><bdi>{number}</bdi></a>
        {account}
        {state}
        {late}
        {due}
        <span class="owed-amount"><strong>{shown(remains)}</strong> " " {of}</span>
        <Why bill=bill.clone()/>
    }
    .into_any()
}

/// The items of a bill, read when somebody asks for them.
#[component]
fn Why(bill: Value) -> AnyView {
    let is_open = RwSignal::new(false);
    let content = move || {
        is_open.get().then(|| match items_of(&bill) {
            Some(items) => view! { <Loaded load=items view=on_it/> }.into_any(),
            None => not_shown(),
        })
    };
    view! {
        <details on:toggle=move |_| is_open.set(true)>
            <summary>{t("owed.why")}</summary>
            {content}
        </details>
    }
    .into_any()
}

fn on_it(page: Page) -> AnyView {
    if !page.documents.is_empty() {
        return listed(page);
    }
    let why = if session().sees_all() { t("check.noItems") } else { t("check.unseen") };
    view! { <p class="hint">{why}</p> }.into_any()
}
