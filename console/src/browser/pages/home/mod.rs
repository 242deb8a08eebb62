//! The first page: the way to anything, and how things stand.

mod accounts;
mod events;
mod months;
mod receivables;

use leptos::prelude::*;

use crate::browser::parts::Heading;
use crate::browser::session::session;
use crate::browser::words::{number, t};
use crate::model::claims::Right;

use super::search::{ACCOUNTS, Finder};
use super::subscriptions::HUBS;

/// How many requests of one card are under way at once.
const AT_ONCE: usize = 3;

/// What the reader may see of it.
#[component]
pub fn Home() -> AnyView {
    let seen = |keys: &[&str]| session().allowed(Right::Read, keys);
    let accounts = seen(&ACCOUNTS);
    let hubs = seen(&HUBS);
    let bills = !seen(&["customerBill"]).is_empty();
    let nothing = accounts.is_empty() && hubs.is_empty() && !bills;
    view! {
        <Heading text=t("home.title")/>
        <Finder text=""/>
        <div class="cards">
            {bills.then(|| view! { <receivables::Owed/> })}
            {bills.then(|| view! { <months::Months/> })}
            {(!accounts.is_empty()).then(|| view! { <accounts::Accounts kinds=accounts/> })}
            {(!hubs.is_empty()).then(|| view! { <events::Waiting hubs/> })}
        </div>
        {nothing.then(|| view! { <p class="empty">{t("home.nothing")}</p> })}
    }
    .into_any()
}

/// A link of a number to the list that it counts.
fn counted(address: String, count: usize) -> AnyView {
    view! { <a class="number" href=address>{number(&count.to_string())}</a> }.into_any()
}
