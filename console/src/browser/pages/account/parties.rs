//! Who has to do with an account, and what else they have.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::parts::reference;
use crate::browser::words::{name_of, t};
use crate::model::document;
use crate::model::query::Query;
use crate::model::reference::name_of as called;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// Each party with its role; a link leads to all accounts of this kind that it has.
pub fn parties(resource: &'static Resource, account: &Value) -> AnyView {
    let items = document::at(account, "relatedParty").into_iter().map(|it| party(resource, it));
    view! {
        <section class="card">
            <h2>{name_of("attribute", "relatedParty")}</h2>
            <ul class="parts">{items.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn party(resource: &'static Resource, related: &Value) -> AnyView {
    let role = document::text(related, "role").unwrap_or_default().to_owned();
    let party = related.get("partyOrPartyRole");
    let name = party.map(reference);
    let id = party.and_then(|it| document::text(it, "id"));
    let link = id.map(|id| {
        let query = Query::default().with("relatedParty.partyOrPartyRole.id", id);
        let address = Route::to([resource.key]).asking(query).to_string();
        let whose = party.and_then(called).unwrap_or(id);
        let label = format!("{}: {whose}", t("account.all"));
        view! { <a href=address aria-label=label>{t("account.all")}</a> }
    });
    let shown = id.filter(|id| party.and_then(called) != Some(id)).map(str::to_owned);
    view! {
        <li>
            <p><strong>{name}</strong> " " <span class="role"><bdi>{role}</bdi></span></p>
            <p class="hint">{shown.map(|id| view! { <code><bdi>{id}</bdi></code> " · " })} {link}</p>
        </li>
    }
    .into_any()
}
