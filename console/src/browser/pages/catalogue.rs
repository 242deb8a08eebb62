//! What bills are made by: a format, a medium, or a cycle; and who uses it.

use leptos::prelude::*;
use serde_json::Value;

use super::detail;
use crate::browser::api::client;
use crate::browser::parts::{
    Copyable, Heading, Loaded, Tree, fact, facts, load, stored, title, trail,
};
use crate::browser::session::session;
use crate::browser::words::{number, t, tv};
use crate::model::claims::Right;
use crate::model::document;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::rest::without;

const FACTS: [&str; 10] = [
    "description",
    "frequency",
    "billingPeriod",
    "billingDateShift",
    "chargeDateOffset",
    "creditDateOffset",
    "mailingDateOffset",
    "paymentDueDateOffset",
    "validFor",
    "@type",
];

/// What the page shows in other places.
const ELSEWHERE: [&str; 3] = ["id", "href", "name"];

/// The page of an entry of a catalogue.
#[component]
pub fn Entry(resource: &'static Resource, id: String) -> AnyView {
    let entry = stored(resource, &id);
    let title = title(entry, id, |entry| document::text(entry, "name").map(str::to_owned));
    view! {
        {trail(resource)}
        <Heading text=title>
            <Start resource id=Signal::derive(move || {
                let stored = entry.value()?;
                document::text(&stored.document, "id").map(str::to_owned)
            })/>
            <detail::Actions resource stored=entry title/>
        </Heading>
        <Loaded load=entry view=move |stored| body(resource, &stored.document)/>
    }
    .into_any()
}

/// A cycle can be run.
#[component]
fn Start(resource: &'static Resource, id: Signal<Option<String>>) -> AnyView {
    let may_run = resource.key == "billingCycleSpecification"
        && Resource::named("billCycle").is_some_and(|it| session().may(Right::Write, it));
    let button = move || {
        let id = id.get().filter(|_| may_run)?;
        let address = format!("#/new/billCycle?cycle={}", encode(&id));
        Some(view! { <a class="button primary" href=address>{t("cycle.new")}</a> })
    };
    view! { {button} }.into_any()
}

fn body(resource: &'static Resource, entry: &Value) -> AnyView {
    let id = document::text(entry, "id").unwrap_or_default().to_owned();
    let rest = without(entry, &[&FACTS[..], &ELSEWHERE].concat());
    let rest = rest.map(|rest| {
        view! { <section class="card"><h2>{t("account.rest")}</h2><Tree value=rest/></section> }
    });
    let all = FACTS.iter().filter_map(|path| fact(entry, path));
    view! {
        <p class="under-heading"><Copyable text=id.clone() name=t("attribute.id")/></p>
        <section class="card"><h2>{t("detail.all")}</h2>{facts(all)}<Users resource id/></section>
        {rest}
    }
    .into_any()
}

/// How many billing accounts have it.
#[component]
fn Users(resource: &'static Resource, id: String) -> AnyView {
    let client = client();
    let accounts = Resource::named("billingAccount").filter(|it| session().may(Right::Read, it));
    let part = match resource.key {
        "billFormat" => "format",
        "billPresentationMedia" => "presentationMedia",
        _ => "cycleSpecification",
    };
    let query = format!("billStructure.{part}.id={}", encode(&id));
    let address = format!("#/billingAccount?{query}");
    let Some(accounts) = accounts else { return ().into_any() };
    let count = load(move || {
        let query = query.clone();
        async move { client.count(accounts, &query).await }
    });
    view! {
        <Loaded load=count view=move |count| {
            let text = tv("catalogue.users", &[("count", &number(&count.to_string()))]);
            view! { <p class="after"><a href=address.clone()>{text}</a></p> }.into_any()
        }/>
    }
    .into_any()
}
