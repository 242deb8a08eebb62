//! Who I am.

use leptos::prelude::*;

use crate::browser::parts::Heading;
use crate::browser::session::session;
use crate::browser::words::t;

/// What the server is told of the reader, and what follows from it.
#[component]
pub fn Me() -> AnyView {
    let session = session();
    let content = move || {
        let claims = session.claims.get();
        let Some(scopes) = claims.scopes else {
            return view! { <p class="lead">{t("me.unasked")}</p> }.into_any();
        };
        let or = |texts: Vec<String>, otherwise: &str| match texts.is_empty() {
            true => vec![t(otherwise)],
            false => texts,
        };
        let subject = claims.subject.into_iter().collect();
        let tenant = claims.tenant.into_iter().collect();
        let rows = [
            (t("me.subject"), or(subject, "value.nothing")),
            (t("me.tenant"), or(tenant, "value.nothing")),
            (t("me.parties"), or(claims.parties, "me.allParties")),
            (t("me.scopes"), or(scopes, "me.noScopes")),
        ];
        view! { <dl class="card tree">{rows.map(row).collect_view()}</dl> }.into_any()
    };
    view! {
        <Heading text=t("me.title")/>
        {content}
    }
    .into_any()
}

fn row((name, values): (String, Vec<String>)) -> AnyView {
    let values = values.into_iter().map(|value| view! { <li><bdi>{value}</bdi></li> });
    view! {
        <div class="plain">
            <dt>{name}</dt>
            <dd><ul class="several">{values.collect_view()}</ul></dd>
        </div>
    }
    .into_any()
}
