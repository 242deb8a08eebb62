//! A bill as it looks on paper.

use leptos::prelude::*;
use serde_json::Value;

use super::items::tax;
use crate::browser::parts::{fact, facts, reference, shown};
use crate::browser::words::{name_of, t, tv};
use crate::model::document::{self, Shown};
use crate::model::parties::{Side, on_side};

/// What stands beside the number of a bill.
const FACTS: [&str; 4] = ["billDate", "paymentDueDate", "billingPeriod", "nextBillDate"];

/// The sheet: who it is from and for, what it is about, its items, and what they come to.
pub fn paper(bill: &Value, items: AnyView) -> AnyView {
    let number = document::text(bill, "billNo").map(str::to_owned);
    let title = match &number {
        Some(number) => tv("bill.titled", &[("number", number)]),
        None => t("bill.preview"),
    };
    let account = bill
        .get("billingAccount")
        .map(|account| (name_of("attribute", "billingAccount.name"), reference(account)));
    let dates = FACTS.iter().filter_map(|path| fact(bill, path)).chain(account);
    let label = title.clone();
    view! {
        <article class="paper" aria-label=label>
            <header class="paper-head">
                <p class="paper-title"><bdi>{title}</bdi></p>
                {facts(dates)}
            </header>
            <div class="paper-sides">
                {side(bill, Side::From, t("bill.from"))}
                {side(bill, Side::To, t("bill.to"))}
                {side(bill, Side::Beside, t("bill.beside"))}
            </div>
            {items}
            {totals(bill)}
        </article>
    }
    .into_any()
}

fn side(bill: &Value, side: Side, label: String) -> Option<AnyView> {
    let parties = on_side(bill, side);
    let names = parties.iter().map(|party| {
        let who = party.get("partyOrPartyRole").map(reference);
        let role = document::text(party, "role").unwrap_or_default().to_owned();
        view! {
            <li>
                <span class="paper-party">{who}</span> " "
                <span class="hint"><bdi>{role}</bdi></span>
            </li>
        }
    });
    let names = names.collect_view();
    (!parties.is_empty())
        .then(|| view! { <div><p class="hint">{label}</p><ul>{names}</ul></div> }.into_any())
}

/// What the items come to, what of it was paid, and what remains.
fn totals(bill: &Value) -> AnyView {
    let amount = |path: &str| document::shown(bill, path);
    let line = |name: String, value: Shown, class: &'static str| {
        (value != Shown::Nothing).then(|| {
            view! {
                <tr class=class>
                    <th scope="row"><bdi>{name}</bdi></th>
                    <td class="number">{shown(value)}</td>
                </tr>
            }
            .into_any()
        })
    };
    let taxes = document::at(bill, "taxItem").into_iter();
    let taxes = taxes.map(|it| line(tax(it), document::shown(it, "taxAmount"), ""));
    let payments = document::at(bill, "appliedPayment").into_iter();
    let payments = payments.map(|it| {
        let who = it.get("payment").and_then(|payment| {
            let name = document::text(payment, "name").or(document::text(payment, "id"))?;
            Some(tv("bill.paidBy", &[("name", name)]))
        });
        let paid = document::amount(it, "appliedAmount");
        let taken = paid.map_or(Shown::Nothing, |paid| document::of(&paid.negated().to_value()));
        line(who.unwrap_or_else(|| t("bill.paid")), taken, "paid")
    });
    let gross = amount("taxIncludedAmount");
    let due = amount("amountDue");
    // Nearly always the same.
    let due = if due == gross { Shown::Nothing } else { due };
    view! {
        <table class="totals">
            <caption class="unseen">{t("bill.totals")}</caption>
            <tbody>
                {line(t("bill.net"), amount("taxExcludedAmount"), "")}
                {taxes.collect_view()}
                {line(t("bill.gross"), gross, "gross")}
                {line(name_of("attribute", "amountDue"), due, "gross")}
                {payments.collect_view()}
                {line(t("bill.toPay"), amount("remainingAmount"), "to-pay")}
            </tbody>
        </table>
    }
    .into_any()
}
