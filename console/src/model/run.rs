//! The run of a billing cycle: how far it is.

use serde_json::Value;

use super::document;

/// What is counted of the accounts that were looked at, apart from those that got a bill.
pub const OTHERS: [&str; 4] = ["withoutItems", "billedBefore", "inactive", "rejected"];

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub is_running: bool,
    /// How many accounts have the cycle.
    pub accounts: u64,
    /// How many of them were looked at.
    pub done: u64,
    pub bills: u64,
}

impl Progress {
    /// That of a cycle; nothing where it has no run, since it was only announced.
    pub fn of(cycle: &Value) -> Option<Self> {
        let run = cycle.get("run")?;
        Some(Self {
            is_running: document::text(run, "state") == Some("inProgress"),
            accounts: count(cycle, "accounts"),
            done: count(cycle, "done"),
            bills: count(cycle, "bills"),
        })
    }

    /// How much is done, in whole percent; all of nothing is done.
    pub fn percent(&self) -> u64 {
        match self.accounts {
            0 => 100,
            accounts => (self.done.min(accounts) * 100) / accounts,
        }
    }
}

/// A count of a run.
pub fn count(cycle: &Value, name: &str) -> u64 {
    cycle.get("run").and_then(|run| run.get(name)?.as_u64()).unwrap_or_default()
}

/// The accounts that got no bill because of something, with what that is. Only the first are named.
pub fn rejections(cycle: &Value) -> Vec<(&str, &str)> {
    let all = document::at(cycle, "run.rejection").into_iter();
    all.filter_map(|it| {
        Some((document::text(it, "billingAccount.id")?, document::text(it, "reason")?))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_is_counted_in_accounts() {
        let run =
            json!({"run": {"state": "inProgress", "accounts": 150, "done": 100, "bills": 90}});
        let progress = Progress::of(&run).unwrap();
        assert_eq!((progress.percent(), progress.is_running), (66, true));
        assert_eq!(Progress::of(&json!({})), None);
        let empty = Progress::of(&json!({"run": {"state": "done"}})).unwrap();
        assert_eq!((empty.percent(), empty.is_running), (100, false));
    }

    #[test]
    fn rejections_name_accounts_and_reasons() {
        let run = json!({"run": {"rejection": [
            {"billingAccount": {"id": "7"}, "reason": "too many items"}, {"reason": "?"},
        ]}});
        assert_eq!(rejections(&run), [("7", "too many items")]);
    }
}
