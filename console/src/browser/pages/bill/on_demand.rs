//! A bill on demand: looked at first, and made when somebody says so.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};

use super::{Items, judged, only, paper, read_items};
use crate::browser::api::{Client, Stored, client};
use crate::browser::dom;
use crate::browser::parts::{FailureNotice, Heading, Load, Loaded, Trail, load, stored, title};
use crate::browser::router::go;
use crate::browser::session::fresh_key;
use crate::browser::words::{t, tv};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::query::encode;
use crate::model::reference;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// How long to wait before asking again for a bill of many items.
const PAUSE: Duration = Duration::from_millis(700);

/// What a bill is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Terms {
    /// The day of the last items, as the field for dates has it; empty: now.
    until: String,
    /// Empty where there is only one.
    currency: String,
}

/// What a request would come to: its answer, and the items that would be on the bill.
#[derive(Clone, PartialEq)]
struct Trial {
    request: Value,
    items: Vec<Value>,
    /// How many items were read and of how many, where that is not all of them.
    part: Option<(usize, usize)>,
}

/// The page for the next bill of an account.
#[component]
pub fn OnDemand(account: &'static Resource, request: &'static Resource, id: String) -> AnyView {
    let client = client();
    let terms = RwSignal::new(Terms::default());
    let stored = stored(account, &id);
    let asked = id.clone();
    let trial = load(move || {
        let (id, terms) = (asked.clone(), terms.get());
        async move { tried(client, request, &id, &terms).await }
    });
    let back = Route::to([account.key, &id]);
    let title = title(stored, id, |account| {
        Some(tv("demand.titled", &[("name", reference::name_of(account)?)]))
    });
    view! {
        <Trail to=back text=t("demand.back")/>
        <Heading text=title/>
        <p class="lead no-print">{t("demand.lead")}</p>
        <section class="card no-print" aria-label=t("demand.terms")>
            <Choices terms trial/>
            <Make request stored terms trial/>
        </section>
        <Loaded load=trial view=|trial| preview(&trial)/>
    }
    .into_any()
}

/// Up to when, and in which currency if there are several.
#[component]
fn Choices(terms: RwSignal<Terms>, trial: Load<Trial>) -> AnyView {
    let currencies = Memo::new(move |before: Option<&Vec<String>>| {
        let found = trial.value().map(|trial| currencies(&trial.items)).unwrap_or_default();
        // Once one is chosen, the others are not among the items that are shown.
        match before {
            Some(before) if before.len() > found.len() => before.clone(),
            _ => found,
        }
    });
    let currency = move || {
        let currencies = currencies.get();
        (currencies.len() > 1).then(|| {
            let options = currencies
                .into_iter()
                .map(|it| view! { <option value=it.clone()>{it.clone()}</option> });
            view! {
                <label>
                    {t("demand.currency")}
                    <select on:change:target=move |event| {
                        let currency = event.target().value();
                        terms.update(|terms| terms.currency = currency);
                    }>
                        <option value="">{t("demand.choose")}</option>
                        {options.collect_view()}
                    </select>
                </label>
            }
        })
    };
    view! {
        <div class="options">
            <label>
                {t("demand.until")}
                <input type="date" on:change:target=move |event| {
                    let until = event.target().value();
                    terms.update(|terms| terms.until = until);
                }/>
            </label>
            {currency}
        </div>
    }
    .into_any()
}

