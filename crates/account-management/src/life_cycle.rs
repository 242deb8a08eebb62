//! The rule that states of an account follow one another.

use std::future::ready;

use account_rules::life_cycle::following;
use serde_json::Value;
use tmf630::model::rule::{Asked, Change, Data, Rule};
use tmf630::model::variable::Variable;
use tmf630::{Error, Settings};

/// Whether the rule is in force.
pub(crate) const STATE_TRANSITIONS: Variable = Variable {
    name: "state_transitions",
    default: "open",
    choices: &["open", "tmf"],
    description: "Which changes of an account's state are allowed: open (all), or tmf (those of TM Forum's life cycle).",
    is_secret: false,
};

/// The rule that states follow one another as in TM Forum's life cycle, where a deployment wants it.
#[derive(Debug)]
pub(crate) struct LifeCycle;

impl Rule for LifeCycle {
    fn check<'a>(
        &'a self,
        change: Change<'a>,
        settings: &'a Settings,
        _data: &'a dyn Data,
    ) -> Asked<'a, ()> {
        let outcome = match (change.before, change.after) {
            (Some(before), Some(after)) if settings.value(&STATE_TRANSITIONS) == "tmf" => {
                check(state_of(before), state_of(after))
            }
            _ => Ok(()),
        };
        Box::pin(ready(outcome))
    }
}

fn state_of(document: &Value) -> &str {
    document.get("state").and_then(Value::as_str).unwrap_or_default()
}

fn check(from: &str, to: &str) -> Result<(), Error> {
    let next = match following(from) {
        Some(next) if from != to && !next.contains(&to) => next,
        _ => return Ok(()),
    };
    let message = match next {
        [] => format!("/state {from} is final."),
        next => format!("/state {from} can become {}, not {to:?}.", next.join(" or ")),
    };
    Err(Error::conflict("The state cannot follow the present one", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_one_another_as_in_the_life_cycle() {
        for (from, to, expected) in [
            ("", "Active", true),
            ("Active", "Active", true),
            ("Active", "Suspended", true),
            ("Active", "Closed", false),
            ("Active", "", false),
            ("Closed", "Active", false),
            ("Our_Own", "Closed", true),
        ] {
            assert_eq!(check(from, to).is_ok(), expected, "{from} {to}");
        }
    }
}
