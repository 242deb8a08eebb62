//! Which state of a bill may follow which.

use serde_json::{Map, Value};
use tmf630::Error;

use crate::payments;

/// The first state of a bill.
pub(crate) const NEW: &str = "new";

/// That of a bill of which a part is paid.
pub(crate) const PARTIALLY_PAID: &str = "partiallyPaid";

/// The last state: it is paid.
pub(crate) const SETTLED: &str = "settled";

/// That of a bill that the customer has.
pub(crate) const SENT: &str = "sent";

/// That of a bill with which nothing happens until a problem is solved.
pub(crate) const ON_HOLD: &str = "onHold";

/// From each state the states that may follow. Other states are a deployment's own and free.
const TRANSITIONS: [(&str, &[&str]); 6] = [
    (NEW, &["validated", SENT, ON_HOLD]),
    ("validated", &[SENT, ON_HOLD]),
    (SENT, &[PARTIALLY_PAID, SETTLED, ON_HOLD]),
    (PARTIALLY_PAID, &[SETTLED, ON_HOLD]),
    (ON_HOLD, &[NEW, "validated", SENT, PARTIALLY_PAID]),
    (SETTLED, &[]),
];

/// The state of a bill.
pub(crate) fn of(bill: &Map<String, Value>) -> &str {
    bill.get("state").and_then(Value::as_str).unwrap_or_default()
}

/// Refuses a change of a bill whose state cannot follow the present one. What payments bring about is
/// right.
pub(crate) fn check(before: &Map<String, Value>, after: &Map<String, Value>) -> Result<(), Error> {
    let is_paid_for = before.get("appliedPayment") != after.get("appliedPayment");
    let (from, to) = (of(before), of(after));
    if is_paid_for || from == to {
        return Ok(());
    }
    match (from, payments::state_after(before)) {
        // What was paid meanwhile says where a bill comes back to.
        (ON_HOLD, Some(state)) if is_known(to) && to != state => {
            let message = format!(
                "/state {ON_HOLD} can become {state}, which follows from the payments, not {to}."
            );
            Err(Error::conflict("The state cannot follow the present one", message))
        }
        (ON_HOLD, Some(_)) => Ok(()),
        _ => follows(from, to),
    }
}

fn is_known(state: &str) -> bool {
    TRANSITIONS.iter().any(|(known, _)| *known == state)
}

fn follows(from: &str, to: &str) -> Result<(), Error> {
    let next = |state: &str| TRANSITIONS.iter().find(|(known, _)| *known == state);
    let allowed = match (next(from), next(to)) {
        (Some((_, allowed)), Some(_)) if from != to && !allowed.contains(&to) => *allowed,
        _ => return Ok(()),
    };
    let message = match allowed {
        [] => format!("/state {from} is final."),
        allowed => format!("/state {from} can become {}, not {to}.", allowed.join(" or ")),
    };
    Err(Error::conflict("The state cannot follow the present one", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_one_another() {
        const STATES: [&str; 6] = [NEW, "validated", SENT, PARTIALLY_PAID, SETTLED, ON_HOLD];
        let allowed: Vec<_> = STATES
            .iter()
            .flat_map(|from| STATES.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from != to && follows(from, to).is_ok())
            .collect();
        let mut expected = vec![
            (NEW, "validated"),
            (NEW, SENT),
            ("validated", SENT),
            (SENT, PARTIALLY_PAID),
            (SENT, SETTLED),
            (PARTIALLY_PAID, SETTLED),
        ];
        for state in [NEW, "validated", SENT, PARTIALLY_PAID] {
            expected.extend([(state, ON_HOLD), (ON_HOLD, state)]);
        }
        expected.sort_unstable();
        let mut allowed = allowed;
        allowed.sort_unstable();
        assert_eq!(allowed, expected);
        for (from, to) in [("", NEW), ("disputed", SETTLED), (SENT, "disputed"), (SETTLED, SETTLED)]
        {
            assert!(follows(from, to).is_ok(), "{from} {to}");
        }
    }
}
