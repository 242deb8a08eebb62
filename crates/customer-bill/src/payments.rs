//! What payments make of a bill: what remains, and its state.
//!
//! Payments are only added. One that is taken back is another, negative one.

use money::{Decimal, Money, remaining};
use schemas::Fault;
use serde_json::{Map, Value};
use tmf630::Error;

use crate::states;

const PAYMENTS: &str = "appliedPayment";
const REMAINING: &str = "remainingAmount";
const DUE: &str = "amountDue";
const STATE: &str = "state";

/// Completes a bill that was made elsewhere: what remains follows from what is due and the payments that
/// say their amounts.
pub(crate) fn complete_import(bill: &mut Map<String, Value>) -> Result<(), Fault> {
    bill.entry(STATE).or_insert(states::NEW.into());
    for attribute in [REMAINING, "taxExcludedAmount", "taxIncludedAmount"] {
        read(bill, attribute)?;
    }
    let Some(due) = read(bill, DUE)? else { return Ok(()) };
    let remains = remaining(&due, &with_amounts(bill))?;
    if !is_between(&remains, &due) {
        let expectation = format!("must leave something between nothing and {due}, not {remains}");
        return Err(Fault::new(format!("/{PAYMENTS}"), expectation));
    }
    match read(bill, REMAINING)? {
        Some(given) if given != remains => {
            let expectation = format!("must be {remains}: what is due without the payments");
            Err(Fault::new(format!("/{REMAINING}"), expectation))
        }
        Some(_) => Ok(()),
        None => {
            bill.insert(REMAINING.to_owned(), remains.to_value());
            Ok(())
        }
    }
}

/// The bill with those payments that say their amounts.
fn with_amounts(bill: &Map<String, Value>) -> Map<String, Value> {
    let payments = bill.get(PAYMENTS).and_then(Value::as_array).into_iter().flatten();
    let payments = payments.filter(|payment| payment.get("appliedAmount").is_some());
    Map::from_iter([(PAYMENTS.to_owned(), payments.cloned().collect())])
}

/// Checks a change of a bill: payments that were added change what remains, and the state.
pub(crate) fn add(bill: &mut Map<String, Value>, before: &Map<String, Value>) -> Result<(), Fault> {
    let (old, mut new) = (of(before), of(bill));
    let fault = |attribute: &str, expectation: String| {
        Err(Fault::new(format!("/{attribute}"), expectation))
    };
    if before.contains_key(STATE) && !bill.contains_key(STATE) {
        return fault(STATE, "cannot be removed".to_owned());
    }
    let is_kept =
        new.len() >= old.len() && old.iter().zip(&new).all(|(old, new)| is_same(old, new));
    if !is_kept {
        let expectation =
            "can only be added to, at its end: a payment is taken back by a negative one";
        return fault(PAYMENTS, expectation.to_owned());
    }
    let added = new.split_off(old.len());
    if let Some(index) = added.iter().position(|it| it.get("appliedAmount").is_none()) {
        let place = format!("{PAYMENTS}/{}/appliedAmount", old.len() + index);
        return fault(&place, "is required".to_owned());
    }
    let has_any = before.contains_key(PAYMENTS) || !added.is_empty();
    let all: Vec<_> = old.into_iter().chain(added.iter().cloned()).collect();
    match has_any {
        true => drop(bill.insert(PAYMENTS.to_owned(), all.into())),
        false => drop(bill.remove(PAYMENTS)),
    }
    if added.is_empty() {
        return keep(bill, before, &[REMAINING], "cannot be changed but by payments");
    }
    let Some(due) = read(before, DUE)? else {
        return fault(PAYMENTS, "can only be added to where an amount is due".to_owned());
    };
    let remains = remaining(&due, &with_amounts(bill))?;
    if !is_between(&remains, &due) {
        let expectation = format!("must leave something between nothing and {due}, not {remains}");
        return fault(PAYMENTS, expectation);
    }
    let state = state_of(states::of(before), &remains, &due);
    for (attribute, value) in [(REMAINING, remains.to_value()), (STATE, state.into())] {
        // Who adds a payment need not know what follows from it, but must not say otherwise.
        let given = bill.get(attribute);
        let is_left = is_same_or_both_missing(given, before.get(attribute));
        if !is_left && !given.is_some_and(|given| is_same(given, &value)) {
            return fault(attribute, format!("must be {value}, which follows from the payments"));
        }
        bill.insert(attribute.to_owned(), value);
    }
    Ok(())
}

