//! The balances of an account: a small chart for each currency, with its numbers.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::parts::{Tree, amount};
use crate::browser::words::{name_of, t, tv};
use crate::model::balance::{Balance, by_currency, others};
use crate::model::bars::bars;
use crate::model::document;

/// Nothing, if the account has none.
pub fn balances(account: &Value) -> Option<AnyView> {
    let charts = by_currency(account)
        .into_iter()
        .map(|(currency, balances)| chart(currency, &balances, account));
    let charts: Vec<_> = charts.collect();
    let others = others(account).into_iter().cloned();
    let others: Vec<_> = others.map(|it| view! { <li><Tree value=it/></li> }).collect();
    (!charts.is_empty() || !others.is_empty()).then(|| {
        let others = (!others.is_empty()).then(|| view! { <ul class="parts">{others}</ul> });
        view! {
            <section class="card">
                <h2>{name_of("attribute", "accountBalance")}</h2>
                <div class="charts">{charts}</div>
                {others}
            </section>
        }
        .into_any()
    })
}

/// A table whose rows have bars: who does not see them reads the same.
fn chart(currency: &str, balances: &[Balance], account: &Value) -> AnyView {
    let amounts: Vec<_> = balances.iter().map(|it| it.amount.amount()).collect();
    let (bars, zero) = bars(&amounts);
    let rows = balances.iter().zip(bars).map(|(balance, bar)| {
        let is_owed = balance.kind == "receivable";
        view! {
            <tr>
                <th scope="row"><bdi>{name_of("balance", &balance.kind)}</bdi></th>
                <td class="chart-bar">
                    <svg aria-hidden="true" width="100%" height="12" preserveAspectRatio="none">
                        <rect
                            class=if is_owed { "bar-owed" } else { "bar-other" }
                            x=percent(bar.start)
                            width=percent(bar.length)
                            height="12"
                            rx="2"
                        ></rect>
                        <line class="bar-zero" x1=percent(zero) x2=percent(zero) y1="0" y2="12"></line>
                    </svg>
                </td>
                <td class="number">{amount(&balance.amount)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let limit = document::amount(account, "creditLimit");
    let limit = limit.filter(|limit| limit.currency().code() == currency).map(|limit| {
        view! { <p class="hint">{t("account.limit")} " " {amount(&limit)}</p> }
    });
    view! {
        <div>
            <table class="chart">
                <caption class="unseen">{tv("account.balancesIn", &[("currency", currency)])}</caption>
                <tbody>{rows}</tbody>
            </table>
            {limit}
        </div>
    }
    .into_any()
}

fn percent(part: f64) -> String {
    format!("{}%", part * 100.0)
}
