//! How somebody is reached about an account.

use leptos::prelude::*;
use serde_json::Value;

use super::facts::validity;
use crate::browser::parts::{Tree, reference};
use crate::browser::words::{name_of, t};
use crate::model::document;
use crate::model::query::encode;
use crate::model::rest::without;

/// What a medium says of itself, beside where it leads.
const BESIDE: [&str; 6] = ["@type", "@baseType", "id", "preferred", "validFor", "contactType"];

/// The lines of a postal address.
const ADDRESS: [&[&str]; 4] =
    [&["street1"], &["street2"], &["postCode", "city"], &["stateOrProvince", "country"]];

pub fn contacts(account: &Value) -> Option<AnyView> {
    let all = document::at(account, "contact");
    let items = all.iter().map(|it| contact(it)).collect_view();
    (!all.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{name_of("attribute", "contact")}</h2>
                <ul class="parts">{items}</ul>
            </section>
        }
        .into_any()
    })
}

fn contact(contact: &Value) -> AnyView {
    let text = |name| document::text(contact, name).unwrap_or_default().to_owned();
    let party = contact.get("relatedParty").and_then(|it| it.get("partyOrPartyRole"));
    let media = document::at(contact, "contactMedium").into_iter();
    let media = media.map(|it| view! { <li>{medium(it)}</li> }).collect_view();
    view! {
        <li>
            <p>
                <strong><bdi>{text("contactName")}</bdi></strong>
                " " <span class="role"><bdi>{text("contactType")}</bdi></span>
                " " {party.map(reference)}
            </p>
            <ul>{media}</ul>
            {validity(contact).map(|it| view! { <p class="hint">{it}</p> })}
        </li>
    }
    .into_any()
}

/// An address of any kind; what is of an unknown kind shows all that it has.
fn medium(medium: &Value) -> AnyView {
    let text = |name: &str| document::text(medium, name).map(str::to_owned);
    // What stands behind an address or a number is no part of the link: a subject, another receiver.
    let mail = text("emailAddress").map(|it| link(format!("mailto:{}", encode(&it)), it));
    let phone = text("phoneNumber").map(|it| {
        let digits: String = it.chars().filter(|it| it.is_ascii_digit() || *it == '+').collect();
        link(format!("tel:{digits}"), it)
    });
    let fax = text("faxNumber").map(|it| view! { <bdi>{it}</bdi> }.into_any());
    let social = text("socialNetworkId").map(|it| view! { <bdi>{it}</bdi> }.into_any());
    let known = mail.or(phone).or(fax).or(social).or_else(|| address(medium));
    let shown = known.unwrap_or_else(|| {
        let value = without(medium, &BESIDE).unwrap_or_default();
        view! { <Tree value/> }.into_any()
    });
    let is_preferred = medium.get("preferred") == Some(&Value::Bool(true));
    let preferred =
        is_preferred.then(|| view! { <span class="role">{t("account.preferred")}</span> });
    view! { {shown} " " {preferred} }.into_any()
}

fn link(href: String, text: String) -> AnyView {
    view! { <a href=href><bdi>{text}</bdi></a> }.into_any()
}

fn address(medium: &Value) -> Option<AnyView> {
    let line = |names: &&[&str]| {
        let words = names.iter().filter_map(|name| document::text(medium, name));
        words.collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<_> = ADDRESS.iter().map(line).filter(|line| !line.is_empty()).collect();
    let shown = lines.iter().map(|line| view! { <span><bdi>{line.clone()}</bdi></span> });
    let shown = shown.collect_view();
    (!lines.is_empty()).then(|| view! { <address>{shown}</address> }.into_any())
}
