//! Whether a bill is to be paid, and by when: of a bill, and as conditions of a list.

use serde_json::Value;

use super::calendar::Day;
use super::document;
use super::query::Query;

pub(super) const NOT_STATE: &str = "state.ne";
pub(super) const SETTLED: &str = "settled";
pub(super) const NOT_REMAINING: &str = "remainingAmount.value.ne";
pub(super) const DUE_BEFORE: &str = "paymentDueDate.lt";

/// Whether something remains to be paid of a bill.
pub fn is_open(bill: &Value) -> bool {
    let remains = document::amount(bill, "remainingAmount");
    remains.is_some_and(|it| !it.amount().is_zero())
}

/// Whether a bill should have been paid before today: something remains of it, and the day that it
/// is due has passed.
pub fn is_overdue(bill: &Value, today: Day) -> bool {
    let is_owed = is_open(bill) && document::text(bill, "state") != Some(SETTLED);
    let due = document::text(bill, "paymentDueDate").and_then(Day::of);
    is_owed && due.is_some_and(|due| has_passed(due, today))
}

/// Whether the day that something is due has passed.
pub fn has_passed(due: Day, today: Day) -> bool {
    due < today
}

/// A query for the bills of which something remains.
pub fn owed(query: Query) -> Query {
    query.with(NOT_STATE, SETTLED).with(NOT_REMAINING, "0")
}

/// A query for the bills that [`is_overdue`] holds for.
pub fn overdue(query: Query, today: Day) -> Query {
    owed(query).with(DUE_BEFORE, today)
}

/// Whether a query is one for bills that are overdue.
pub fn asks_for_overdue(query: &Query) -> bool {
    query.get(NOT_STATE) == Some(SETTLED)
        && query.get(NOT_REMAINING) == Some("0")
        && query.get(DUE_BEFORE).is_some_and(|day| !day.is_empty())
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
    fn a_bill_is_overdue_once_its_day_has_passed() {
        let today = Day::of("2026-11-27").unwrap();
        let bill = |state: &str, remains: i64, due: &str| {
            let remains = json!({"unit": "EUR", "value": remains});
            json!({"state": state, "remainingAmount": remains, "paymentDueDate": due})
        };
        assert!(is_overdue(&bill("sent", 1, "2026-11-26T23:59:59.999Z"), today));
        assert!(!is_overdue(&bill("sent", 1, "2026-11-27T00:00:00.000Z"), today));
        assert!(!is_overdue(&bill("sent", 0, "2026-11-01T00:00:00.000Z"), today));
        assert!(!is_overdue(&bill("settled", 1, "2026-11-01T00:00:00.000Z"), today));
        let undated = json!({"state": "sent", "remainingAmount": {"unit": "EUR", "value": 1}});
        assert!(!is_overdue(&undated, today));
    }

    #[test]
    fn lists_have_what_is_overdue() {
        let query = overdue(Query::default(), Day::of("2026-11-27").unwrap());
        let expected = "state.ne=settled&remainingAmount.value.ne=0&paymentDueDate.lt=2026-11-27";
        assert_eq!(query.to_string(), expected);
        assert!(asks_for_overdue(&query));
        assert!(!asks_for_overdue(&owed(Query::default())));
    }
}
