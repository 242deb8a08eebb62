//! Correcting a bill: what was charged wrongly is credited, and goes onto the next bill.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::{name, partly, read_items_of};
use crate::browser::api::{Client, MOST_CREATED, Page, Stored, client};
use crate::browser::parts::{FailureNotice, Heading, Loaded, Scroller, Trail, load, shown, sums};
use crate::browser::router::go;
use crate::browser::session::fresh_key;
use crate::browser::words::{name_of, number as written, t, tv};
use crate::model::correction::credits;
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
    let back = Route::to([resource.key, &id]);
    let title = Signal::derive(move || {
        let number = both
            .value()
            .map(|(bill, _): (Stored, Page)| name(&bill.document).unwrap_or_default().to_owned());
        tv("correct.titled", &[("number", &number.unwrap_or_else(|| id.clone()))])
    });
    view! {
        <Trail to=back text=t("correct.back")/>
        <Heading text=title/>
        <p class="lead">{t("correct.lead")}</p>
        <Loaded load=both view=|(bill, page)| view! { <Choice bill=bill.document page/> }.into_any()/>
    }
    .into_any()
}

async fn read_both(
    client: Client,
    resource: &Resource,
    id: &str,
) -> Result<(Stored, Page), Failure> {
    let bill = client.read(resource, id).await?;
    let page = read_items_of(client, id).await?;
    Ok((bill, page))
}

#[component]
fn Choice(bill: Value, page: Page) -> AnyView {
    let client = client();
    let part = page.part().map(partly);
    let items = page.documents;
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
    let key = StoredValue::new(fresh_key());
    let send = move |_| {
        let Ok(credits) = credits.get_untracked() else { return };
        let account = account.clone();
        is_busy.set(true);
        spawn_local(async move {
            match created(client, &credits, &key.get_value()).await {
                Ok(()) => go(&Route::to(["billingAccount", &account, "bill"])),
                Err(refused) => {
                    if is_refusal(&refused) {
                        key.try_set_value(fresh_key());
                    }
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

/// Whether the next try is another request, since this one was refused. A key that was used for another
/// choice (422) stays: that one was made, though no answer came.
fn is_refusal(failure: &Failure) -> bool {
    failure.is_final() && failure.status() != Some(422)
}

/// Makes all of the items, or none.
async fn created(client: Client, items: &[Value], key: &str) -> Result<(), Failure> {
    let Some(resource) = Resource::named("appliedCustomerBillingRate") else { return Ok(()) };
    client.create_many(resource, items, key).await
}
