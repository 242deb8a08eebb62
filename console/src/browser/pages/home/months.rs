//! Bills by month.

use leptos::prelude::*;

use super::AT_ONCE;
use crate::browser::api::{Client, client};
use crate::browser::dom;
use crate::browser::parts::{Loaded, bar, load};
use crate::browser::words::{month, number, t};
use crate::model::calendar::{Day, Month};
use crate::model::failure::Failure;
use crate::model::query::Query;
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::share::Share;
use crate::model::side_by_side::few_at_once;

#[component]
pub fn Months() -> AnyView {
    let client = client();
    let months = load(move || count(client));
    view! {
        <section class="card" aria-labelledby="home-months">
            <h2 id="home-months">{t("home.months")}</h2>
            <Loaded load=months view=|months| shown(&months)/>
        </section>
    }
    .into_any()
}

/// The bills of a month.
fn query(month: Month) -> Query {
    Query::default()
        .with("billDate.gte", month.first_day())
        .with("billDate.lt", month.next().first_day())
}

async fn count(client: Client) -> Result<Vec<(Month, usize)>, Failure> {
    let today = Day::of(&dom::now()).ok_or(Failure::Unreadable)?;
    let bills = Resource::named("customerBill").ok_or(Failure::Unreadable)?;
    let months = today.month().year_until().map(|month| async move {
        Ok((month, client.count(bills, &query(month).to_string()).await?))
    });
    few_at_once(months, AT_ONCE).await.into_iter().collect()
}

fn shown(months: &[(Month, usize)]) -> AnyView {
    let greatest = months.iter().map(|(_, count)| *count).max().unwrap_or_default();
    if greatest == 0 {
        return view! { <p class="hint">{t("home.monthsNothing")}</p> }.into_any();
    }
    let months = months.iter().map(|&(of, count)| {
        let address = Route::to(["customerBill"]).asking(query(of)).to_string();
        view! {
            <li>
                <a href=address>
                    <span class="column-name">{month(&of.first_day().to_string())}</span>
                    {bar(Share::of(count, greatest))}
                    <span class="number">{number(&count.to_string())}</span>
                </a>
            </li>
        }
        .into_any()
    });
    view! { <ol class="columns">{months.collect_view()}</ol> }.into_any()
}
