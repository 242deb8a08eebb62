//! The period that bills of a cycle are for: from a time on, up to another, which is not in it.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Span, Timestamp, ToSpan};
use schemas::Fault;
use serde_json::{Map, Value, json};

use super::terms::{read_time, time};

/// A billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one does.
    pub end: Timestamp,
}

/// How long billing periods can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    /// The period that a run says (`validFor`), with its end from the specification if it says none, or else
    /// the last whole one before now.
    pub fn of(
        cycle: &Map<String, Value>,
        specification: &Value,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let length = Length::of(specification);
        let given = |attribute: &str| -> Result<Option<Timestamp>, Fault> {
            let value = cycle.get("validFor").and_then(|period| period.get(attribute));
            let parse = |text: &str| {
                let expectation = "must be a time of the years 0 to 9999 (UTC)";
                read_time(text)
                    .ok_or_else(|| Fault::new(format!("/validFor/{attribute}"), expectation))
            };
            value.and_then(Value::as_str).map(parse).transpose()
        };
        let unknown = || {
            let expectation = "is required, with startDateTime and endDateTime: the billingPeriod of the \
                               specification is not day, week, month, quarter or year";
            Fault::new("/validFor", expectation)
        };
        let period = match (given("startDateTime")?, given("endDateTime")?) {
            (Some(start), Some(end)) => Some(Self { start, end }),
            (Some(start), None) => length.ok_or_else(unknown)?.from(start),
            (None, Some(_)) => {
                return Err(Fault::new("/validFor/startDateTime", "is required"));
            }
            (None, None) => length.ok_or_else(unknown)?.before(now),
        };
        match period {
            Some(period) if period.start < period.end => Ok(period),
            _ => Err(Fault::new("/validFor", "must end after it begins, before the year 10000")),
        }
    }

    /// The last time that is in it.
    pub fn last(&self) -> Timestamp {
        self.end.checked_sub(1.nanosecond()).unwrap_or(self.end)
    }

    /// The one that follows.
    pub fn next(&self, specification: &Value) -> Option<Self> {
        Length::of(specification)?.from(self.end)
    }

    /// As documents have it.
    pub fn to_value(self) -> Value {
        json!({ "startDateTime": time(self.start), "endDateTime": time(self.end) })
    }
}

impl Length {
    /// The one that a specification says, in any of the ways that are in use.
    fn of(specification: &Value) -> Option<Self> {
        ["billingPeriod", "frequency"].iter().find_map(|attribute| {
            let text = specification.get(attribute)?.as_str()?.trim().to_ascii_lowercase();
            let word = text.strip_prefix("1 ").unwrap_or(&text);
            let words = [
                (Self::Day, &["day", "daily"][..]),
                (Self::Week, &["week", "weekly"]),
                (Self::Month, &["month", "monthly"]),
                (Self::Quarter, &["quarter", "quarterly"]),
                (Self::Year, &["year", "yearly", "annual", "annually"]),
            ];
            words.into_iter().find(|(_, words)| words.contains(&word)).map(|(length, _)| length)
        })
    }

    fn span(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        }
    }

    fn from(self, start: Timestamp) -> Option<Period> {
        let end = Offset::UTC.to_datetime(start).checked_add(self.span()).ok()?;
        Some(Period { start, end: Offset::UTC.to_timestamp(end).ok()? })
    }

    /// The last whole one.
    fn before(self, now: Timestamp) -> Option<Period> {
        let today = Offset::UTC.to_datetime(now).date();
        let first: Date = match self {
            Self::Day => today,
            Self::Week => {
                today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?
            }
            Self::Month => today.first_of_month(),
            Self::Quarter => Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).ok()?,
            Self::Year => today.first_of_year(),
        };
        let start = first.checked_sub(self.span()).ok()?;
        let midnight = |date: Date| Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok();
        Some(Period { start: midnight(start)?, end: midnight(first)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cycle: Value, specification: Value) -> Result<(String, String), String> {
        let now = "2026-11-27T12:00:00Z".parse().unwrap();
        let period = Period::of(cycle.as_object().unwrap(), &specification, now);
        let period = period.map_err(|fault| fault.pointer)?;
        Ok((period.start.to_string(), period.end.to_string()))
    }

    #[test]
    fn a_period_is_given_or_the_last_whole_one() {
        let none = json!({});
        for (length, start, end) in [
            ("month", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("Weekly", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("quarterly", "2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z"),
            ("year", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("daily", "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"),
        ] {
            let found = of(none.clone(), json!({ "billingPeriod": length }));
            assert_eq!(found, Ok((start.into(), end.into())), "{length}");
        }
        let monthly = json!({ "frequency": "monthly" });
        let start = json!({ "validFor": { "startDateTime": "2026-01-31T00:00:00Z" } });
        let expected = ("2026-01-31T00:00:00Z".into(), "2026-02-28T00:00:00Z".into());
        assert_eq!(of(start, monthly.clone()), Ok(expected));
        assert_eq!(of(none.clone(), none.clone()), Err("/validFor".into()));
        for other in ["3 months", "biweekly", "weekend", "not monthly", "half year", ""] {
            let unknown = of(none.clone(), json!({ "billingPeriod": other }));
            assert_eq!(unknown, Err("/validFor".into()), "{other}");
        }
        let end = json!({ "validFor": { "endDateTime": "2026-01-31T00:00:00Z" } });
        assert_eq!(of(end, monthly.clone()), Err("/validFor/startDateTime".into()));
        let backwards = json!({ "validFor": {
            "startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-31T00:00:00Z" } });
        assert_eq!(of(backwards, monthly), Err("/validFor".into()));
    }
}
