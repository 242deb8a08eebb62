//! The code of the pages, in parts that are fetched when a page of theirs is first shown: who looks at
//! an account waits for no form. What several parts need is in parts of its own, which the bundler makes.

// The attribute `wasm_split` writes the calls from one part to another.
#![allow(unsafe_code)]

use std::future::Future;

use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use super::{
    account, bill, bills, catalogue, cycle, detail, form, home, item, list, search, subscriptions,
};
use crate::browser::parts::{Loaded, load};
use crate::model::failure::Failure;
use crate::model::resource::Resource;

/// Shows a page once its code is there, and says so if it cannot be fetched.
pub fn shown<P, F>(
    fetch: impl Fn() -> F + 'static,
    show: impl Fn(P) -> AnyView + Send + 'static,
) -> AnyView
where
    P: Copy + Send + Sync + 'static,
    F: Future<Output = Result<P, Failure>> + 'static,
{
    view! { <Loaded load=load(fetch) view=move |page| untrack(|| show(page))/> }.into_any()
}

impl From<SplitLoaderError> for Failure {
    fn from(_: SplitLoaderError) -> Self {
        Self::Code
    }
}

/// What a page is about, or the kind of that.
type Kind = &'static Resource;

/// Functions that fetch the code of a page: `part { name(arguments) => view }`.
macro_rules! parts {
    ($($part:ident { $($name:ident($($argument:ident: $type:ty),*) => $page:expr;)+ })+) => {
        $($(
            #[wasm_split($part, wasm_split_path = leptos::wasm_split, fallible)]
            pub fn $name() -> Result<fn($($type),*) -> AnyView, Failure> {
                Ok(|$($argument),*| $page.into_any())
            }
        )+)+
    };
}

parts! {
    start {
        home() => home::Home();
    }
    reading {
        results() => search::Results();
        list(resource: Kind) => view! { <list::List resource/> };
        bills(resource: Kind) => view! { <bills::Bills resource/> };
        account(resource: Kind, id: String) => view! { <account::Account resource id/> };
        bill(resource: Kind, id: String) => view! { <bill::Bill resource id/> };
        item(resource: Kind, id: String) => view! { <item::Item resource id/> };
        catalogue_entry(resource: Kind, id: String) => view! { <catalogue::Entry resource id/> };
        detail(resource: Kind, id: String) => view! { <detail::Detail resource id/> };
        cycle(resource: Kind, id: String) => view! { <cycle::Cycle resource id/> };
    }
    writing {
        new(resource: Kind) => view! { <form::New resource/> };
        edit(resource: Kind, id: String) => view! { <form::Edit resource id/> };
        new_item(resource: Kind) => view! { <item::NewItem resource/> };
        new_cycle(resource: Kind) => view! { <cycle::NewCycle resource/> };
        bill_on_demand(account: Kind, request: Kind, id: String) =>
            view! { <bill::OnDemand account request id/> };
        corrected_bill(resource: Kind, id: String) => view! { <bill::Correct resource id/> };
        subscriptions() => subscriptions::Overview();
        subscription(resource: Kind, id: String) =>
            view! { <subscriptions::Subscription resource id/> };
        new_subscription(first: Option<Kind>) => view! { <subscriptions::New first/> };
    }
}
