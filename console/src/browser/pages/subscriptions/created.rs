//! What a new subscription says once.

use leptos::prelude::*;

use super::PAGE;
use crate::browser::api::Stored;
use crate::browser::dom;
use crate::browser::parts::Copyable;
use crate::browser::words::t;
use crate::model::document;
use crate::model::resource::Resource;
use crate::model::route::Route;

const ID: &str = "created";

/// The secret of a new subscription, or that there was the same one already.
#[component]
pub fn Created(resource: &'static Resource, stored: Stored) -> AnyView {
    Effect::new(|| dom::focus(ID));
    let id = document::text(&stored.document, "id").unwrap_or_default();
    let one = Route::to([resource.key, id]).to_string();
    let content = match document::text(&stored.document, "secret").map(str::to_owned) {
        Some(secret) => view! {
            <p>{t("subscription.secretLead")}</p>
            <p class="secret"><Copyable text=secret name=t("subscription.secret")/></p>
            <p class="hint">{t("subscription.secretHint")}</p>
        }
        .into_any(),
        None => view! { <p>{t("subscription.same")}</p> }.into_any(),
    };
    view! {
        <section class="card fields" aria-labelledby=ID>
            <h2 id=ID tabindex="-1">{t("subscription.created")}</h2>
            {content}
            <div class="actions">
                <a class="button primary" href=one>{t("subscription.toIt")}</a>
                <a class="button" href=Route::to([PAGE]).to_string()>{t("subscription.toAll")}</a>
            </div>
        </section>
    }
    .into_any()
}
