//! Correcting a bill: what was charged wrongly is credited, and goes onto the next bill.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::{name, not_shown, partly, read_items_of, readable_items, way_to_next};
use crate::browser::api::{Client, MOST_CREATED, Page, Stored, client};
use crate::browser::dom;
use crate::browser::parts::{
    FailureNotice, Heading, Loaded, Scroller, Trail, load, shown, sums, this_page,
};
use crate::browser::session::fresh_key;
use crate::browser::words::{name_of, number as written, t, tv};
use crate::model::correction::credits;
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::key::Key;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::sums::Sums;

/// Lets the reader choose the items that are wrong; a correction of any other amount is a form away.
#[component]
pub fn Correct(resource: &'static Resource, id: String) -> AnyView {
    let client = client();
    let item = readable_items();
    let asked = id.clone();
    let both = load(move || {
        let id = asked.clone();
        async move { read_both(client, resource, item, &id).await }
    });
    let back = Route::to([resource.key, &id]);
    let title = Signal::derive(move || {
        let number = both.value().map(|(bill, _): (Stored, Option<Page>)| {
            name(&bill.document).unwrap_or_default().to_owned()
        });
        tv("correct.titled", &[("number", &number.unwrap_or_else(|| id.clone()))])
    });
    view! {
        <Trail to=back text=t("correct.back")/>
        <Heading text=title/>
        <p class="lead">{t("correct.lead")}</p>
        <Loaded load=both view=|(bill, page)| corrected(bill.document, page)/>
    }
    .into_any()
}

/// The bill, and its items if the reader may see any.
async fn read_both(
    client: Client,
    resource: &Resource,
    item: Option<&Resource>,
    id: &str,
) -> Result<(Stored, Option<Page>), Failure> {
    let bill = client.read(resource, id).await?;
    let page = match item {
        Some(item) => Some(read_items_of(client, item, &bill.document).await?),
        None => None,
    };
    Ok((bill, page))
}

fn corrected(bill: Value, page: Option<Page>) -> AnyView {
    let are_made = RwSignal::new(false);
    let choice = match page {
        Some(page) => view! { <Choice bill page are_made/> }.into_any(),
        None => view! {
            <section class="card">
                {not_shown()}
                <div class="form-end">{other(&bill)}</div>
            </section>
        }
        .into_any(),
    };
    view! {
        {move || are_made.get().then(made)}
        <div hidden=are_made>{choice}</div>
    }
    .into_any()
}

const MADE: &str = "credits-made";

/// That the credits are made, for who may not see the bill that they will be on.
fn made() -> AnyView {
    Effect::new(|| dom::focus(MADE));
    view! { <p class="notice notice-good" id=MADE tabindex="-1">{t("correct.made")}</p> }.into_any()
}

/// A form for a correcting item of any other amount.
fn other(bill: &Value) -> Option<AnyView> {
    let id = document::text(bill, "id")?;
    let address = format!("#/new/appliedCustomerBillingRate?corrects={}", encode(id));
    Some(view! { <a class="button" href=address>{t("correct.other")}</a> }.into_any())
}

/// The page of the bill with the credits, before it is made, if the reader may see that.
fn next(bill: &Value) -> Option<Route> {
    way_to_next(document::text(bill, "billingAccount.id")?)
}

