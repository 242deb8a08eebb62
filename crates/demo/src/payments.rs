//! What becomes of bills: each is brought into a state that follows from its account, so that there
//! are bills in all of them.

use anyhow::Context;
use client::{CUSTOMER_BILL_MANAGEMENT, Client, each};
use money::Money;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What is to become of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is as it was made.
    Stays,
    /// A state that somebody gives it.
    Becomes(&'static str),
    /// The customer has it, and pays these parts of it, in percent.
    IsPaid(&'static [i64]),
}

impl Fate {
    /// Most customers pay.
    fn of(number: usize) -> Self {
        match number % 12 {
            0 | 3 => Self::Becomes("sent"),
            1 => Self::Stays,
            2 => Self::Becomes("validated"),
            4 | 7 => Self::IsPaid(&[40]),
            5 => Self::Becomes("onHold"),
            6 => Self::IsPaid(&[25, 75]),
            _ => Self::IsPaid(&[100]),
        }
    }
}

/// A change of a bill.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    State(&'static str),
    Payment(Value),
}

/// Brings the bills into their states, and pays them.
pub async fn settle(client: &Client, bills: Vec<Value>, tell: &dyn Fn(&str)) -> anyhow::Result<()> {
    let count = bills.len();
    let taken = each(bills, |bill| go_on(client.clone(), bill)).await?;
    let steps: usize = taken.iter().sum();
    tell(&format!("customerBill: {count} made of items, {steps} changes of state and payments"));
    Ok(())
}

/// Takes the steps that a bill has not taken, and answers how many those were.
async fn go_on(client: Client, mut bill: Value) -> anyhow::Result<usize> {
    let id = bill["id"].as_str().context("a bill has no id")?.to_owned();
    let path = format!("{CUSTOMER_BILL_MANAGEMENT}/customerBill/{id}");
    let mut count = 0;
    while let Some(step) = next(&id, &bill)? {
        bill = match step {
            Step::State(state) => client.merge(&path, &json!({ "state": state })).await?,
            Step::Payment(payment) => {
                let has_some = bill.get("appliedPayment").is_some();
                let (path_of_payment, value) = match has_some {
                    true => ("/appliedPayment/-", payment),
                    false => ("/appliedPayment", json!([payment])),
                };
                let operation = json!({ "op": "add", "path": path_of_payment, "value": value });
                client.apply(&path, &json!([operation])).await?
            }
        };
        count += 1;
    }
    Ok(count)
}

/// The next step of a bill, which depends on nothing but the bill as it is: none of them is taken
/// twice. A bill that somebody else has brought into another state stays in that.
fn next(id: &str, bill: &Value) -> anyhow::Result<Option<Step>> {
    let state = bill["state"].as_str().unwrap_or_default();
    let is_early = matches!(state, "new" | "validated");
    let step = match Fate::of(number_of(bill)?) {
        Fate::Stays => None,
        Fate::Becomes(to) => {
            let is_before = state == "new" || (state == "validated" && to == "sent");
            is_before.then_some(Step::State(to))
        }
        Fate::IsPaid(_) if is_early => Some(Step::State("sent")),
        Fate::IsPaid(parts) if matches!(state, "sent" | "partiallyPaid") => {
            payment(id, bill, parts)?.map(Step::Payment)
        }
        Fate::IsPaid(_) => None,
    };
    Ok(step)
}

/// The number of the account that the bill is for.
fn number_of(bill: &Value) -> anyhow::Result<usize> {
    let account = bill.pointer("/billingAccount/id").and_then(Value::as_str);
    let account = account.with_context(|| format!("the bill {} has no account", bill["id"]))?;
    Ok(account.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or_default())
}

