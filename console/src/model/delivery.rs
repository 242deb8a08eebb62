//! How the events of a subscription are delivered, and what is to be done about it.

use serde_json::Value;

use super::document;

/// What a subscription says of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    pub status: String,
    pub pending: u64,
    pub delivered: u64,
    /// Attempts, not events.
    pub failed: u64,
    pub parked: u64,
    /// How many seconds the oldest of those has waited that wait.
    pub oldest: Option<u64>,
    pub last_error: Option<LastError>,
    /// When the next attempt is due, if one failed.
    pub next_try: Option<String>,
}

/// The last attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    pub time: String,
    pub message: String,
}

/// What somebody should know of a subscription, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Care {
    /// The receiver said that it is gone: nothing is sent any more.
    Ended,
    /// Events were given up for now.
    Parked,
    /// The receiver does not take what it is sent.
    Retrying,
    /// Nothing is to be done.
    None,
}

impl Delivery {
    /// What the document of a subscription says.
    pub fn of(hub: &Value) -> Self {
        let count = |name: &str| hub.pointer(&format!("/delivery/{name}")).and_then(Value::as_u64);
        let text = |path: &str| document::text(hub, path).map(str::to_owned);
        let seconds = hub.pointer("/delivery/oldestPendingAge").and_then(Value::as_f64);
        Self {
            status: text("delivery.status").unwrap_or_default(),
            pending: count("pending").unwrap_or_default(),
            delivered: count("delivered").unwrap_or_default(),
            failed: count("failed").unwrap_or_default(),
            parked: count("parked").unwrap_or_default(),
            oldest: seconds.map(|seconds| seconds as u64),
            last_error: text("delivery.lastError.time")
                .zip(text("delivery.lastError.message"))
                .map(|(time, message)| LastError { time, message }),
            next_try: text("delivery.nextTry"),
        }
    }

    pub fn care(&self) -> Care {
        match (&*self.status, self.parked) {
            ("ended", _) => Care::Ended,
            (_, 1..) => Care::Parked,
            ("retrying", _) => Care::Retrying,
            _ => Care::None,
        }
    }
}

impl Care {
    /// What its texts are known by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Parked => "parked",
            Self::Retrying => "retrying",
            Self::None => "well",
        }
    }
}

/// How the events of several subscriptions are delivered, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overall {
    pub subscriptions: usize,
    pub pending: u64,
    pub parked: u64,
    /// How many subscriptions somebody should look after.
    pub in_trouble: usize,
}

impl Overall {
    pub fn of(deliveries: &[Delivery]) -> Self {
        let sum = |of: fn(&Delivery) -> u64| {
            deliveries.iter().fold(0_u64, |sum, delivery| sum.saturating_add(of(delivery)))
        };
        Self {
            subscriptions: deliveries.len(),
            pending: sum(|it| it.pending),
            parked: sum(|it| it.parked),
            in_trouble: deliveries.iter().filter(|it| it.care() != Care::None).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_worst_comes_first() {
        let care = |status: &str, parked: u64| {
            Delivery::of(&json!({"delivery": {"status": status, "parked": parked}})).care()
        };
        assert_eq!(care("ended", 3), Care::Ended);
        assert_eq!(care("retrying", 3), Care::Parked);
        assert_eq!(care("retrying", 0), Care::Retrying);
        assert_eq!(care("active", 0), Care::None);
        assert!(Care::Ended < Care::None);
    }

    #[test]
    fn what_is_not_said_is_nothing() {
        assert_eq!(Delivery::of(&json!({"delivery": {"pending": "many"}})), Delivery::default());
    }

    #[test]
    fn subscriptions_are_counted_together() {
        let delivery = json!({"delivery": {
            "status": "retrying", "pending": 4, "parked": 0, "oldestPendingAge": 61.9,
            "lastError": {"time": "2026-01-31T10:00:00Z", "message": "answered 500"},
        }});
        let delivery = Delivery::of(&delivery);
        assert_eq!(delivery.oldest, Some(61));
        assert_eq!(delivery.last_error.as_ref().unwrap().message, "answered 500");
        let overall = Overall::of(&[delivery.clone(), Delivery::default(), delivery]);
        let expected = Overall { subscriptions: 3, pending: 8, parked: 0, in_trouble: 2 };
        assert_eq!(overall, expected);
    }
}
