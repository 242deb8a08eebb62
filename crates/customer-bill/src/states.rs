//! Which state of a bill may follow which.

use serde_json::{Map, Value};
use tmf630::Error;

/// The first state of a bill.
pub(crate) const NEW: &str = "new";

/// That of a bill that was checked.
pub(crate) const VALIDATED: &str = "validated";

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
    (NEW, &[VALIDATED, SENT, ON_HOLD]),
    (VALIDATED, &[SENT, ON_HOLD]),
    (SENT, &[PARTIALLY_PAID, SETTLED, ON_HOLD]),
    (PARTIALLY_PAID, &[SETTLED, ON_HOLD]),
    (ON_HOLD, &[NEW, VALIDATED, SENT, PARTIALLY_PAID]),
    (SETTLED, &[]),
];

/// The state of a bill.
pub(crate) fn of(bill: &Map<String, Value>) -> &str {
    bill.get("state").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a state is the standard's.
pub(crate) fn is_known(state: &str) -> bool {
    TRANSITIONS.iter().any(|(known, _)| *known == state)
}

/// Refuses a state that cannot follow the other one.
pub(crate) fn follows(from: &str, to: &str) -> Result<(), Error> {
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
        const STATES: [&str; 6] = [NEW, VALIDATED, SENT, PARTIALLY_PAID, SETTLED, ON_HOLD];
        let allowed: Vec<_> = STATES
            .iter()
            .flat_map(|from| STATES.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from != to && follows(from, to).is_ok())
            .collect();
        let mut expected = vec![
            (NEW, VALIDATED),
            (NEW, SENT),
            (VALIDATED, SENT),
            (SENT, PARTIALLY_PAID),
            (SENT, SETTLED),
            (PARTIALLY_PAID, SETTLED),
        ];
        for state in [NEW, VALIDATED, SENT, PARTIALLY_PAID] {
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
