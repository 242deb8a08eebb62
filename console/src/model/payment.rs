//! Payments: reading an amount as people type it, and adding it to a bill.

use money::{Decimal, Money};
use serde_json::{Value, json};

/// The number that was typed, with a comma or a point before its decimals. Both of them mean that
/// the last one is before the decimals. One sign that occurs twice separates thousands.
pub fn typed(text: &str) -> Option<Decimal> {
    let text: String = text.chars().filter(|it| !it.is_whitespace() && *it != '\'').collect();
    let text = text.replace('\u{2212}', "-");
    let last = text.rfind([',', '.']);
    let is_decimal = |place: usize| {
        let sign = &text[place..place + 1];
        text.matches(sign).count() == 1
    };
    let (whole, decimals) = match last.filter(|place| is_decimal(*place)) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (&*text, ""),
    };
    let whole = whole.replace([',', '.'], "");
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(&whole);
    if !digits(unsigned) || !digits(decimals) || (unsigned.is_empty() && decimals.is_empty()) {
        return None;
    }
    let whole = if unsigned.is_empty() { format!("{whole}0") } else { whole };
    let number = if decimals.is_empty() { whole } else { format!("{whole}.{decimals}") };
    number.parse().ok()
}

/// What is wrong with a payment, before the server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It is no number.
    NoNumber,
    /// It is nothing.
    Nothing,
    /// It is more than what remains, or takes back more than what was paid.
    TooMuch,
}

/// The payment of an amount that was typed.
pub fn payment(bill: &Value, text: &str) -> Result<Money, Mistake> {
    let remaining = amount(bill, "remainingAmount").ok_or(Mistake::TooMuch)?;
    let due = amount(bill, "amountDue").unwrap_or(remaining);
    let paid = typed(text).ok_or(Mistake::NoNumber)?;
    let paid = Money::new(remaining.currency(), paid).map_err(|_| Mistake::TooMuch)?;
    if paid.amount().is_zero() {
        return Err(Mistake::Nothing);
    }
    let rest = remaining.minus(&paid).map_err(|_| Mistake::TooMuch)?.amount();
    let due = due.amount();
    let (least, most) =
        if due < Decimal::ZERO { (due, Decimal::ZERO) } else { (Decimal::ZERO, due) };
    if (least..=most).contains(&rest) { Ok(paid) } else { Err(Mistake::TooMuch) }
}

/// The change that adds a payment at the end of those that a bill has; with a reference, such as
/// the number of a transfer, if one was given.
pub fn adding(bill: &Value, paid: &Money, reference: &str) -> Value {
    let mut payments =
        bill.get("appliedPayment").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut payment = json!({"@type": "AppliedPayment", "appliedAmount": paid.to_value()});
    let reference = reference.trim();
    if !reference.is_empty() {
        payment["payment"] =
            json!({"@type": "PaymentRef", "@referredType": "Payment", "id": reference});
    }
    payments.push(payment);
    json!({"appliedPayment": payments})
}

fn amount(bill: &Value, attribute: &str) -> Option<Money> {
    Money::read_sum(bill.get(attribute)?, "").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (text, expected) in [
            ("118.50", "118.50"),
            ("118,50", "118.50"),
            ("1.234,5", "1234.5"),
            ("1,234.56", "1234.56"),
            ("1 234 567", "1234567"),
            ("1.234.567", "1234567"),
            ("1'234.5", "1234.5"),
            ("-3", "-3"),
            ("\u{2212}3", "-3"),
            (",5", "0.5"),
            ("7.", "7"),
        ] {
            assert_eq!(typed(text).map(|it| it.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "-", ".", "1e3", "12 €", "1-2", "--1", "٣"] {
            assert_eq!(typed(text), None, "{text}");
        }
    }

    fn bill(due: i64, remaining: i64) -> Value {
        json!({
            "amountDue": {"unit": "EUR", "value": due},
            "remainingAmount": {"unit": "EUR", "value": remaining},
            "appliedPayment": [{"appliedAmount": {"unit": "EUR", "value": due - remaining}}],
        })
    }

    #[test]
    fn a_payment_leaves_something_between_nothing_and_what_is_due() {
        let paid = |text| payment(&bill(100, 60), text).map(|paid| paid.to_string());
        assert_eq!(paid("60,00"), Ok("60.00 EUR".into()));
        assert_eq!(paid("-40"), Ok("-40 EUR".into()));
        assert_eq!(paid("60.01"), Err(Mistake::TooMuch));
        assert_eq!(paid("-40.01"), Err(Mistake::TooMuch));
        assert_eq!(paid("0"), Err(Mistake::Nothing));
        assert_eq!(paid("x"), Err(Mistake::NoNumber));
        assert!(payment(&bill(-100, -100), "-100").is_ok());
        assert_eq!(payment(&bill(-100, -100), "1"), Err(Mistake::TooMuch));
    }

    #[test]
    fn payments_are_added_at_the_end() {
        let bill = bill(100, 60);
        let paid = payment(&bill, "12.5").unwrap();
        let patch = adding(&bill, &paid, " R-1 ");
        assert_eq!(patch["appliedPayment"][0], bill["appliedPayment"][0]);
        assert_eq!(patch["appliedPayment"][1]["appliedAmount"]["value"].to_string(), "12.5");
        assert_eq!(patch["appliedPayment"][1]["payment"]["id"], "R-1");
        assert_eq!(adding(&json!({}), &paid, "")["appliedPayment"][0].get("payment"), None);
    }
}
