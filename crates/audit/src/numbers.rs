//! Numbers of bills: no two are the same, and none is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::bill::CUSTOMER_BILL;
use crate::difference::Difference;

/// The numbers that there are.
#[derive(Debug, Default)]
pub(crate) struct Numbers<'b> {
    /// The bill that has each.
    bills: BTreeMap<&'b str, &'b str>,
    series: BTreeMap<&'b str, Series<'b>>,
}

/// Numbers that are the same up to the digits at their ends. A deployment whose numbers end in
/// something else than their count, such as a year, has series that say nothing.
#[derive(Debug, Default)]
struct Series<'b> {
    taken: BTreeSet<u64>,
    /// The last that was made here, and its bill.
    last: Option<(u64, &'b str)>,
}

impl<'b> Numbers<'b> {
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
        let prefix = number.trim_end_matches(|end: char| end.is_ascii_digit());
        if let Ok(at) = number[prefix.len()..].parse() {
            let series = self.series.entry(prefix).or_default();
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
        for (prefix, Series { taken, last }) in &self.series {
            let Some((last, bill)) = last else { continue };
            let mut next = 1;
            for &at in taken.range(1..=*last) {
                if at > next {
                    let gap = match at - next {
                        1 => format!("{prefix}{next}"),
                        _ => format!("{prefix}{next} to {prefix}{}", at - 1),
                    };
                    let found = format!("the last of a series without {gap}");
                    let expected = "the last of a series without a gap";
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
    fn findings(numbers: &[&str]) -> Vec<String> {
        let mut all = Numbers::default();
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
            assert_eq!(findings(right), Vec::<String>::new(), "{right:?}");
        }
        for (wrong, expected) in [
            (&["A1", "A3"][..], &["the last of a series without A2"][..]),
            (&["A2"], &["the last of a series without A1"]),
            (&["A1", "A5", "*A9"], &["the last of a series without A2 to A4"]),
            (&["A1", "A2", "A1"], &["A1"]),
            (&["none", "*none"], &["none"]),
        ] {
            assert_eq!(findings(wrong), expected, "{wrong:?}");
        }
    }
}
