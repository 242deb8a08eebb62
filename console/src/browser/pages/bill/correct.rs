//! Correcting a bill: what was charged wrongly is credited, and goes onto the next bill.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::{name, read_items};
use crate::browser::api::{Client, Stored, client};
use crate::browser::parts::{FailureNotice, Heading, Loaded, Scroller, load, shown, sums};
use crate::browser::router::go;
use crate::browser::session::fresh_key;
use crate::browser::words::{name_of, t, tv};
use crate::model::correction::credit;
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::sums::Sums;

/// Lets the reader choose the items that are wrong; a correction of any other amount is a form away.
#[component]
pub fn Correct(resource: &'static Resource, id: String) -> AnyView {
    let client = client();
    let asked = id.clone();
    let both = load(move || {
        let id = asked.clone();
        async move { read_both(client, resource, &id).await }
    });
    let back = Route::to([resource.key, &id]).to_string();
    let title = Signal::derive(move || {
        let number = both.value().map(|(bill, _): (Stored, Vec<Value>)| {
            name(&bill.document).unwrap_or_default().to_owned()
        });
        tv("correct.titled", &[("number", &number.unwrap_or_else(|| id.clone()))])
    });
    view! {
        <nav class="trail" aria-label=t("detail.trail")><a href=back>{t("correct.back")}</a></nav>
        <Heading text=title/>
        <p class="lead">{t("correct.lead")}</p>
        <Loaded load=both view=|(bill, items)| view! { <Choice bill=bill.document items/> }.into_any()/>
    }
    .into_any()
}

async fn read_both(
    client: Client,
    resource: &Resource,
    id: &str,
) -> Result<(Stored, Vec<Value>), Failure> {
    let bill = client.read(resource, id).await?;
    let items = read_items(client, &format!("bill.id={}&sort=date", encode(id))).await?;
    Ok((bill, items.documents))
}

#[component]
fn Choice(bill: Value, items: Vec<Value>) -> AnyView {
    let client = client();
    let chosen = RwSignal::new(BTreeSet::<usize>::new());
    let failure = RwSignal::new(None::<Failure>);
    let is_busy = RwSignal::new(false);
    let account = document::text(&bill, "billingAccount.id").unwrap_or_default().to_owned();
    let number = name(&bill).unwrap_or_default().to_owned();
    let other = bill
        .get("id")
        .and_then(Value::as_str)
        .map(|id| format!("#/new/appliedCustomerBillingRate?corrects={}", encode(id)));
    let rows = items.iter().enumerate().map(|(place, item)| row(place, item, chosen));
    let rows = rows.collect_view();
    let items = StoredValue::new(items);
    let description = tv("correct.description", &[("number", &number)]);
    let credits = Memo::new(move |_| {
        let chosen = chosen.get();
        items.with_value(|items| {
            let chosen = chosen.iter().filter_map(|place| items.get(*place));
            chosen.filter_map(|item| credit(item, &description)).collect::<Vec<_>>()
        })
    });
    let total = move || sums(credits.with(|credits| Sums::of_items(credits)).as_ref());
    // One for this page: who sends twice because no answer came makes each credit once.
    let key = StoredValue::new(fresh_key());
    let send = move |_| {
        let account = account.clone();
        is_busy.set(true);
        spawn_local(async move {
            match created(client, &credits.get_untracked(), &key.get_value()).await {
                Ok(()) => go(&Route::to(["billingAccount", &account, "bill"])),
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
            is_busy.try_set(false);
        });
    };
    let is_none = move || credits.with(Vec::is_empty);
    view! {
        <section class="card">
            <h2>{t("correct.which")}</h2>
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
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            <div class="form-end">
                <button
                    type="button"
                    class="button primary"
                    disabled=move || is_busy.get() || is_none()
                    on:click=send
                >
                    {t("correct.send")}
                </button>
                {other.map(|other| view! { <a class="button" href=other>{t("correct.other")}</a> })}
            </div>
            <p class="hint">{t("correct.next")}</p>
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

/// Makes the items, each with a key of its own.
async fn created(client: Client, items: &[Value], key: &str) -> Result<(), Failure> {
    let Some(resource) = Resource::named("appliedCustomerBillingRate") else { return Ok(()) };
    for (place, item) in items.iter().enumerate() {
        client.create(resource, item, &format!("{key}-{place}")).await?;
    }
    Ok(())
}
