//! One file or folder a page.

pub mod account;
pub mod bill;
pub mod bills;
pub mod catalogue;
mod code;
pub mod cycle;
pub mod detail;
pub mod form;
pub mod home;
pub mod item;
pub mod list;
pub mod me;
pub mod missing;
pub mod search;
pub mod sign_in;
pub mod subscriptions;

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::session::session;
use crate::model::claims::Right;
use crate::model::failure::Failure;
use crate::model::resource::Resource;
use code::shown;

/// Begins to fetch the code of the page at a path, before it can be known whether it may be shown: that
/// of the first page, which has most readers.
pub fn fetch_ahead(path: &[String]) {
    if path.is_empty() {
        spawn_local(async {
            // Who fails to fetch it now is told when it is shown.
            let _ = code::home().await;
        });
    }
}

/// The page at a path.
pub fn page(path: &[String]) -> AnyView {
    let steps: Vec<_> = path.iter().map(String::as_str).collect();
    match *steps {
        [] => shown(code::home, |page| page()),
        ["me"] => me::Me().into_any(),
        ["search"] => shown(code::results, |page| page()),
        ["subscriptions"] => shown(code::subscriptions, |page| page()),
        ["subscriptions", "new"] => shown(code::new_subscription, |page| page(None)),
        ["new", key] => of_resource(key, Right::Write, new),
        ["edit", key, id] => {
            of_resource(key, Right::Write, |resource| edit(resource, id.to_owned()))
        }
        [key] => of_resource(key, Right::Read, all),
        [key, id] => of_resource(key, Right::Read, |resource| one(resource, id.to_owned())),
        ["billingAccount", id, "bill"] => of_resource("billingAccount", Right::Read, |account| {
            let id = id.to_owned();
            of_resource("customerBillOnDemand", Right::Write, |request| {
                shown(code::bill_on_demand, move |page| page(account, request, id.clone()))
            })
        }),
        ["customerBill", id, "correct"] => of_resource("customerBill", Right::Read, |bill| {
            let id = id.to_owned();
            // What corrects a bill are items of the next one.
            of_resource("appliedCustomerBillingRate", Right::Write, |_| {
                about(code::corrected_bill, bill, id)
            })
        }),
        _ => missing::Missing().into_any(),
    }
}

fn all(resource: &'static Resource) -> AnyView {
    match resource.key {
        "customerBill" => shown(code::bills, move |page| page(resource)),
        _ => shown(code::list, move |page| page(resource)),
    }
}

fn one(resource: &'static Resource, id: String) -> AnyView {
    match resource.key {
        "billingAccount" | "partyAccount" | "financialAccount" | "settlementAccount" => {
            about(code::account, resource, id)
        }
        "customerBill" => about(code::bill, resource, id),
        "appliedCustomerBillingRate" => about(code::item, resource, id),
        "billCycle" => about(code::cycle, resource, id),
        "accountHub" | "billHub" => about(code::subscription, resource, id),
        "billFormat" | "billPresentationMedia" | "billingCycleSpecification" => {
            about(code::catalogue_entry, resource, id)
        }
        _ => about(code::detail, resource, id),
    }
}

/// A page about one thing.
fn about<F>(fetch: impl Fn() -> F + 'static, resource: &'static Resource, id: String) -> AnyView
where
    F: Future<Output = Result<fn(&'static Resource, String) -> AnyView, Failure>> + 'static,
{
    shown(fetch, move |page| page(resource, id.clone()))
}

fn edit(resource: &'static Resource, id: String) -> AnyView {
    match resource.changes.patch {
        true => about(code::edit, resource, id),
        false => missing::Missing().into_any(),
    }
}

fn new(resource: &'static Resource) -> AnyView {
    match resource.key {
        _ if !resource.changes.create => missing::Missing().into_any(),
        "appliedCustomerBillingRate" => shown(code::new_item, move |page| page(resource)),
        "billCycle" => shown(code::new_cycle, move |page| page(resource)),
        "accountHub" | "billHub" => shown(code::new_subscription, move |page| page(Some(resource))),
        _ => shown(code::new, move |page| page(resource)),
    }
}

/// A page about a resource, if there is one with that key whose reader may do that.
fn of_resource(
    key: &str,
    right: Right,
    page: impl FnOnce(&'static Resource) -> AnyView,
) -> AnyView {
    match Resource::named(key).filter(|resource| session().may(right, resource)) {
        Some(resource) => page(resource),
        None => missing::Missing().into_any(),
    }
}