/// The next of the payments of so many percent; the last one, if all add up to the whole, is of
/// what remains.
fn payment(id: &str, bill: &Value, parts: &[i64]) -> anyhow::Result<Option<Value>> {
    let read = |attribute: &str| {
        let fault = |fault| anyhow::anyhow!("the bill {id}: {fault}");
        Money::read_sum(&bill[attribute], &format!("/{attribute}")).map_err(fault)
    };
    let (due, remaining) = (read("amountDue")?, read("remainingAmount")?);
    let made = bill.get("appliedPayment").and_then(Value::as_array).map_or(0, Vec::len);
    let Some(percent) = parts.get(made) else { return Ok(None) };
    if due.amount() <= Decimal::ZERO || remaining.amount().is_zero() {
        return Ok(None);
    }
    let is_last = parts[..=made].iter().sum::<i64>() == 100;
    let amount = match is_last {
        true => remaining,
        false => part(&due, *percent)?,
    };
    Ok((!amount.amount().is_zero()).then(|| {
        json!({
            "@type": "AppliedPayment",
            "appliedAmount": amount.to_value(),
            "payment": {
                "@type": "PaymentRef", "@referredType": "Payment",
                "id": format!("{id}-payment-{}", made + 1), "name": "Direct debit",
            },
        })
    }))
}

/// So many percent of an amount, in the currency's decimals.
fn part(due: &Money, percent: i64) -> anyhow::Result<Money> {
    let part =
        due.amount().checked_mul(Decimal::new(percent, 2)).context("an amount is too large")?;
    Ok(Money::new(due.currency(), part)?.rounded()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(number: usize) -> Value {
        serde_json::from_str(&format!(
            r#"{{"id": "b", "state": "new", "billingAccount": {{"id": "demo-account-{number:03}"}},
               "amountDue": {{"unit": "EUR", "value": 10.01}},
               "remainingAmount": {{"unit": "EUR", "value": 10.01}}}}"#
        ))
        .unwrap()
    }

    /// Takes all steps as the application would, and answers the states and the bill.
    fn life(number: usize) -> (Vec<String>, Value) {
        let mut bill = bill(number);
        let mut states = vec![];
        while let Some(step) = next("b", &bill).unwrap() {
            match step {
                Step::State(state) => bill["state"] = state.into(),
                Step::Payment(payment) => {
                    let mut all = bill["appliedPayment"].as_array().cloned().unwrap_or_default();
                    all.push(payment);
                    bill["appliedPayment"] = all.into();
                    let due = Money::read(&bill["amountDue"], "").unwrap();
                    let remains = money::remaining(&due, bill.as_object().unwrap()).unwrap();
                    let is_settled = remains.amount().is_zero();
                    bill["remainingAmount"] = remains.to_value();
                    bill["state"] = if is_settled { "settled" } else { "partiallyPaid" }.into();
                }
            }
            states.push(bill["state"].as_str().unwrap().to_owned());
        }
        (states, bill)
    }

    #[test]
    fn there_are_bills_in_all_states() {
        for (number, expected) in [
            (1, &[][..]),
            (2, &["validated"]),
            (3, &["sent"]),
            (4, &["sent", "partiallyPaid"]),
            (5, &["onHold"]),
            (6, &["sent", "partiallyPaid", "settled"]),
            (8, &["sent", "settled"]),
        ] {
            assert_eq!(life(number).0, expected, "{number}");
        }
        let (_, paid) = life(6);
        let amount =
            |payment: usize| paid["appliedPayment"][payment]["appliedAmount"]["value"].to_string();
        assert_eq!([amount(0), amount(1)], ["2.50", "7.51"]);
    }

    #[test]
    fn what_others_have_done_stays() {
        for state in ["onHold", "settled", "disputed"] {
            for number in 0..12 {
                let mut bill = bill(number);
                bill["state"] = state.into();
                assert_eq!(next("b", &bill).unwrap(), None, "{number} {state}");
            }
        }
        let mut nothing_due = bill(8);
        nothing_due["state"] = "sent".into();
        nothing_due["amountDue"]["value"] = 0.into();
        assert_eq!(next("b", &nothing_due).unwrap(), None);
        assert_eq!(number_of(&json!({ "billingAccount": { "id": "A0815" } })).unwrap(), 0);
    }
}
