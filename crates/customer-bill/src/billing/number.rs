//! What bills are numbered by: without gaps, and no number twice.
//!
//! The last number of a series is a key that the transaction of each bill changes, so a bill that is not
//! made takes no number, and two bills cannot take the same. That is also why bills of a tenant are numbered
//! one after the other.

use bytes::Bytes;
use tmf630::Error;
use tmf630::model::behaviour::Work;
use tmf630::model::index::Index;
use tmf630::model::rule::{Data, Texts};
use tmf630::transfer::Space;

use crate::settings::NumberFormat;

/// What bills are found by.
pub(crate) const BILL_NO: Index = Index::text("billNo");

/// The name of bills in paths.
const BILL: &str = "customerBill";

/// What the keys of series begin with.
const SERIES: &str = "bills/number/";

/// No series becomes as long.
const MOST: u64 = 1 << 53;

/// The last numbers, as an export has them.
pub(crate) const SPACE: Space = Space {
    prefix: SERIES,
    is_valid: |_, number| parse(number).is_some_and(|number| number < MOST),
    unit: None,
};

/// How many numbers that follow are looked at one by one, for one that no import has.
const LOOKED_AT: u64 = 50;

/// How often ranges of numbers are looked at then.
const MOST_RANGES: usize = 5_000;

/// The next number of a year.
pub(crate) async fn next(work: &mut dyn Work, year: i16) -> Result<String, Error> {
    let settings = work.settings().clone();
    let series = Series { format: NumberFormat::of(&settings)?, year };
    let key = format!("{SERIES}{}", series.format.series(year));
    let last = match work.get(&key).await? {
        Some(last) => parse(&last).ok_or_else(|| Error::internal(format!("{key} is damaged")))?,
        None => 0,
    };
    let number = series.first_free_after(last, &*work).await?;
    work.put(key, Bytes::from(number.to_string()));
    Ok(series.format.number(year, number))
}

/// The numbers of a year.
struct Series<'s> {
    format: NumberFormat<'s>,
    year: i16,
}

impl Series<'_> {
    async fn first_free_after(&self, last: u64, data: &dyn Data) -> Result<u64, Error> {
        let mut number = last.saturating_add(1);
        while number <= last.saturating_add(LOOKED_AT) && number < MOST {
            if !is_taken(&self.format.number(self.year, number), data).await? {
                return Ok(number);
            }
            number += 1;
        }
        // Many in a row were imported. How many numbers of a range are taken is known without a look at each.
        let mut width = LOOKED_AT;
        for _ in 0..MOST_RANGES {
            if self.are_taken(number, width, data).await? {
                number = number.saturating_add(width);
                width = width.saturating_mul(2);
            } else if width > 1 {
                width /= 2;
            } else if !is_taken(&self.format.number(self.year, number), data).await? {
                return Ok(number);
            } else {
                number += 1;
            }
        }
        let series = self.format.series(self.year);
        let message = format!("No number of the series {series} is free behind {last}.");
        Err(Error::conflict("There is no number for a bill", message))
    }

    /// Whether all of so many numbers are taken, as far as their texts sort as they do.
    async fn are_taken(&self, number: u64, width: u64, data: &dyn Data) -> Result<bool, Error> {
        let text = |number| self.format.number(self.year, number);
        let (from, to) = (text(number), text(number.saturating_add(width)));
        let texts = Texts { from: &from, to: &to, after: None };
        Ok(from.len() == to.len() && data.count(BILL, BILL_NO, texts).await? >= width)
    }
}

fn parse(number: &[u8]) -> Option<u64> {
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Whether a bill has the number.
pub(crate) async fn is_taken(bill_no: &str, data: &dyn Data) -> Result<bool, Error> {
    Ok(!data.found(BILL, BILL_NO, bill_no, 1).await?.is_empty())
}
