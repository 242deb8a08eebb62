//! What bills are numbered by: without gaps, and no number twice.
//!
//! The last number of a series is a key that the transaction of each bill changes, so a bill that is not
//! made takes no number, and two bills cannot take the same. That is also why bills of a tenant are numbered
//! one after the other.

use bytes::Bytes;
use tmf630::Error;
use tmf630::model::behaviour::Work;
use tmf630::model::index::Index;
use tmf630::model::rule::Data;

use crate::settings::NumberFormat;

/// What bills are found by.
pub(crate) const BILL_NO: Index = Index::text("billNo");

/// What the keys of series begin with.
const SERIES: &str = "bills/number/";

/// How many numbers in a row may have been taken by bills that were made elsewhere.
const MOST_TAKEN: usize = 10_000;

/// The next number of a year.
pub(crate) async fn next(work: &mut dyn Work, year: i16) -> Result<String, Error> {
    let settings = work.settings().clone();
    let format = NumberFormat::of(&settings)?;
    let key = format!("{SERIES}{}", format.series(year));
    let last = work.get(&key).await?;
    let mut number = match &last {
        Some(last) => parse(last).ok_or_else(|| Error::internal(format!("{key} is damaged")))?,
        None => 0_u64,
    };
    for _ in 0..MOST_TAKEN {
        number = number.checked_add(1).ok_or_else(|| Error::internal("there is no next number"))?;
        let bill_no = format.number(year, number);
        if !is_taken(&bill_no, &*work).await? {
            work.put(key, Bytes::from(number.to_string()));
            return Ok(bill_no);
        }
    }
    Err(Error::internal(format!("{MOST_TAKEN} numbers of bills in a row are taken")))
}

fn parse(number: &[u8]) -> Option<u64> {
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Whether a bill has the number.
pub(crate) async fn is_taken(bill_no: &str, data: &dyn Data) -> Result<bool, Error> {
    Ok(!data.found("customerBill", BILL_NO, bill_no, 1).await?.is_empty())
}
