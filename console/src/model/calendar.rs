//! Days and months, counted in UTC as the API counts them.

use std::fmt;

const MINUTES_OF_DAY: i64 = 24 * 60;

/// A day, as its number since 1 January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

/// A month of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i64,
    /// From 1 on.
    month: i64,
}

impl Day {
    /// The day of an instant (RFC 3339), or of a date.
    pub fn of(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
        let midnight = is_date.then(|| number_of(year, month, day) * MINUTES_OF_DAY)?;
        let minute = number(11, 13).unwrap_or(0) * 60 + number(14, 16).unwrap_or(0);
        let offset = text.get(16..).and_then(offset).unwrap_or(0);
        Some(Self((midnight + minute - offset).div_euclid(MINUTES_OF_DAY)))
    }

    /// The day so many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// How many days have passed since another day.
    pub fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    pub fn month(self) -> Month {
        let (year, month, _) = date_of(self.0);
        Month { year, month }
    }
}

impl Month {
    pub fn first_day(self) -> Day {
        Day(number_of(self.year, self.month, 1))
    }

    #[must_use]
    pub fn next(self) -> Self {
        self.moved(1)
    }

    /// The twelve months that end with this one.
    pub fn year_until(self) -> impl Iterator<Item = Self> {
        (-11..=0).map(move |months| self.moved(months))
    }

    fn moved(self, months: i64) -> Self {
        let count = self.year * 12 + self.month - 1 + months;
        Self { year: count.div_euclid(12), month: count.rem_euclid(12) + 1 }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.0);
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

/// The minutes that a time ending like this is ahead of UTC.
fn offset(time: &str) -> Option<i64> {
    let (place, sign) = time.char_indices().rev().find(|(_, sign)| matches!(sign, '+' | '-'))?;
    let (hours, minutes) = time.get(place + 1..)?.split_once(':')?;
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    Some(if sign == '-' { -minutes } else { minutes })
}

/// The number of a date. Years are counted from March on here, so that the day of a leap year is the
/// last of its year, and in eras of 400 years, which all have the same number of days.
fn number_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year * 365 + year / 4 - year / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number; the opposite of [`number_of`].
fn date_of(number: i64) -> (i64, i64, i64) {
    let number = number + 719_468;
    let (era, day) = (number.div_euclid(146_097), number.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// Whether an instant means a day: the API writes a date without a time as the beginning of that day.
pub fn is_day(instant: &str) -> bool {
    let time = instant.get(10..).unwrap_or_default();
    matches!(time, "T00:00Z" | "T00:00:00Z" | "T00:00:00.000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of(text).unwrap()
    }

    #[test]
    fn days_have_dates_and_dates_have_days() {
        assert_eq!(day("1970-01-01"), Day(0));
        assert_eq!(day("2000-02-29").plus(1).to_string(), "2000-03-01");
        for number in (-800_000..800_000).step_by(37) {
            let date = date_of(number);
            assert_eq!(number_of(date.0, date.1, date.2), number);
        }
    }

    #[test]
    fn the_day_is_that_of_utc() {
        assert_eq!(day("2026-02-01T00:30:00.000+02:00").to_string(), "2026-01-31");
        assert_eq!(day("2026-01-31T23:30:00-01:00").to_string(), "2026-02-01");
        assert_eq!(day("2026-01-31T23:59:59.999Z").to_string(), "2026-01-31");
    }

    #[test]
    fn what_is_no_date_has_no_day() {
        for text in ["", "yesterday", "2026-13-01", "2026-01-00", "20ä6-01-01", "2026-01"] {
            assert_eq!(Day::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_year_of_months_ends_with_this_one() {
        let months: Vec<_> = day("2026-03-31").month().year_until().collect();
        let first = |month: &Month| month.first_day().to_string();
        assert_eq!(months.len(), 12);
        assert_eq!(first(&months[0]), "2025-04-01");
        assert_eq!(first(&months[11]), "2026-03-01");
        assert_eq!(first(&months[8].next()), "2026-01-01");
    }

    #[test]
    fn days_begin_at_midnight() {
        assert!(is_day("2026-11-01T00:00:00.000Z") && is_day("2026-11-01T00:00:00Z"));
        for instant in ["2026-11-01T00:00:01.000Z", "2026-11-01T00:00:00+01:00", "2026-11-01", ""] {
            assert!(!is_day(instant), "{instant}");
        }
    }
}
