//! The periods that are billed.

use anyhow::Context;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};
use serde_json::{Value, json};

/// The time between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
}

/// What is billed at a time: the last whole period of each cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// The last month from its first to its last day.
    pub of_the_first: Period,
    /// The month that ended on the 15th of the last month.
    pub of_the_15th: Period,
}

impl Calendar {
    /// That of a time.
    pub fn at(now: Timestamp) -> anyhow::Result<Self> {
        let this_month = now.to_zoned_datetime(TimeZone::UTC).first_of_month()?.start_of_day()?;
        let last_month = this_month.checked_sub(1.month())?;
        let fifteenth = last_month.checked_add(14.days())?;
        Ok(Self {
            of_the_first: Period::between(&last_month, &this_month),
            of_the_15th: Period::between(&fifteenth.checked_sub(1.month())?, &fifteenth),
        })
    }

    /// When bills on request are made, and up to when their items are on them.
    pub fn day_of_requests(&self) -> Timestamp {
        self.of_the_first.end
    }
}

impl Period {
    fn between(start: &ZonedDateTime, end: &ZonedDateTime) -> Self {
        Self { start: start.timestamp(), end: end.timestamp() }
    }

    /// As an attribute such as `validFor`.
    pub fn to_value(self) -> Value {
        json!({ "startDateTime": time(self.start), "endDateTime": time(self.end) })
    }

    /// Its month, in words.
    pub fn month(self) -> String {
        self.start.to_zoned_datetime(TimeZone::UTC).strftime("%B %Y").to_string()
    }
}

/// So many minutes after a moment.
pub fn after(moment: Timestamp, minutes: i64) -> anyhow::Result<Timestamp> {
    moment.checked_add(SignedDuration::from_mins(minutes)).context("a time is out of range")
}

/// A time as documents have it.
pub fn time(time: Timestamp) -> Value {
    format!("{time:.3}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_month_is_billed() {
        for (now, first, fifteenth) in [
            ("2026-11-27T01:02:03Z", ["2026-10-01", "2026-11-01"], ["2026-09-15", "2026-10-15"]),
            ("2027-01-01T00:00:00Z", ["2026-12-01", "2027-01-01"], ["2026-11-15", "2026-12-15"]),
            ("2028-03-31T23:59:59Z", ["2028-02-01", "2028-03-01"], ["2028-01-15", "2028-02-15"]),
        ] {
            let day = |day: &str| format!("{day}T00:00:00Z").parse().unwrap();
            let period = |[start, end]: [&str; 2]| Period { start: day(start), end: day(end) };
            let calendar = Calendar::at(now.parse().unwrap()).unwrap();
            assert_eq!(calendar.of_the_first, period(first), "{now}");
            assert_eq!(calendar.of_the_15th, period(fifteenth), "{now}");
        }
    }
}
