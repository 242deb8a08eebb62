//! What an account says of itself.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::parts::{Fact, Tree, fact, facts, reference, shown};
use crate::browser::words::{name_of, t};
use crate::model::document;
use crate::model::rest::without;

/// What stands in the first card.
const ABOUT: [&str; 7] = [
    "description",
    "accountType",
    "ratingType",
    "paymentStatus",
    "creditLimit",
    "lastUpdate",
    "@type",
];

/// What other parts of the page show.
const ELSEWHERE: [&str; 14] = [
    "id",
    "href",
    "name",
    "state",
    "relatedParty",
    "contact",
    "accountBalance",
    "accountRelationship",
    "financialAccount",
    "billStructure",
    "taxExemption",
    "defaultPaymentMethod",
    "paymentPlan",
    "@baseType",
];

pub fn about(account: &Value) -> AnyView {
    let ledger = referred(account, "financialAccount");
    let method = referred(account, "defaultPaymentMethod");
    let all = ABOUT.iter().filter_map(|path| fact(account, path)).chain(ledger).chain(method);
    view! { <section class="card"><h2>{t("account.about")}</h2>{facts(all)}</section> }.into_any()
}

/// How bills are made: when, as what, and by which medium; and how they are paid.
pub fn structure(account: &Value) -> Option<AnyView> {
    let paths = [
        "billStructure.cycleSpecification",
        "billStructure.format",
        "billStructure.presentationMedia",
    ];
    let structure = paths.iter().filter_map(|path| referred(account, path));
    let structure: Vec<_> = structure.collect();
    let plans = account.get("paymentPlan").cloned();
    let is_any = !structure.is_empty() || plans.is_some();
    is_any.then(|| {
        let plans = plans.map(|plans| {
            view! { <h3>{name_of("attribute", "paymentPlan")}</h3><Tree value=plans/> }
        });
        view! {
            <section class="card"><h2>{t("account.structure")}</h2>{facts(structure)}{plans}</section>
        }
        .into_any()
    })
}

/// The taxes that it does not pay, and for how long.
pub fn exemptions(account: &Value) -> Option<AnyView> {
    let all = document::at(account, "taxExemption");
    let items = all.iter().map(|exemption| {
        let paths = [
            "certificateNumber",
            "issuingJurisdiction",
            "reason",
            "validFor",
            "taxDefinition.name",
        ];
        let attachment = exemption
            .get("attachment")
            .map(|it| (name_of("attribute", "attachment"), reference(it)));
        let all = paths.iter().filter_map(|path| fact(exemption, path)).chain(attachment);
        view! { <li>{facts(all)}</li> }
    });
    let items = items.collect_view();
    (!all.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{name_of("attribute", "taxExemption")}</h2>
                <ul class="parts">{items}</ul>
            </section>
        }
        .into_any()
    })
}

/// Everything that no other part shows: attributes of the client's own, above all.
pub fn rest(account: &Value) -> Option<Value> {
    without(account, &[&ABOUT[..], &ELSEWHERE].concat())
}

/// What is referred to at a path; one after the other, if there are several.
fn referred(account: &Value, path: &str) -> Option<Fact> {
    let all = document::at(account, path);
    let links = all.iter().map(|it| view! { <li>{reference(it)}</li> }).collect_view();
    let links = view! { <ul class="several">{links}</ul> }.into_any();
    (!all.is_empty()).then(|| (name_of("attribute", path), links))
}

/// For how long a part of the account is valid.
pub fn validity(part: &Value) -> Option<AnyView> {
    part.get("validFor").map(|_| shown(document::shown(part, "validFor")))
}