/// Refuses a change of attributes that stay as they are. Amounts with other zeros at their end are no
/// change.
pub(crate) fn keep(
    bill: &mut Map<String, Value>,
    before: &Map<String, Value>,
    attributes: &[&str],
    expectation: &str,
) -> Result<(), Fault> {
    for attribute in attributes {
        if !is_same_or_both_missing(bill.get(*attribute), before.get(*attribute)) {
            return Err(Fault::new(format!("/{attribute}"), expectation));
        }
        if let Some(value) = before.get(*attribute) {
            bill.insert((*attribute).to_owned(), value.clone());
        }
    }
    Ok(())
}

/// The payments of a bill.
fn of(bill: &Map<String, Value>) -> Vec<Value> {
    bill.get(PAYMENTS).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn is_same_or_both_missing(first: Option<&Value>, second: Option<&Value>) -> bool {
    match (first, second) {
        (Some(first), Some(second)) => is_same(first, second),
        (first, second) => first.is_none() && second.is_none(),
    }
}

/// Whether both are the same, with numbers by their values: not every client can write 40.00.
fn is_same(first: &Value, second: &Value) -> bool {
    match (first, second) {
        (Value::Number(first), Value::Number(second)) => {
            let decimal = |number: &serde_json::Number| number.to_string().parse::<Decimal>().ok();
            first == second || decimal(first).is_some_and(|it| Some(it) == decimal(second))
        }
        (Value::Array(first), Value::Array(second)) => {
            first.len() == second.len() && first.iter().zip(second).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(first), Value::Object(second)) => {
            let has = |(name, value): (&String, &Value)| {
                second.get(name).is_some_and(|other| is_same(value, other))
            };
            first.len() == second.len() && first.iter().all(has)
        }
        (first, second) => first == second,
    }
}

/// Refuses a change of a bill whose state cannot follow the present one. What payments bring about is
/// right, and what was paid says where a bill comes back to that was on hold.
pub(crate) fn check_state(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), Error> {
    let (from, to) = (states::of(before), states::of(after));
    if from == to || of(before).len() != of(after).len() {
        return Ok(());
    }
    match state_after(before) {
        _ if from == states::SETTLED => states::follows(from, to),
        Some(state) if to == state => Ok(()),
        // The rest of a bill can be given up.
        Some(state) if states::is_known(to) && !matches!(to, states::ON_HOLD | states::SETTLED) => {
            let message = format!(
                "/state {from} can become {state}, which follows from the payments, not {to}."
            );
            Err(Error::conflict("The state cannot follow the present one", message))
        }
        _ => states::follows(from, to),
    }
}

/// The state that follows from the payments of a bill, if there are any.
fn state_after(bill: &Map<String, Value>) -> Option<&'static str> {
    let due = read(bill, DUE).ok()??;
    let remains = read(bill, REMAINING).ok()??;
    let is_paid =
        with_amounts(bill).values().any(|it| it.as_array().is_some_and(|it| !it.is_empty()));
    is_paid.then(|| state_of(states::SENT, &remains, &due)).filter(|state| *state != states::SENT)
}

/// Whether an amount is neither beyond what is due nor on the other side of zero.
fn is_between(remains: &Money, due: &Money) -> bool {
    let (remains, due) = (remains.amount(), due.amount());
    match due.is_sign_negative() {
        true => remains >= due && (remains.is_zero() || remains.is_sign_negative()),
        false => remains <= due && (remains.is_zero() || remains.is_sign_positive()),
    }
}

/// The state of a bill in a state of which this remains. On hold it stays so, and so do states of a
/// deployment's own.
fn state_of<'s>(state: &'s str, remains: &Money, due: &Money) -> &'s str {
    match state {
        states::NEW
        | states::VALIDATED
        | states::SENT
        | states::PARTIALLY_PAID
        | states::SETTLED => {
            if remains.amount().is_zero() {
                states::SETTLED
            } else if remains != due {
                states::PARTIALLY_PAID
            } else if matches!(state, states::NEW | states::VALIDATED) {
                state
            } else {
                states::SENT
            }
        }
        own => own,
    }
}