/// The button that makes the bill which is shown, and what comes of it.
#[component]
fn Make(
    request: &'static Resource,
    stored: Load<Stored>,
    terms: RwSignal<Terms>,
    trial: Load<Trial>,
) -> AnyView {
    let client = client();
    let is_busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let reason = RwSignal::new(String::new());
    let key = StoredValue::new(fresh_key());
    let make = move |_| {
        let Some(account) = stored.value() else { return };
        let id = document::text(&account.document, "id").unwrap_or_default().to_owned();
        is_busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let asked = asked_for(&id, &terms.get_untracked());
            match made(client, request, &asked, &key.get_value()).await {
                Ok(answer) => match document::text(&answer, "customerBill.id") {
                    Some(bill) => go(&Route::to(["customerBill", bill])),
                    None => {
                        let why = document::text(&answer, "stateReason").unwrap_or_default();
                        reason.try_set(why.to_owned());
                        key.set_value(fresh_key());
                    }
                },
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
            is_busy.try_set(false);
        });
    };
    let can_be_made =
        move || trial.value().is_some_and(|trial| trial.request.get("preview").is_some());
    view! {
        <div aria-live="polite">
            {move || failure.get().map(|failure| view! { <FailureNotice failure/> })}
            {move || {
                let reason = reason.get();
                (!reason.is_empty()).then(|| view! { <p class="notice"><bdi>{reason}</bdi></p> })
            }}
            {move || is_busy.get().then(|| view! { <p>{t("demand.making")}</p> })}
        </div>
        <div class="form-end">
            <button
                type="button"
                class="button primary"
                disabled=move || is_busy.get() || trial.is_busy.get() || !can_be_made()
                on:click=make
            >
                {t("demand.make")}
            </button>
        </div>
    }
    .into_any()
}

/// The bill as it would be; or why there would be none.
fn preview(trial: &Trial) -> AnyView {
    match trial.request.get("preview") {
        Some(bill) => {
            let items = view! { <Items items=trial.items.clone() part=trial.part/> }.into_any();
            view! {
                <div class="bill-state no-print">{judged(bill, &trial.items, trial.part)}</div>
                {paper(bill, items)}
            }
            .into_any()
        }
        None => {
            let reason = document::text(&trial.request, "stateReason").unwrap_or_default();
            let account =
                trial.request.get("billingAccount").and_then(|it| document::text(it, "id"));
            let add = account
                .map(|id| format!("#/new/appliedCustomerBillingRate?account={}", encode(id)));
            view! {
                <div class="empty">
                    <p class="empty-title">{t("demand.none")}</p>
                    <p><bdi>{reason.to_owned()}</bdi></p>
                    {add.map(|add| view! { <p><a href=add>{t("account.addItem")}</a></p> })}
                </div>
            }
            .into_any()
        }
    }
}

fn asked_for(account: &str, terms: &Terms) -> Value {
    let mut asked = json!({
        "@type": "CustomerBillOnDemand",
        "billingAccount": {
            "@type": "BillingAccountRef", "@referredType": "BillingAccount", "id": account,
        },
    });
    if let Some(end) = dom::end_of_day(&terms.until) {
        asked["billDate"] = end.into();
    }
    if !terms.currency.is_empty() {
        asked["currency"] = terms.currency.clone().into();
    }
    asked
}

async fn tried(
    client: Client,
    request: &Resource,
    account: &str,
    terms: &Terms,
) -> Result<Trial, Failure> {
    let mut asked = asked_for(account, terms);
    asked["category"] = "trial".into();
    let answer = client.create(request, &asked, &fresh_key()).await?.document;
    let mut query = format!("billingAccount.id={}&isBilled=false&sort=date", encode(account));
    let until = answer.pointer("/preview/billDate").or(asked.get("billDate"));
    if let Some(until) = until.and_then(Value::as_str) {
        query += &format!("&date.lte={}", encode(until));
    }
    let page = only(read_items(client, &query).await?, "billingAccount.id", account);
    let part = page.part();
    let mut items = page.documents;
    if let Some(currency) = answer.pointer("/preview/amountDue/unit").and_then(Value::as_str) {
        items.retain(|item| currency_of(item) == Some(currency));
    }
    Ok(Trial { request: answer, items, part })
}

/// Makes the bill, and waits until it is there or given up.
async fn made(
    client: Client,
    resource: &Resource,
    asked: &Value,
    key: &str,
) -> Result<Value, Failure> {
    let mut answer = client.create(resource, asked, key).await?.document;
    while document::text(&answer, "state") == Some("inProgress") {
        dom::pause(PAUSE).await;
        let id = document::text(&answer, "id").unwrap_or_default().to_owned();
        answer = client.read(resource, &id).await?.document;
    }
    Ok(answer)
}

fn currencies(items: &[Value]) -> Vec<String> {
    let mut all: Vec<_> = items.iter().filter_map(currency_of).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

fn currency_of(item: &Value) -> Option<&str> {
    let amounts = ["taxExcludedAmount.unit", "taxIncludedAmount.unit"];
    amounts.iter().find_map(|path| document::text(item, path))
}
