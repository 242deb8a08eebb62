//! What was paid of a bill, and what remains.

use schemas::Fault;

use crate::attribute::{self, Object};
use crate::money::missing;
use crate::{Currency, Money};

const PAYMENTS: &str = "appliedPayment";
const AMOUNT: &str = "appliedAmount";

/// The exact sum of `appliedPayment[].appliedAmount` of a bill in `currency`. A negative one takes
/// a payment back.
pub fn paid(bill: &Object, currency: Currency) -> Result<Money, Fault> {
    let mut sum = Money::zero(currency);
    for payment in attribute::objects(bill, PAYMENTS) {
        let (pointer, payment) = payment?;
        let amount = attribute::money(payment, AMOUNT, &pointer)?;
        let pointer = format!("{pointer}/{AMOUNT}");
        let amount = amount.ok_or_else(|| missing(pointer.clone()))?;
        if amount.currency() != currency {
            let expectation = format!("must be {currency}, the currency of the bill");
            return Err(Fault::new(format!("{pointer}/unit"), expectation));
        }
        sum = sum.plus(&amount).map_err(|error| attribute::fault(pointer, error))?;
    }
    Ok(sum)
}

/// What remains of `due` after the payments of a bill, exactly. Less than nothing if more was paid.
pub fn remaining(due: &Money, bill: &Object) -> Result<Money, Fault> {
    due.minus(&paid(bill, due.currency())?)
        .map_err(|error| attribute::fault(format!("/{PAYMENTS}"), error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn bill(payments: Value) -> Object {
        Object::from_iter([(PAYMENTS.to_owned(), payments)])
    }

    fn euro(amount: &str) -> Money {
        let value = format!(r#"{{"unit":"EUR","value":{amount}}}"#);
        Money::read(&serde_json::from_str(&value).unwrap(), "").unwrap()
    }

    #[test]
    fn what_remains_is_exact() {
        let payment = |amount: &str| json!({ "appliedAmount": euro(amount).to_value(), "payment": { "id": "1" } });
        let remaining =
            |payments: Value| remaining(&euro("119.00"), &bill(payments)).unwrap().to_string();
        assert_eq!(remaining(Value::Null), "119.00 EUR");
        assert_eq!(remaining(json!([payment("0.1"), payment("0.2")])), "118.70 EUR");
        assert_eq!(remaining(json!([payment("119"), payment("-119")])), "119.00 EUR");
        assert_eq!(remaining(json!([payment("119.01")])), "-0.01 EUR");
        assert_eq!(remaining(json!([payment("119")])), "0.00 EUR");
    }

    #[test]
    fn payments_that_cannot_be_counted_are_faults() {
        let yen = json!({ "unit": "JPY", "value": 1 });
        let cases = [
            (json!({}), "/appliedPayment"),
            (json!([7]), "/appliedPayment/0"),
            (json!([{}]), "/appliedPayment/0/appliedAmount"),
            (
                json!([{ "appliedAmount": euro("1").to_value() }, { "appliedAmount": yen }]),
                "/appliedPayment/1/appliedAmount/unit",
            ),
            (
                json!([{ "appliedAmount": { "unit": "EUR", "value": "1" } }]),
                "/appliedPayment/0/appliedAmount/value",
            ),
        ];
        for (payments, pointer) in cases {
            assert_eq!(remaining(&euro("2"), &bill(payments)).unwrap_err().pointer, pointer);
        }
    }
}
