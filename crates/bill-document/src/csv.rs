//! The items of a bill for spreadsheets: a header line, and a line for each item (RFC 4180).
//!
//! A text that a spreadsheet would take for a formula begins with an apostrophe. Amounts stay
//! numbers.

use std::fmt::{Result, Write};

use money::Money;
use serde_json::Value;

use crate::read::{self, Amount};

/// The media type of what is written here.
pub const MEDIA_TYPE: &str = "text/csv;charset=utf-8";

/// What the columns are called.
const COLUMNS: &str = "id,date,name,description,appliedBillingRateType,periodStart,periodEnd,productId,productName,\
                       unit,taxExcludedAmount,appliedTax,taxAmount,taxIncludedAmount\r\n";

/// The whole document.
pub fn document<'a>(items: impl IntoIterator<Item = &'a Value>) -> String {
    let mut document = COLUMNS.to_owned();
    for item in items {
        // Writing to a string cannot fail.
        let _ = self::item(&mut document, item);
    }
    document
}

/// What comes before the items: the header line.
pub fn head(out: &mut impl Write) -> Result {
    out.write_str(COLUMNS)
}

/// The line of one item.
///
/// `appliedTax` is all of its taxes as a text, `taxAmount` their exact sum; it is empty where they
/// have none.
pub fn item(out: &mut impl Write, item: &Value) -> Result {
    let [excluded, included] =
        ["taxExcludedAmount", "taxIncludedAmount"].map(|name| Amount::of(item, name));
    let taxes = read::elements(item, "appliedTax");
    let unit = excluded.as_ref().or(included.as_ref()).map_or("", |amount| &amount.unit);
    let paths: [&[&str]; 9] = [
        &["id"],
        &["date"],
        &["name"],
        &["description"],
        &["appliedBillingRateType"],
        &["periodCoverage", "startDateTime"],
        &["periodCoverage", "endDateTime"],
        &["product", "id"],
        &["product", "name"],
    ];
    for path in paths {
        text(out, read::text(item, path).unwrap_or_default())?;
        out.write_char(',')?;
    }
    text(out, unit)?;
    out.write_char(',')?;
    amount(out, excluded.as_ref())?;
    out.write_char(',')?;
    text(out, &taxes.iter().map(tax).collect::<Vec<_>>().join("; "))?;
    out.write_char(',')?;
    amount(out, sum(taxes).as_ref())?;
    out.write_char(',')?;
    amount(out, included.as_ref())?;
    out.write_str("\r\n")
}

fn tax(tax: &Value) -> String {
    let amount = Amount::of(tax, "taxAmount").map(|amount| format!(" {}", amount.digits));
    read::tax(tax) + &amount.unwrap_or_default()
}

fn sum(taxes: &[Value]) -> Option<Amount> {
    let mut amounts = taxes.iter().map(|tax| Money::read_sum(tax.get("taxAmount")?, "").ok());
    let first = amounts.next()??;
    let sum = amounts.try_fold(first, |sum, amount| sum.plus(&amount?).ok())?;
    Some(Amount::of_money(&sum))
}

fn amount(out: &mut impl Write, amount: Option<&Amount>) -> Result {
    match amount {
        Some(amount) if amount.is_money => out.write_str(&amount.digits),
        Some(amount) => text(out, &amount.digits),
        None => Ok(()),
    }
}

/// A field that is text.
fn text(out: &mut impl Write, text: &str) -> Result {
    let is_quoted = text.contains(['"', ',', ';', '\r', '\n', '\t', '\'']);
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let (quote, apostrophe) =
        (if is_quoted { "\"" } else { "" }, if is_formula { "'" } else { "" });
    write!(out, "{quote}{apostrophe}")?;
    for (at, part) in text.split('"').enumerate() {
        write!(out, "{}{part}", if at > 0 { "\"\"" } else { "" })?;
    }
    out.write_str(quote)
}