#[component]
fn Choice(
    bill: Value,
    page: Page,
    /// Is set where the reader stays on this page when the credits are made.
    are_made: RwSignal<bool>,
) -> AnyView {
    let (client, this) = (client(), this_page());
    let part = page.part().map(partly);
    let items = page.documents;
    let chosen = RwSignal::new(BTreeSet::<usize>::new());
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let number = name(&bill).unwrap_or_default().to_owned();
    let next = next(&bill);
    let hint = if next.is_some() { t("correct.next") } else { t("correct.later") };
    let rows = items.iter().enumerate().map(|(place, item)| row(place, item, chosen));
    let rows = rows.collect_view();
    let items = StoredValue::new(items);
    let description = tv("correct.description", &[("number", &number)]);
    // All that are chosen, or how many of them cannot be credited.
    let credits = Memo::new(move |_| {
        let chosen = chosen.get();
        items.with_value(|items| {
            credits(chosen.iter().filter_map(|place| items.get(*place)), &description)
        })
    });
    let total = move || {
        let sum = credits.with(|credits| Sums::of_items(credits.as_ref().ok()?));
        sums(sum.as_ref())
    };
    // One for this page: who sends twice because no answer came makes each credit once.
    let key = StoredValue::new(Key::new(fresh_key));
    let send = move |_| {
        let Ok(credits) = credits.get_untracked() else { return };
        let (next, sent_with) = (next.clone(), key.with_value(Key::text));
        is_busy.set(true);
        spawn_local(async move {
            match (created(client, &credits, &sent_with).await, next) {
                (Ok(()), Some(next)) => this.go(&next),
                (Ok(()), None) => drop(are_made.try_set(true)),
                (Err(refused), _) => {
                    key.try_update_value(|key| key.failed(&refused));
                    failure.try_set(Some(refused));
                }
            }
            is_busy.try_set(false);
        });
    };
    let is_none = move || credits.with(|credits| credits.as_ref().map_or(true, Vec::is_empty));
    let hindrance = Memo::new(move |_| {
        let count = |it: usize| written(&it.to_string());
        credits.with(|credits| match credits {
            Err(others) => Some(tv("correct.notCredited", &[("count", &count(*others))])),
            Ok(credits) if credits.len() > MOST_CREATED => {
                Some(tv("correct.tooMany", &[("count", &count(MOST_CREATED))]))
            }
            Ok(_) => None,
        })
    });
    let is_hindered = move || hindrance.with(Option::is_some);
    let reason = move || hindrance.get().map(|reason| view! { <p class="fault">{reason}</p> });
    view! {
        <section class="card">
            <h2>{t("correct.which")}</h2>
            {part}
            <Scroller label=t("list.scroll")>
                <table class="table">
                    <caption class="unseen">{t("correct.which")}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t("items.item")}</th>
                            <th scope="col">{t("items.time")}</th>
                            <th scope="col" class="number">{t("items.net")}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Scroller>
            <p class="sum-line" role="status">{t("correct.sum")} {total}</p>
            <div aria-live="polite">{reason}</div>
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            <div class="form-end">
                <button
                    type="button"
                    class="button primary"
                    disabled=move || is_busy.get() || is_none() || is_hindered()
                    on:click=send
                >
                    {t("correct.send")}
                </button>
                {other(&bill)}
            </div>
            <p class="hint">{hint}</p>
        </section>
    }
    .into_any()
}

fn row(place: usize, item: &Value, chosen: RwSignal<BTreeSet<usize>>) -> AnyView {
    let title = ["name", "description", "id"].iter().find_map(|path| document::text(item, path));
    let choose = move |is_chosen| {
        chosen.update(|chosen| {
            if is_chosen {
                chosen.insert(place)
            } else {
                chosen.remove(&place)
            };
        });
    };
    view! {
        <tr>
            <th scope="row">
                <label class="choice">
                    <input type="checkbox" on:change:target=move |event| choose(event.target().checked())/>
                    <bdi>{title.unwrap_or_default().to_owned()}</bdi>
                </label>
            </th>
            <td data-label=name_of("attribute", "date")>{shown(document::shown(item, "date"))}</td>
            <td data-label=t("items.net") class="number">
                {shown(document::shown(item, "taxExcludedAmount"))}
            </td>
        </tr>
    }
    .into_any()
}

/// Makes all of the items, or none.
async fn created(client: Client, items: &[Value], key: &str) -> Result<(), Failure> {
    let Some(resource) = Resource::named("appliedCustomerBillingRate") else { return Ok(()) };
    client.create_many(resource, items, key).await
}
