//! An account of any of the four kinds: what is owed on it first, then everything else it has.

mod balances;
mod contacts;
mod facts;
mod family;
mod open_bills;
mod parties;
mod recent_bills;
mod unbilled;

use leptos::prelude::*;
use serde_json::Value;

use super::bill::{readable_items, way_to_next};
use super::detail;
use crate::browser::api::Stored;
use crate::browser::parts::{
    Copyable, Heading, Load, Loaded, StateChange, Tree, badge, stored, title, trail,
};
use crate::browser::session::session;
use crate::browser::words::{name_of, t};
use crate::model::claims::Right;
use crate::model::document;
use crate::model::query::encode;
use crate::model::reference;
use crate::model::resource::Resource;
use crate::model::transition::of_account;
use family::Relatives;
use open_bills::OpenBills;
use recent_bills::RecentBills;
use unbilled::Unbilled;

/// The page of an account.
#[component]
pub fn Account(resource: &'static Resource, id: String) -> AnyView {
    let account = stored(resource, &id);
    let title = title(account, id, |account| reference::name_of(account).map(str::to_owned));
    view! {
        {trail(resource)}
        <Heading text=title>
            <Billing resource account/>
            <Change resource account/>
            <detail::Actions resource stored=account title/>
        </Heading>
        <Loaded load=account view=move |stored| body(resource, &stored.document)/>
    }
    .into_any()
}

/// What can be charged: only billing accounts have items and bills.
#[component]
fn Billing(resource: &'static Resource, account: Load<Stored>) -> AnyView {
    let is_billed = resource.key == "billingAccount";
    let item = Resource::named("appliedCustomerBillingRate");
    let may_charge = is_billed && item.is_some_and(|it| session().may(Right::Write, it));
    let buttons = move || {
        let stored = account.value()?;
        let id = document::text(&stored.document, "id")?;
        // A closed account can have neither.
        let is_closed = document::text(&stored.document, "state") == Some("Closed");
        let next = way_to_next(id).filter(|_| is_billed && !is_closed);
        let bill = next.map(|way| {
            view! { <a class="button primary" href=way.to_string()>{t("account.bill")}</a> }
        });
        let charge = (may_charge && !is_closed).then(|| {
            let address = format!("#/new/appliedCustomerBillingRate?account={}", encode(id));
            view! { <a class="button" href=address>{t("account.addItem")}</a> }
        });
        Some(view! { {bill} {charge} })
    };
    view! { {buttons} }.into_any()
}

#[component]
fn Change(resource: &'static Resource, account: Load<Stored>) -> AnyView {
    let may_write = session().may(Right::Write, resource);
    let again = Callback::new(move |()| account.again());
    let button = move || {
        let stored = account.value().filter(|_| may_write)?;
        let choices = of_account(&stored.document);
        (!choices.are_none()).then(|| view! { <StateChange resource stored choices again/> })
    };
    view! { {button} }.into_any()
}

fn body(resource: &'static Resource, account: &Value) -> AnyView {
    let id = document::text(account, "id").unwrap_or_default().to_owned();
    let state = document::text(account, "state").map(badge);
    // What bills name it by, if they do.
    let path = match resource.key {
        "billingAccount" => Some("billingAccount.id"),
        "financialAccount" => Some("financialAccount.id"),
        _ => None,
    };
    let bill = Resource::named("customerBill");
    let path = path.filter(|_| bill.is_some_and(|it| session().may(Right::Read, it)));
    let is_billed = resource.key == "billingAccount";
    let open = path.map(|path| {
        view! { <OpenBills account=account.clone() names_accounts=!is_billed path/> }
    });
    let recent = path.map(|path| view! { <RecentBills path id=id.clone()/> });
    let item = readable_items().filter(|_| is_billed);
    let unbilled = item.map(|item| view! { <Unbilled account=account.clone() item/> });
    let rest = facts::rest(account).map(|rest| {
        view! { <section class="card"><h2>{t("account.rest")}</h2><Tree value=rest/></section> }
    });
    let text = serde_json::to_string_pretty(account).unwrap_or_default();
    view! {
        <p class="under-heading">
            {state}
            <span>{name_of("kind", resource.key)}</span>
            <Copyable text=id name=t("attribute.id")/>
        </p>
        <div class="account-columns">
            <div>
                {balances::balances(account)}
                {open}
                {unbilled}
                {recent}
                <Relatives resource account=account.clone()/>
            </div>
            <div>
                {facts::about(account)}
                {parties::parties(resource, account)}
                {contacts::contacts(account)}
                {facts::structure(account)}
                {facts::exemptions(account)}
                {rest}
                <details class="card">
                    <summary>{t("detail.raw")}</summary>
                    <pre tabindex="0"><bdi>{text}</bdi></pre>
                </details>
            </div>
        </div>
    }
    .into_any()
}
