//! Whether a bill is to be paid, and by when.

use money::Money;
use serde_json::Value;

use super::document;

/// Whether something remains to be paid of a bill.
pub fn is_open(bill: &Value) -> bool {
    let remains = bill.get("remainingAmount").and_then(|it| Money::read_sum(it, "").ok());
    remains.is_some_and(|it| !it.amount().is_zero())
}

/// Whether a bill should have been paid by now. Instants as the API writes them, in UTC and with
/// milliseconds, are in the order of their texts.
pub fn is_overdue(bill: &Value, now: &str) -> bool {
    let is_settled = document::text(bill, "state") == Some("settled");
    let due = document::text(bill, "paymentDueDate");
    !is_settled && due.is_some_and(|due| due < now)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_remains_of_what_is_paid() {
        let bill = |value| json!({"remainingAmount": {"unit": "EUR", "value": value}});
        assert!(is_open(&bill(1)) && is_open(&bill(-1)));
        assert!(!is_open(&bill(0)) && !is_open(&json!({})));
    }

    #[test]
    fn what_is_settled_is_not_overdue() {
        let now = "2026-11-27T08:00:00.000Z";
        let bill = |state, due| json!({"state": state, "paymentDueDate": due});
        assert!(is_overdue(&bill("sent", "2026-11-27T07:59:59.999Z"), now));
        assert!(!is_overdue(&bill("settled", "2026-11-01T00:00:00.000Z"), now));
        assert!(!is_overdue(&bill("sent", "2026-12-01T00:00:00.000Z"), now));
        assert!(!is_overdue(&json!({"state": "sent"}), now));
    }
}
