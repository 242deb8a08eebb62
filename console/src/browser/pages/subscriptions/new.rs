//! A new subscription.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use web_sys::SubmitEvent;

use super::created::Created;
use super::helper::Helper;
use super::{HUBS, PAGE};
use crate::browser::api::client;
use crate::browser::parts::{FailureNotice, Heading, Trail};
use crate::browser::session::{fresh_key, session};
use crate::browser::words::{name_of, t};
use crate::model::claims::Right;
use crate::model::events::Wanted;
use crate::model::failure::Failure;
use crate::model::key::Key;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// The form around which the page is built: fields elsewhere on it belong to it by this name,
/// because the helper has a form of its own.
const FORM: &str = "subscribe";

#[component]
pub fn New(
    /// The API that is chosen at first, if it is one that the reader may subscribe to.
    first: Option<&'static Resource>,
) -> AnyView {
    let client = client();
    let hubs = session().allowed(Right::Write, &HUBS);
    let Some(first) = first.or(hubs.first().copied()) else {
        return view! { <Heading text=t("subscription.newTitle")/> }.into_any();
    };
    let hub = RwSignal::new(first);
    let wanted = RwSignal::new(Wanted::default());
    let (callback, query) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    Effect::new(move || query.set(wanted.with(|wanted| wanted.query(hub.get().api))));
    let created = RwSignal::new(None);
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    // Who sends twice because no answer came is told the secret of the one that was made.
    let key = StoredValue::new(Key::new(fresh_key));
    let subscribe = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let (hub, query) = (hub.get_untracked(), query.get_untracked());
        let (callback, query) = (callback.get_untracked(), query.trim());
        let document = match query.is_empty() {
            true => json!({"callback": callback.trim()}),
            false => json!({"callback": callback.trim(), "query": query}),
        };
        let sent_with = key.with_value(Key::text);
        spawn_local(async move {
            match client.create(hub, &document, &sent_with).await {
                Ok(stored) => drop(created.try_set(Some((hub, stored)))),
                Err(refused) => {
                    key.try_update_value(|key| key.failed(&refused));
                    failure.try_set(Some(refused));
                }
            }
            is_busy.try_set(false);
        });
    };
    let choices = hubs.into_iter().map(|it| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="api"
                    checked=it.key == first.key
                    on:change=move |_| hub.set(it)
                />
                {name_of("api", it.api.scope())}
            </label>
        }
    });
    let choices = choices.collect_view();
    let form = view! {
        <form class="card fields" id=FORM on:submit=subscribe>
            <label>
                {t("subscription.callback")}
                <input
                    type="url"
                    required
                    pattern="https?://.+"
                    placeholder="https://crm.example.com/events"
                    aria-describedby="callback-hint"
                    on:input:target=move |event| callback.set(event.target().value())
                />
            </label>
            <p class="hint" id="callback-hint">{t("subscription.callbackHint")}</p>
            <fieldset>
                <legend>{t("subscription.which")}</legend>
                {choices}
            </fieldset>
        </form>
        <Helper hub wanted/>
        <section class="card fields" aria-labelledby="query-title">
            <h2 id="query-title">{t("subscription.query")}</h2>
            <textarea
                form=FORM
                rows="4"
                spellcheck="false"
                aria-labelledby="query-title"
                aria-describedby="query-hint"
                prop:value=query
                on:input:target=move |event| query.set(event.target().value())
            ></textarea>
            <p class="hint" id="query-hint">{t("subscription.queryHint")}</p>
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            <div class="actions">
                <button type="submit" form=FORM class="button primary" disabled=is_busy>
                    {t("subscription.subscribe")}
                </button>
                <a class="button" href=Route::to([PAGE]).to_string()>{t("form.cancel")}</a>
            </div>
        </section>
    };
    let result =
        move || created.get().map(|(hub, stored)| view! { <Created resource=hub stored/> });
    view! {
        <Trail to=Route::to([PAGE]) text=t("resource.subscriptions")/>
        <Heading text=t("subscription.newTitle")/>
        {result}
        <div hidden=move || created.with(Option::is_some)>{form}</div>
    }
    .into_any()
}
