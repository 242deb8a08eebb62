//! Times as documents and queries write them, compared as instants.
//!
//! Years 0000 to 9999 are legal (RFC 3339), with any offset: what is at the end of the year 9999 means
//! "no end". So an instant is a number of seconds that no offset can overflow, and not the type of a
//! library, which ends earlier.

use std::cmp::Ordering;

use jiff::civil::Date;

/// A moment, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    /// Since the beginning of 1970 in UTC, leap seconds not counted.
    pub seconds: i64,
    /// What follows them, forward.
    pub nanoseconds: u32,
}

/// The times that a text stands for: an instant, or all of a day (in UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub first: Instant,
    pub last: Instant,
}

const SECONDS_PER_DAY: i64 = 86_400;

impl Times {
    /// How an instant compares to the times.
    pub fn compare(&self, instant: Instant) -> Ordering {
        if instant < self.first {
            Ordering::Less
        } else if instant > self.last {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// Reads a date and time (RFC 3339; without seconds too, and without an offset it is UTC), or a
    /// date, which is the whole day. Of a fraction of a second, nine digits count.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_at_checked(10)?;
        let midnight = day(date)?.checked_mul(SECONDS_PER_DAY)?;
        if time.is_empty() {
            let first = Instant { seconds: midnight, nanoseconds: 0 };
            let last =
                Instant { seconds: midnight + SECONDS_PER_DAY - 1, nanoseconds: 999_999_999 };
            return Some(Self { first, last });
        }
        let time = time.strip_prefix(['T', 't', ' '])?;
        let (of_day, nanoseconds, offset) = time_of_day(time)?;
        let seconds = midnight + of_day - offset_seconds(offset)?;
        let instant = Instant { seconds, nanoseconds };
        Some(Self { first: instant, last: instant })
    }
}

/// The number of a date `YYYY-MM-DD`, counted from the first of 1970.
fn day(text: &str) -> Option<i64> {
    let (year, rest) = (digits(text.get(..4)?)?, text.get(4..)?);
    let month_and_day = rest.strip_prefix('-')?;
    let (month, rest) = (digits(month_and_day.get(..2)?)?, month_and_day.get(2..)?);
    let day = digits(rest.strip_prefix('-')?)?;
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
    let since_1970 = date.ok()?.duration_since(Date::constant(1970, 1, 1));
    Some(since_1970.as_secs() / SECONDS_PER_DAY)
}

/// Seconds and nanoseconds of the day, and what is left of the text.
fn time_of_day(text: &str) -> Option<(i64, u32, &str)> {
    let (hour, rest) = (digits(text.get(..2)?)?, text.get(2..)?);
    let rest = rest.strip_prefix(':')?;
    let (minute, rest) = (digits(rest.get(..2)?)?, rest.get(2..)?);
    let (second, fraction, rest) = match rest.strip_prefix(':') {
        None => (0, "", rest),
        Some(rest) => {
            let (second, rest) = (digits(rest.get(..2)?)?, rest.get(2..)?);
            match rest.strip_prefix('.') {
                None => (second, "", rest),
                Some(rest) => {
                    let is_digit = |c: char| c.is_ascii_digit();
                    let end = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
                    (second, rest.get(..end).filter(|digits| !digits.is_empty())?, &rest[end..])
                }
            }
        }
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // A leap second is taken for the one before it.
    let seconds = hour * 3600 + minute * 60 + second.min(59);
    let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = fraction.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some((seconds, nanoseconds, rest))
}

/// How far a local time is ahead of UTC. A plus sign that was not encoded in a query is a space.
fn offset_seconds(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' | b' ' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let two_digits = |text: &str| digits(text).filter(|_| text.len() == 2);
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instant(text: &str) -> Instant {
        let times = Times::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(times.first, times.last, "{text}");
        times.first
    }

    #[test]
    fn every_year_and_offset_of_the_standard_is_legal() {
        let ascending = [
            "0000-01-01T00:00:00+23:59",
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:00:00.000000001Z",
            "9999-12-31T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:59:59-23:59",
        ];
        assert!(ascending.is_sorted_by(|a, b| instant(a) < instant(b)));
        assert_eq!(instant("1970-01-01T00:00:00Z"), Instant { seconds: 0, nanoseconds: 0 });
        let before = Instant { seconds: -1, nanoseconds: 500_000_000 };
        assert_eq!(instant("1969-12-31T23:59:59.5Z"), before);
    }

    #[test]
    fn one_instant_has_many_forms() {
        for same in [
            "2025-11-01T00:00:00Z",
            "2025-11-01t00:00:00.000z",
            "2025-11-01T00:00Z",
            "2025-11-01T00:00",
            "2025-11-01T00:00:00",
            "2025-11-01 00:00:00",
            "2025-11-01T00:00:00.0000000000001Z",
            "2025-11-01T01:00:00+01:00",
            "2025-11-01T01:00:00 01:00",
            "2025-10-31T23:30-00:30",
        ] {
            assert_eq!(instant(same), instant("2025-11-01T00:00:00+00:00"), "{same}");
        }
        assert_eq!(instant("2016-12-31T23:59:60Z"), instant("2016-12-31T23:59:59Z"));
        assert!(instant("2025-11-01T00:00:00.1234567899Z") < instant("2025-11-01T00:00:00.2Z"));
    }

    #[test]
    fn a_date_is_the_whole_day() {
        let day = Times::parse("9999-12-31").unwrap();
        assert_eq!(day.first, instant("9999-12-31T00:00:00Z"));
        assert_eq!(day.last, instant("9999-12-31T23:59:59.999999999Z"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2025",
            "2025-11",
            "2025-02-30",
            "2025-13-01",
            "10000-01-01",
            "-001-01-01",
            "2025-11-01T",
            "2025-11-01T24:00:00Z",
            "2025-11-01T00:60Z",
            "2025-11-01T00:00:61Z",
            "2025-11-01T00:00:00.Z",
            "2025-11-01T00:00:00+1:00",
            "2025-11-01T00:00:00+24:00",
            "2025-11-01T00:00:00+01",
            "2025-11-01T00:00:00Zulu",
            "2025-11-0é",
        ] {
            assert_eq!(Times::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn instants_are_those_of_the_library(
            second in -62_135_596_800_i64..=253_402_207_200, nanosecond in 0_u32..1_000_000_000
        ) {
            let time = jiff::Timestamp::new(second, nanosecond as i32);
            let Ok(time) = time else { return Ok(()) };
            let expected = Instant {
                seconds: time.as_nanosecond().div_euclid(1_000_000_000) as i64,
                nanoseconds: time.as_nanosecond().rem_euclid(1_000_000_000) as u32,
            };
            prop_assert_eq!(instant(&time.to_string()), expected);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9T:.Z+é -]{0,32}") {
            let _ = Times::parse(&text);
        }
    }
}
