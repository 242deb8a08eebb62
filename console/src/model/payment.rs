//! Payments: reading an amount as people type it, and adding it to a bill.

use money::{Decimal, Money};
use serde_json::{Value, json};

use super::document::amount;

/// The number that was typed, with a comma or a point before its decimals. Both of them mean that
/// the last one is before the decimals. Thousands may be separated, by one sign for all of them; a
/// comma or a point does so where it occurs twice, or where the other one follows.
pub fn typed(text: &str) -> Option<Decimal> {
    let sign_of = |it: char| match it {
        '\u{2212}' => '-',
        '\u{2019}' => '\'',
        it if it.is_whitespace() => ' ',
        it => it,
    };
    let text: String = text.trim().chars().map(sign_of).collect();
    let (minus, text) = text.strip_prefix('-').map_or(("", &*text), |text| ("-", text));
    let last = text.rfind([',', '.']);
    let is_decimal = |place: usize| text.matches(&text[place..place + 1]).count() == 1;
    let (whole, decimals) = match last.filter(|place| is_decimal(*place)) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let whole = if is_digits(whole) { whole.to_owned() } else { joined(whole)? };
    if !is_digits(decimals) || (whole.is_empty() && decimals.is_empty()) {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { &whole };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{minus}{whole}{point}{decimals}").parse().ok()
}

/// The digits of groups that one sign separates: up to three of them, and then always three.
fn joined(whole: &str) -> Option<String> {
    let separator = whole.chars().find(|it| [',', '.', ' ', '\''].contains(it))?;
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let is_right = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    let digits = whole.replace(separator, "");
    (is_right && digits.bytes().all(|it| it.is_ascii_digit())).then_some(digits)
}

/// What is wrong with a payment, before the server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It is no number.
    NoNumber,
    /// It has more decimals than its currency.
    TooFine,
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
    // What remains of a bill that was made elsewhere can have more of them, and can be paid.
    let is_rest = paid == remaining && paid.amount().scale() <= remaining.amount().scale();
    if paid.amount().scale() > paid.currency().decimals() && !is_rest {
        return Err(Mistake::TooFine);
    }
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
            ("1\u{202f}234,50", "1234.50"),
            ("1\u{2019}234", "1234"),
            ("12,345,678.9", "12345678.9"),
            (" 7 ", "7"),
            (",5", "0.5"),
            ("7.", "7"),
        ] {
            assert_eq!(typed(text).map(|it| it.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1e3",
            "12 €",
            "1-2",
            "--1",
            "٣",
            "1.2.3",
            "12.5.2026",
            "1,2.3,4",
            "1 2",
            "1,23.5",
            "1234,567.8",
            ",123.4",
            "1.234,567.8",
            "1 234'567",
            "1,234,",
            "5 .5",
            "- 3",
        ] {
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
        assert_eq!(paid("1.234"), Err(Mistake::TooFine));
        assert!(payment(&bill(-100, -100), "-100").is_ok());
        assert_eq!(payment(&bill(-100, -100), "1"), Err(Mistake::TooMuch));
    }

    #[test]
    fn what_remains_is_paid_with_all_its_decimals() {
        let amount: Value = serde_json::from_str(r#"{"unit": "EUR", "value": 1.2345}"#).unwrap();
        let bill = json!({"amountDue": amount, "remainingAmount": amount});
        assert!(payment(&bill, "1.2345").is_ok());
        assert_eq!(payment(&bill, "1.234"), Err(Mistake::TooFine));
        let yen = json!({"remainingAmount": {"unit": "JPY", "value": 5}});
        assert_eq!(payment(&yen, "1.5"), Err(Mistake::TooFine));
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
