//! How the value of an attribute compares to what a query says.
//!
//! Numbers compare by value, times as instants, truth values as themselves, all else as text, byte by
//! byte.

use std::cmp::Ordering;

use schemas::Kind;
use serde_json::Value;

use crate::value::decimal::Decimal;
use crate::value::time::{Instant, Times};

/// How many bytes of a text lists are sorted by. Texts that share them are one value, and in the order
/// of ids: an index knows no more of them.
pub(crate) const SORTED_TEXT_BYTES: usize = 256;

/// A value in a query, read as everything that it can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operand {
    pub text: String,
    number: Option<Decimal>,
    time: Option<Times>,
}

/// The value of an attribute, read once for any number of operands.
pub(crate) enum Attribute<'v> {
    Number(Option<Decimal>),
    Boolean(bool),
    Text(&'v str, Option<Instant>),
    /// Nothing that compares with an operand.
    Other,
}

impl<'v> Attribute<'v> {
    /// Reads a value whose kind is known or not.
    pub fn of(value: &'v Value, kind: Option<Kind>) -> Self {
        match value {
            Value::Number(number) => Self::Number(Decimal::parse(number.as_str())),
            Value::Bool(value) => Self::Boolean(*value),
            Value::String(text) => {
                let as_time = kind.is_none_or(|kind| kind == Kind::Time);
                let time = as_time.then(|| Times::parse(text)).flatten();
                Self::Text(text, time.map(|times| times.first))
            }
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }

    /// How it compares to the operand. Nothing if they have nothing to do with each other, such as a
    /// number and a word.
    pub fn compare(&self, operand: &Operand) -> Option<Ordering> {
        match self {
            Self::Number(number) => Some(number.as_ref()?.cmp(operand.number.as_ref()?)),
            Self::Boolean(value) => Some(value.cmp(&operand.text.parse().ok()?)),
            Self::Text(text, time) => Some(match operand.time.zip(*time) {
                Some((times, time)) => times.compare(time),
                None => (*text).cmp(&operand.text),
            }),
            Self::Other => None,
        }
    }
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
}

/// About how many steps it takes to come to the value and read it. Containers are read no deeper.
pub(crate) fn reading_steps(value: &Value) -> u64 {
    match value {
        Value::String(text) => 10 + text.len() as u64 / 8,
        Value::Number(number) => 30 + number.as_str().len() as u64,
        _ => 5,
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
            let ordering = Attribute::of(&value, None).compare(&Operand::new(operand));
            assert_eq!(ordering, expected, "{value} {operand}");
        }
    }

    #[test]
    fn what_is_text_by_definition_is_no_time() {
        let (operand, value) = (Operand::new("2026-01-01"), json!("2026-01-01T10:00:00Z"));
        let compared = |kind| Attribute::of(&value, Some(kind)).compare(&operand);
        assert_eq!(compared(Kind::Text), Some(Ordering::Greater));
        assert_eq!(compared(Kind::Time), Some(Ordering::Equal));
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
