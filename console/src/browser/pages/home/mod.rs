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
use crate::model::resource::Resource;

use super::search::Finder;

/// How many requests of one card are under way at once.
const AT_ONCE: usize = 3;

/// What the reader may see of it.
#[component]
pub fn Home() -> AnyView {
    let accounts: Vec<_> = seen(&super::search::ACCOUNTS).collect();
    let hubs: Vec<_> = seen(&["accountHub", "billHub"]).collect();
    let bills = seen(&["customerBill"]).next().is_some();
    let nothing = accounts.is_empty() && hubs.is_empty() && !bills;
    view! {
        <Heading text=t("home.title")/>
        <Finder/>
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

/// Those of some resources that the reader may read.
fn seen(keys: &[&str]) -> impl Iterator<Item = &'static Resource> {
    let resources = keys.iter().filter_map(|key| Resource::named(key));
    resources
        .filter(|resource| session().may(Right::Read, resource))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A link of a number to the list that it counts.
fn counted(address: String, count: usize) -> AnyView {
    view! { <a class="number" href=address>{number(&count.to_string())}</a> }.into_any()
}
