//! How the value of an attribute compares to what a query says.
//!
//! Numbers compare by value, times as instants, truth values as themselves, all else as text, byte by
//! byte.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use schemas::Kind;
use serde_json::Value;

use crate::value::decimal::Decimal;

/// A value in a query, read as everything that it can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operand {
    pub text: String,
    number: Option<Decimal>,
    time: Option<Times>,
}

/// The times that a text stands for: an instant, or all of a day (in UTC).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Times {
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Operand {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { number: Decimal::parse(&text), time: Times::parse(&text), text }
    }

    /// The times that the operand stands for, if it can be read so.
    pub fn times(&self) -> Option<Times> {
        self.time
    }

    /// Whether the operand can be compared with attributes of the kind.
    pub fn fits(&self, kind: Kind) -> bool {
        match kind {
            Kind::Text => true,
            Kind::Number => self.number.is_some(),
            Kind::Time => self.time.is_some(),
            Kind::Boolean => matches!(&self.text[..], "true" | "false"),
        }
    }

    /// How `value`, whose kind is known or not, compares to the operand. Nothing if they have nothing
    /// to do with each other, such as a number and a word.
    pub fn compare(&self, value: &Value, kind: Option<Kind>) -> Option<Ordering> {
        match value {
            Value::Number(number) => {
                Some(Decimal::parse(&number.to_string())?.cmp(self.number.as_ref()?))
            }
            Value::Bool(value) => Some(value.cmp(&self.text.parse().ok()?)),
            Value::String(text) => {
                let as_time = kind.is_none_or(|kind| kind == Kind::Time);
                match self.time.filter(|_| as_time).zip(Times::parse(text)) {
                    Some((times, time)) => Some(times.compare(time.first)),
                    None => Some(text.as_str().cmp(&self.text)),
                }
            }
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl Times {
    fn compare(&self, time: Timestamp) -> Ordering {
        if time < self.first {
            Ordering::Less
        } else if time > self.last {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// Reads a date and time (RFC 3339; without an offset it is UTC), or a date.
    pub fn parse(text: &str) -> Option<Self> {
        // Every form begins with a year, which saves trying where it is a name.
        if !text.as_bytes().first()?.is_ascii_digit() {
            return None;
        }
        let instant = |first| Some(Self { first, last: first });
        // The plus sign of an offset that was not encoded arrives as a space.
        let repaired = text.replacen(' ', "+", 1);
        if let Ok(time) = repaired.parse() {
            return instant(time);
        }
        match text.len() {
            10 => {
                let date: Date = text.parse().ok()?;
                let start = |date: Date| TimeZone::UTC.to_timestamp(date.into()).ok();
                let first = start(date)?;
                let last = start(date.tomorrow().ok()?)?.as_nanosecond() - 1;
                Some(Self { first, last: Timestamp::from_nanosecond(last).ok()? })
            }
            _ => instant(TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_compare_as_what_they_are() {
        let cases = [
            (json!(100.10), "100.1", Some(Ordering::Equal)),
            (json!(9), "10", Some(Ordering::Less)),
            (json!("9"), "10", Some(Ordering::Greater)),
            (json!(9), "nine", None),
            (json!(true), "true", Some(Ordering::Equal)),
            (json!(true), "yes", None),
            (json!("Active"), "active", Some(Ordering::Less)),
            (json!("2026-01-01T00:00:00+01:00"), "2025-12-31T23:00:00Z", Some(Ordering::Equal)),
            (json!("2026-01-01T10:00:00.500Z"), "2026-01-01T10:00:00", Some(Ordering::Greater)),
            (json!("2026-01-01T10:00:00Z"), "2026-01-01", Some(Ordering::Equal)),
            (json!("2026-01-01T23:59:59.999Z"), "2026-01-01", Some(Ordering::Equal)),
            (json!("2026-01-02T00:00:00Z"), "2026-01-01", Some(Ordering::Greater)),
            (json!("2026-01-01T00:00:00Z"), "2026-01-01T01:00:00 01:00", Some(Ordering::Equal)),
            (json!(null), "null", None),
            (json!({}), "{}", None),
        ];
        for (value, operand, expected) in cases {
            assert_eq!(Operand::new(operand).compare(&value, None), expected, "{value} {operand}");
        }
    }

    #[test]
    fn what_is_text_by_definition_is_no_time() {
        let (operand, value) = (Operand::new("2026-01-01"), json!("2026-01-01T10:00:00Z"));
        assert_eq!(operand.compare(&value, Some(Kind::Text)), Some(Ordering::Greater));
        assert_eq!(operand.compare(&value, Some(Kind::Time)), Some(Ordering::Equal));
    }

    #[test]
    fn operands_fit_kinds_or_not() {
        let fits = |text: &str| {
            [Kind::Text, Kind::Number, Kind::Time, Kind::Boolean]
                .map(|kind| Operand::new(text).fits(kind))
        };
        assert_eq!(fits("1.5"), [true, true, false, false]);
        assert_eq!(fits("2026-01-31"), [true, false, true, false]);
        assert_eq!(fits("true"), [true, false, false, true]);
        assert_eq!(fits(""), [true, false, false, false]);
    }
}