fn read(bill: &Map<String, Value>, attribute: &str) -> Result<Option<Money>, Fault> {
    let pointer = format!("/{attribute}");
    bill.get(attribute).map(|money| Money::read_sum(money, &pointer)).transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn eur(value: &str) -> Value {
        json!({ "unit": "EUR", "value": serde_json::from_str::<Value>(value).unwrap() })
    }

    fn payment(value: &str) -> Value {
        json!({ "appliedAmount": eur(value), "payment": { "id": "p" } })
    }

    fn bill(state: &str, payments: &[&str], remains: &str) -> Map<String, Value> {
        let payments: Vec<_> = payments.iter().map(|value| payment(value)).collect();
        object(json!({
            "state": state, "amountDue": eur("100.00"), "remainingAmount": eur(remains),
            "appliedPayment": payments,
        }))
    }

    #[test]
    fn payments_move_what_remains_and_the_state() {
        for (state, payments, added, expected) in [
            ("sent", &[][..], &["40.00"][..], Ok(("partiallyPaid", "60.00"))),
            ("new", &[], &["40", "60"], Ok(("settled", "0.00"))),
            ("partiallyPaid", &["40"], &["60.00"], Ok(("settled", "0.00"))),
            ("settled", &["100"], &["-100"], Ok(("sent", "100.00"))),
            ("settled", &["100"], &["-0.01"], Ok(("partiallyPaid", "0.01"))),
            ("onHold", &[], &["100"], Ok(("onHold", "0.00"))),
            ("disputed", &[], &["1"], Ok(("disputed", "99.00"))),
            ("sent", &[], &["100.01"], Err("/appliedPayment")),
            ("sent", &["40"], &["-40.01"], Err("/appliedPayment")),
        ] {
            let paid: f64 = payments.iter().map(|it| it.parse::<f64>().unwrap()).sum();
            let before = bill(state, payments, &format!("{:.2}", 100.0 - paid));
            let mut after = before.clone();
            let list = after["appliedPayment"].as_array_mut().unwrap();
            list.extend(added.iter().map(|value| payment(value)));
            let added = add(&mut after, &before);
            match expected {
                Ok((state, remains)) => {
                    assert_eq!(added, Ok(()), "{after:?}");
                    assert_eq!(after["state"], state, "{after:?}");
                    assert_eq!(after["remainingAmount"], eur(remains), "{after:?}");
                }
                Err(pointer) => assert_eq!(added.unwrap_err().pointer, pointer),
            }
        }
    }

    #[test]
    fn payments_are_neither_changed_nor_removed() {
        let before = bill("partiallyPaid", &["10", "20"], "70.00");
        for payments in [&["10"][..], &["20", "10"], &["10", "21"], &["5", "10", "20"], &[]] {
            let mut after = before.clone();
            after["appliedPayment"] = payments.iter().map(|value| payment(value)).collect();
            assert_eq!(add(&mut after, &before).unwrap_err().pointer, "/appliedPayment");
        }
        let mut after = before.clone();
        after["remainingAmount"] = eur("69.99");
        assert_eq!(add(&mut after, &before).unwrap_err().pointer, "/remainingAmount");
        let mut after = before.clone();
        after["appliedPayment"].as_array_mut().unwrap().push(payment("70"));
        after["state"] = "onHold".into();
        assert_eq!(add(&mut after, &before).unwrap_err().pointer, "/state");
    }

    #[test]
    fn what_remains_of_an_import_follows_or_agrees() {
        let mut given = bill("sent", &["60"], "40.00");
        assert_eq!(complete_import(&mut given), Ok(()));
        given.remove("remainingAmount");
        given.remove("state");
        assert_eq!(complete_import(&mut given), Ok(()));
        assert_eq!((&given["remainingAmount"], &given["state"]), (&eur("40.00"), &json!("new")));
        given["remainingAmount"] = eur("41");
        assert_eq!(complete_import(&mut given).unwrap_err().pointer, "/remainingAmount");
        // Payments that do not say their amounts are kept.
        let mut vague =
            object(json!({ "amountDue": eur("1"), "appliedPayment": [{ "amount": eur("1") }] }));
        assert_eq!(complete_import(&mut vague), Ok(()));
        assert_eq!(vague["remainingAmount"], eur("1.00"));
    }
}
