//! What customers owe, by age.

use leptos::prelude::*;
use rust_decimal::Decimal;

use super::counted;
use crate::browser::api::{Client, Page, client};
use crate::browser::dom;
use crate::browser::parts::{Loaded, bar, load};
use crate::browser::words::{money, name_of, number, t, tv};
use crate::model::calendar::Day;
use crate::model::failure::Failure;
use crate::model::receivables::{Age, OPEN, Receivables, Sum, total};
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::share::Share;

/// How many open bills are added up at most.
const MOST: usize = 5_000;

#[derive(Clone)]
struct Read {
    today: Day,
    receivables: Receivables,
    /// How many bills were added up, and how many are open.
    read: usize,
    total: usize,
}

#[component]
pub fn Owed() -> AnyView {
    let client = client();
    let owed = load(move || read(client));
    view! {
        <section class="card" aria-labelledby="home-owed">
            <h2 id="home-owed">{t("home.owed")}</h2>
            <Loaded load=owed view=|owed| shown(&owed)/>
        </section>
    }
    .into_any()
}

/// Reads the open bills, page by page up to the bound.
async fn read(client: Client) -> Result<Read, Failure> {
    let today = Day::of(&dom::now()).ok_or(Failure::Unreadable)?;
    let bills = Resource::named("customerBill").ok_or(Failure::Unreadable)?;
    let query = format!("{OPEN}&fields=paymentDueDate,remainingAmount");
    let Page { documents, total, .. } = client.whole(bills, &query, MOST).await?;
    let receivables = Receivables::of(&documents, today);
    Ok(Read { today, receivables, read: documents.len(), total })
}

fn shown(owed: &Read) -> AnyView {
    if owed.total == 0 {
        return view! { <p class="hint">{t("home.owedNothing")}</p> }.into_any();
    }
    let count = |it: usize| number(&it.to_string());
    let part = (owed.read < owed.total).then(|| {
        let values = [("read", &*count(owed.read)), ("total", &*count(owed.total))];
        view! { <p class="hint">{tv("home.owedPart", &values)}</p> }
    });
    let unread = (owed.receivables.unread > 0).then(|| {
        let count = count(owed.receivables.unread);
        view! { <p class="hint">{tv("home.owedUnread", &[("count", &count)])}</p> }
    });
    let currencies = owed.receivables.currencies.iter();
    let currencies =
        currencies.map(|(currency, sums)| of_currency(currency, sums, owed.today)).collect_view();
    view! { {currencies} {part} {unread} }.into_any()
}

fn of_currency(currency: &str, sums: &[Sum], today: Day) -> AnyView {
    let greatest = sums.iter().map(|sum| sum.amount).fold(Decimal::ZERO, Decimal::max);
    let rows = Age::ALL.iter().zip(sums).filter(|(_, sum)| sum.bills > 0).map(|(age, sum)| {
        let address = Route::to(["customerBill"]).asking(age.query(today, currency)).to_string();
        view! {
            <tr class=format!("age-{}", age.name())>
                <th scope="row">{name_of("age", age.name())}</th>
                <td class="measure">{bar(Share::of_amount(sum.amount, greatest))}</td>
                <td class="number">{money(&sum.amount.to_string(), currency)}</td>
                <td class="number">{counted(address, sum.bills)}</td>
            </tr>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    let sum = total(sums).map(|total| money(&total.to_string(), currency));
    view! {
        <p class="figure">{sum}</p>
        <table class="measures">
            <caption class="unseen">{tv("home.owedIn", &[("currency", currency)])}</caption>
            <thead class="unseen">
                <tr>
                    <th scope="col">{t("home.age")}</th>
                    <td></td>
                    <th scope="col">{t("home.amount")}</th>
                    <th scope="col">{t("home.bills")}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
