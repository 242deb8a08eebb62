//! One file a page.

pub mod detail;
pub mod form;
pub mod home;
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
        ["new", key @ ("accountHub" | "billHub")] => of_resource(key, Right::Write, |resource| {
            view! { <subscriptions::New first=Some(resource)/> }.into_any()
        }),
        ["new", key] => {
            of_resource(key, Right::Write, |resource| view! { <form::New resource/> }.into_any())
        }
        ["edit", key, id] => {
            let id = id.to_owned();
            of_resource(key, Right::Write, |resource| {
                view! { <form::Edit resource id/> }.into_any()
            })
        }
        [key @ ("accountHub" | "billHub"), id] => {
            let id = id.to_owned();
            of_resource(key, Right::Read, |resource| {
                view! { <subscriptions::Subscription resource id/> }.into_any()
            })
        }
        [key] => {
            of_resource(key, Right::Read, |resource| view! { <list::List resource/> }.into_any())
        }
        [key, id] => {
            let id = id.to_owned();
            of_resource(key, Right::Read, |resource| {
                view! { <detail::Detail resource id/> }.into_any()
            })
        }
        _ => missing::Missing().into_any(),
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
