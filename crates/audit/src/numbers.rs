//! Numbers of bills: no two are the same, and none is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::bill::CUSTOMER_BILL;
use crate::difference::Difference;

/// What bills are numbered by: the text of the application's variable `bill_number_format`, such as
/// `INV-{year}-{number:06}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    /// What is in front of the count, with a zero byte for each digit of a year.
    before: String,
    /// What is behind it, in the same form.
    after: String,
}

impl NumberFormat {
    /// The format that a text says, if it has `{number}` or `{number:0N}`.
    pub fn parse(format: &str) -> Option<Self> {
        let (before, rest) = format.split_once("{number")?;
        let (_width, after) = rest.split_once('}')?;
        let part = |part: &str| part.replace("{year}", "\0\0\0\0");
        Some(Self { before: part(before), after: part(after) })
    }

    /// The series of a number, and its place in it.
    fn place(&self, number: &str) -> Option<(String, u64)> {
        let behind = number.len().checked_sub(self.after.len())?;
        let (before, after) = (number.get(..self.before.len())?, number.get(behind..)?);
        let is_of_format = fits(before, &self.before) && fits(after, &self.after);
        let count = number.get(self.before.len()..behind).filter(|_| is_of_format)?;
        Some((format!("{before}#{after}"), digits(count)?))
    }
}

fn fits(text: &str, pattern: &str) -> bool {
    text.bytes().zip(pattern.bytes()).all(|(byte, expected)| match expected {
        0 => byte.is_ascii_digit(),
        expected => byte == expected,
    })
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The same where no format is known: a number counts by the digits at its end.
fn place_by_end(number: &str) -> Option<(String, u64)> {
    let before = number.trim_end_matches(|end: char| end.is_ascii_digit());
    Some((format!("{before}#"), digits(&number[before.len()..])?))
}

/// The numbers that there are.
#[derive(Debug)]
pub(crate) struct Numbers<'b> {
    format: Option<&'b NumberFormat>,
    /// The bill that has each.
    bills: BTreeMap<&'b str, &'b str>,
    /// By the text of their numbers, with a sign for the count.
    series: BTreeMap<String, Series<'b>>,
}

/// Numbers that are the same but for the count.
#[derive(Debug, Default)]
struct Series<'b> {
    taken: BTreeSet<u64>,
    /// The last that was made here, and its bill.
    last: Option<(u64, &'b str)>,
}

impl<'b> Numbers<'b> {
    /// None, of a format if that is known.
    pub fn new(format: Option<&'b NumberFormat>) -> Self {
        Self { format, bills: BTreeMap::new(), series: BTreeMap::new() }
    }

    /// Adds the number of a bill. One that was made elsewhere takes its number, but a series
    /// neither ends with it nor has to come to it.
    pub fn add(
        &mut self,
        number: &'b str,
        bill: &'b str,
        is_made_here: bool,
    ) -> Option<Difference> {
        if let Some(other) = self.bills.insert(number, bill) {
            let expected = format!("another than that of the bill {other}");
            return Some(Difference::new(CUSTOMER_BILL, bill, "billNo", number, expected));
        }
        let place = match self.format {
            Some(format) => format.place(number),
            None => place_by_end(number),
        };
        if let Some((series, at)) = place {
            let series = self.series.entry(series).or_default();
            series.taken.insert(at);
            if is_made_here && series.last.is_none_or(|(last, _)| last < at) {
                series.last = Some((at, bill));
            }
        }
        None
    }

    /// The numbers that are left out: from 1 on, up to the last that was made here.
    pub fn gaps(&self) -> Vec<Difference> {
        let mut gaps = Vec::new();
        for (series, Series { taken, last }) in &self.series {
            let Some((last, bill)) = last else { continue };
            let mut next = 1;
            for &at in taken.range(1..=*last) {
                if at > next {
                    let gap = match at - next {
                        1 => next.to_string(),
                        _ => format!("{next} to {}", at - 1),
                    };
                    let found = format!("the last of the series {series} without {gap}");
                    let expected = "the last of a series without gaps";
                    gaps.push(Difference::new(CUSTOMER_BILL, bill, "billNo", found, expected));
                }
                next = at.saturating_add(1);
            }
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found out about numbers; those with a star were made elsewhere.
    fn findings(format: Option<&str>, numbers: &[&str]) -> Vec<String> {
        let format = format.map(|format| NumberFormat::parse(format).unwrap());
        let mut all = Numbers::new(format.as_ref());
        let mut found: Vec<_> = numbers
            .iter()
            .filter_map(|number| {
                let own = number.trim_start_matches('*');
                all.add(own, own, own == *number)
            })
            .collect();
        found.extend(all.gaps());
        found.into_iter().map(|difference| difference.found).collect()
    }

    #[test]
    fn gaps_and_numbers_that_are_taken_twice_are_found() {
        for right in [
            &["INV-2026-000001", "INV-2026-000002", "INV-2027-000001"][..],
            &["A1", "*A2", "A3", "*A9"],
            &["*OLD-48100", "*OLD-48105"],
            &["without digits", "99999999999999999999999"],
            &[],
        ] {
            assert_eq!(findings(None, right), Vec::<String>::new(), "{right:?}");
        }
        for (wrong, expected) in [
            (&["A1", "A3"][..], &["the last of the series A# without 2"][..]),
            (&["A2"], &["the last of the series A# without 1"]),
            (&["A1", "A5", "*A9"], &["the last of the series A# without 2 to 4"]),
            (&["A1", "A2", "A1"], &["A1"]),
            (&["none", "*none"], &["none"]),
        ] {
            assert_eq!(findings(None, wrong), expected, "{wrong:?}");
        }
    }

    #[test]
    fn a_format_says_where_the_count_is() {
        let right = ["01/2026", "02/2026", "1/2027", "*x3/2026", "10", "2/ 2026", "ä/2026"];
        assert_eq!(findings(Some("{number:02}/{year}"), &right), Vec::<String>::new());
        let wrong = ["01/2026", "03/2026", "2/2027"];
        let gaps =
            ["the last of the series #/2026 without 2", "the last of the series #/2027 without 1"];
        assert_eq!(findings(Some("{number:02}/{year}"), &wrong), gaps);
        assert_eq!(findings(Some("B{year}{number}"), &["B20261", "B20262"]), Vec::<String>::new());
        assert_eq!(NumberFormat::parse("INV-{year}"), None);
    }
}
