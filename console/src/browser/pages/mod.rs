//! One file or folder a page.

pub mod account;
pub mod bill;
pub mod bills;
pub mod catalogue;
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

use leptos::prelude::*;

use super::session::session;
use crate::model::claims::Right;
use crate::model::resource::Resource;

/// The page at a path.
pub fn page(path: &[String]) -> AnyView {
    let steps: Vec<_> = path.iter().map(String::as_str).collect();
    match *steps {
        [] => home::Home().into_any(),
        ["me"] => me::Me().into_any(),
        ["search"] => search::Results().into_any(),
        ["subscriptions"] => subscriptions::Overview().into_any(),
        ["subscriptions", "new"] => view! { <subscriptions::New first=None/> }.into_any(),
        ["new", key] => of_resource(key, Right::Write, new),
        ["edit", key, id] => of_resource(key, Right::Write, |resource| {
            view! { <form::Edit resource id=id.to_owned()/> }.into_any()
        }),
        [key] => of_resource(key, Right::Read, list),
        [key, id] => of_resource(key, Right::Read, |resource| one(resource, id.to_owned())),
        ["billingAccount", id, "bill"] => of_resource("billingAccount", Right::Read, |account| {
            let id = id.to_owned();
            of_resource("customerBillOnDemand", Right::Write, |request| {
                view! { <bill::OnDemand account request id/> }.into_any()
            })
        }),
        ["customerBill", id, "correct"] => of_resource("customerBill", Right::Read, |resource| {
            view! { <bill::Correct resource id=id.to_owned()/> }.into_any()
        }),
        _ => missing::Missing().into_any(),
    }
}

fn list(resource: &'static Resource) -> AnyView {
    match resource.key {
        "customerBill" => view! { <bills::Bills resource/> }.into_any(),
        _ => view! { <list::List resource/> }.into_any(),
    }
}

fn one(resource: &'static Resource, id: String) -> AnyView {
    match resource.key {
        "billingAccount" | "partyAccount" | "financialAccount" | "settlementAccount" => {
            view! { <account::Account resource id/> }.into_any()
        }
        "customerBill" => view! { <bill::Bill resource id/> }.into_any(),
        "appliedCustomerBillingRate" => view! { <item::Item resource id/> }.into_any(),
        "billCycle" => view! { <cycle::Cycle resource id/> }.into_any(),
        "accountHub" | "billHub" => view! { <subscriptions::Subscription resource id/> }.into_any(),
        "billFormat" | "billPresentationMedia" | "billingCycleSpecification" => {
            view! { <catalogue::Entry resource id/> }.into_any()
        }
        _ => view! { <detail::Detail resource id/> }.into_any(),
    }
}

fn new(resource: &'static Resource) -> AnyView {
    match resource.key {
        "appliedCustomerBillingRate" => view! { <item::NewItem resource/> }.into_any(),
        "billCycle" => view! { <cycle::NewCycle resource/> }.into_any(),
        "accountHub" | "billHub" => view! { <subscriptions::New first=Some(resource)/> }.into_any(),
        _ => view! { <form::New resource/> }.into_any(),
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
