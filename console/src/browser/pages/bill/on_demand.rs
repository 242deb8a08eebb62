//! A bill on demand: looked at first, and made when somebody says so.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::{judged, keeping, listed, not_shown, only, paper, read_items, readable_items};
use crate::browser::api::{Client, Page, Stored, client};
use crate::browser::dom;
use crate::browser::parts::{
    FailureNotice, Heading, Load, Loaded, Trail, Turn, load, stored, this_page, title,
};
use crate::browser::session::{fresh_key, session};
use crate::browser::words::{t, tv};
use crate::model::balance::{UNBILLED, of_kind};
use crate::model::claims::Right;
use crate::model::demand;
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::key::Key;
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

/// What a request would come to.
#[derive(Clone, PartialEq)]
struct Trial {
    /// What was answered.
    request: Value,
    /// What is asked for to make this bill, and no other.
    asked: Value,
    /// The items that would be on it, if the reader may see any.
    page: Option<Page>,
}

/// The way to the page for the next bill of an account, for who may see it.
pub fn way_to_next(account: &str) -> Option<Route> {
    let may = |right, key| Resource::named(key).is_some_and(|it| session().may(right, it));
    let is_seen = may(Right::Read, "billingAccount") && may(Right::Write, "customerBillOnDemand");
    is_seen.then(|| Route::to(["billingAccount", account, "bill"]))
}

/// The page for the next bill of an account.
#[component]
pub fn OnDemand(account: &'static Resource, request: &'static Resource, id: String) -> AnyView {
    let client = client();
    let item = readable_items();
    let terms = RwSignal::new(Terms::default());
    let stored = stored(account, &id);
    let asked = id.clone();
    let trial = load(move || {
        let (id, terms) = (asked.clone(), terms.get());
        async move { tried(client, request, item, &id, &terms).await }
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
            <Choices terms stored trial/>
            <Make request trial/>
        </section>
        <Loaded load=trial view=|trial| preview(&trial)/>
    }
    .into_any()
}

/// Up to when, and in which currency if there are several.
#[component]
fn Choices(terms: RwSignal<Terms>, stored: Load<Stored>, trial: Load<Trial>) -> AnyView {
    let currencies = Memo::new(move |before: Option<&Vec<String>>| {
        let found = match trial.value().map(|trial| trial.page) {
            Some(Some(page)) => currencies(&page.documents),
            Some(None) => stored.value().map(|it| unbilled(&it.document)).unwrap_or_default(),
            None => Vec::new(),
        };
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
fn Make(request: &'static Resource, trial: Load<Trial>) -> AnyView {
    let (client, this) = (client(), this_page());
    let is_busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let reason = RwSignal::new(String::new());
    // Who sends twice because no answer came makes one bill.
    let key = StoredValue::new(Key::new(fresh_key));
    let make = move |_| {
        let Some(Trial { asked, .. }) = trial.value() else { return };
        let sent_with = key.with_value(Key::text);
        is_busy.set(true);
        failure.set(None);
        reason.set(String::new());
        spawn_local(async move {
            let outcome = match client.create(request, &asked, &sent_with).await {
                Ok(Stored { document, .. }) => finished(client, request, document, this).await,
                Err(refused) => {
                    key.try_update_value(|key| key.failed(&refused));
                    Err(refused)
                }
            };
            if !this.counts() {
                return;
            }
            match outcome {
                Ok(answer) => match document::text(&answer, "customerBill.id") {
                    Some(bill) => this.go(&Route::to(["customerBill", bill])),
                    None => {
                        let why = document::text(&answer, "stateReason").unwrap_or_default();
                        reason.set(why.to_owned());
                        key.update_value(Key::renew);
                        trial.again();
                    }
                },
                Err(refused) => failure.set(Some(refused)),
            }
            is_busy.set(false);
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
            let (mark, items) = match &trial.page {
                Some(page) => {
                    (Some(judged(bill, &page.documents, page.part())), listed(page.clone()))
                }
                None => (None, not_shown()),
            };
            view! { <div class="bill-state no-print">{mark}</div> {paper(bill, items)} }.into_any()
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

async fn tried(
    client: Client,
    request: &Resource,
    item: Option<&Resource>,
    account: &str,
    terms: &Terms,
) -> Result<Trial, Failure> {
    let until = dom::end_of_day(&terms.until);
    let asked = demand::asked_for(account, until, &terms.currency);
    let answer = client.create(request, &demand::trial(&asked), &fresh_key()).await?.document;
    let asked = demand::as_shown(&asked, &answer);
    let page = match item {
        Some(item) => Some(read_unbilled(client, item, account, &asked, &answer).await?),
        None => None,
    };
    Ok(Trial { request: answer, asked, page })
}

/// The items that would be on the bill.
async fn read_unbilled(
    client: Client,
    item: &Resource,
    account: &str,
    asked: &Value,
    answer: &Value,
) -> Result<Page, Failure> {
    let mut query = format!("billingAccount.id={}&isBilled=false&sort=date", encode(account));
    if let Some(until) = document::text(asked, "billDate") {
        query += &format!("&date.lte={}", encode(until));
    }
    let page = only(read_items(client, item, &query).await?, "billingAccount.id", account);
    let Some(currency) = document::text(answer, "preview.amountDue.unit") else { return Ok(page) };
    Ok(keeping(page, |mut items| {
        items.retain(|item| currency_of(item) == Some(currency));
        items
    }))
}

/// Waits until the bill is there or given up, as long as the page is here.
async fn finished(
    client: Client,
    resource: &Resource,
    mut answer: Value,
    turn: Turn,
) -> Result<Value, Failure> {
    while document::text(&answer, "state") == Some("inProgress") {
        dom::pause(PAUSE).await;
        if !turn.counts() {
            break;
        }
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

/// The currencies of what is on no bill yet, as the account has them.
fn unbilled(account: &Value) -> Vec<String> {
    let sums = of_kind(account, UNBILLED).unwrap_or_default();
    sums.all().iter().map(|sum| sum.currency().code().to_owned()).collect()
}

fn currency_of(item: &Value) -> Option<&str> {
    let amounts = ["taxExcludedAmount.unit", "taxIncludedAmount.unit"];
    amounts.iter().find_map(|path| document::text(item, path))
}
