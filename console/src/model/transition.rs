//! Which states may follow, as far as it can be known before the server is asked.

use account_rules::life_cycle;
use serde_json::Value;

use super::document::amount;
use super::resource::{ACCOUNT_STATES, BILL_STATES};

/// The states that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Those that follow in the standard's life cycle.
    pub usual: Vec<&'static str>,
    /// Those that only some deployments let follow.
    pub others: Vec<&'static str>,
}

/// Of bills, as far as no payment decides it.
const BILL: [(&str, &[&str]); 6] = [
    ("new", &["validated", "sent", "onHold"]),
    ("validated", &["sent", "onHold"]),
    ("sent", &["partiallyPaid", "settled", "onHold"]),
    ("partiallyPaid", &["settled", "onHold"]),
    ("onHold", &["new", "validated", "sent", "partiallyPaid"]),
    ("settled", &[]),
];

/// What may follow the state of an account. A deployment may let any state follow any other, and
/// does not say so: what is not usual is offered too, and the server decides.
pub fn of_account(account: &Value) -> Choices {
    let state = state(account);
    let Some(usual) = life_cycle::following(state) else {
        return Choices { usual: ACCOUNT_STATES.into(), others: Vec::new() };
    };
    let others = ACCOUNT_STATES.into_iter().filter(|it| *it != state && !usual.contains(it));
    Choices { usual: usual.into(), others: others.collect() }
}

/// What may follow the state of a bill. Once something was paid, it comes to what its payments say,
/// is put on hold, or its rest is given up.
pub fn of_bill(bill: &Value) -> Choices {
    let state = state(bill);
    let following = BILL.iter().find(|(from, _)| *from == state).map(|(_, following)| *following);
    let usual = match (following, paid_state(bill)) {
        (None, None) => BILL_STATES.into(),
        (Some(usual), None) => usual.into(),
        (_, Some(_)) if state == "settled" => Vec::new(),
        (usual, Some(paid)) => {
            let usual = usual.unwrap_or(&BILL_STATES);
            let stays = usual.iter().filter(|it| matches!(**it, "settled" | "onHold"));
            let mut follow: Vec<_> = stays.copied().filter(|it| *it != paid).collect();
            if state != paid {
                follow.insert(0, paid);
            }
            follow
        }
    };
    Choices { usual, others: Vec::new() }
}

impl Choices {
    pub fn are_none(&self) -> bool {
        self.usual.is_empty() && self.others.is_empty()
    }
}

/// The state that the payments of a bill say it has, if there are any.
fn paid_state(bill: &Value) -> Option<&'static str> {
    let payments = bill.get("appliedPayment")?.as_array()?;
    payments.iter().find(|payment| payment.get("appliedAmount").is_some())?;
    let (due, remaining) = (amount(bill, "amountDue")?, amount(bill, "remainingAmount")?);
    match remaining.amount().is_zero() {
        true => Some("settled"),
        false => (remaining != due).then_some("partiallyPaid"),
    }
}

fn state(document: &Value) -> &str {
    document.get("state").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bill(state: &str, remaining: i64, is_paid: bool) -> Value {
        let money = |value| json!({"unit": "EUR", "value": value});
        let payments = if is_paid { json!([{"appliedAmount": money(1)}]) } else { json!([]) };
        json!({
            "state": state, "amountDue": money(100), "remainingAmount": money(remaining),
            "appliedPayment": payments,
        })
    }

    #[test]
    fn accounts_are_offered_all_other_states() {
        let choices = of_account(&json!({"state": "Active"}));
        assert_eq!(choices.usual, ["Suspended", "Pending_Update", "Pending_Closed"]);
        assert_eq!(choices.others, ["Defined", "Closed"]);
        assert_eq!(of_account(&json!({"state": "Frozen"})).usual, ACCOUNT_STATES);
        assert_eq!(of_account(&json!({})).usual, ACCOUNT_STATES);
    }

    #[test]
    fn unpaid_bills_follow_the_standard() {
        assert_eq!(of_bill(&bill("new", 100, false)).usual, ["validated", "sent", "onHold"]);
        assert!(of_bill(&bill("settled", 0, true)).are_none());
        assert_eq!(of_bill(&bill("disputed", 100, false)).usual, BILL_STATES);
    }

    #[test]
    fn payments_decide_what_follows() {
        assert_eq!(of_bill(&bill("partiallyPaid", 60, true)).usual, ["settled", "onHold"]);
        assert_eq!(of_bill(&bill("onHold", 60, true)).usual, ["partiallyPaid"]);
        assert_eq!(of_bill(&bill("onHold", 0, true)).usual, ["settled"]);
        let own = of_bill(&bill("disputed", 60, true)).usual;
        assert_eq!(own, ["partiallyPaid", "onHold", "settled"]);
    }
}
