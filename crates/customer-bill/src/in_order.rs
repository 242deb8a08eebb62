//! Items in the order of their dates: those of an account that are on no bill, in each currency, and those of
//! a bill.

use jiff::Timestamp;
use money::Currency;
use schemas::Fault;
use serde_json::{Map, Value};
use tmf630::model::index::Index;
use tmf630::model::rule::{Data, Entry, Texts};
use tmf630::{Error, is_id};

use crate::account::referred;
use crate::billing::hindrance::{Hindrance, unreadable};
use crate::billing::terms::read_time;

/// The name of items in paths.
pub(crate) const ITEM: &str = "appliedCustomerBillingRate";

/// Finds those on no bill by account, currency and date, and others by bill and date.
pub(crate) const IN_ORDER: Index = Index::made("inOrder", |item, visit| {
    if let Some(text) = item.as_object().and_then(text_of) {
        visit(&text);
    }
});

/// Stands between the parts of what items are found by. No part has it.
const SEPARATOR: char = '\u{1}';

/// Sorts behind everything that goes on with the separator.
const BEHIND: char = '\u{2}';

/// Whether an item is on no bill.
pub(crate) fn is_unbilled(item: &Map<String, Value>) -> bool {
    item.get("isBilled") != Some(&Value::Bool(true))
}

/// How long a document may be, with the parties that are kept with it, in bytes.
const MAX_BYTES: usize = 1_000_000;

/// Refuses a document that has no room for the bill that it is going to refer to: a resource has up to 1 MiB.
pub(crate) fn expect_room(document: &Map<String, Value>) -> Result<(), Error> {
    let bytes = serde_json::to_vec(document).map_err(Error::internal)?.len();
    match bytes > MAX_BYTES {
        true => {
            let expectation =
                format!("may have up to {MAX_BYTES} bytes with the parties of its account");
            Err(Error::invalid_document(&[Fault::new("", expectation)]))
        }
        false => Ok(()),
    }
}

fn text_of(item: &Map<String, Value>) -> Option<String> {
    // Beyond what a timestamp can be is beyond every date that bills are made for.
    let date = item.get("date").and_then(Value::as_str);
    let date = sortable(date.and_then(read_time).unwrap_or(Timestamp::MAX));
    if !is_unbilled(item) {
        // What was billed elsewhere can say anything of its bill.
        return Some(of_bill(bill_of(item).filter(|bill| is_id(bill))?) + &date);
    }
    let account = referred(item).filter(|account| is_id(account))?;
    let currency = item.get("taxExcludedAmount")?.get("unit")?.as_str()?;
    Some(format!("{account}{SEPARATOR}{currency}{SEPARATOR}{date}"))
}

/// What the texts of items on a bill begin with. No account is called so.
fn of_bill(bill: &str) -> String {
    format!("{BEHIND}{bill}{SEPARATOR}")
}

/// The id of the bill that an item is on.
pub(crate) fn bill_of(item: &Map<String, Value>) -> Option<&str> {
    item.get("bill")?.get("id")?.as_str()
}

/// The time as a text that sorts as times do.
fn sortable(time: Timestamp) -> String {
    format!("{:022}", time.as_nanosecond() - Timestamp::MIN.as_nanosecond())
}

/// The unbilled items of an account in a currency, up to a time.
pub(crate) struct Unbilled {
    from: String,
    to: String,
}

impl Unbilled {
    /// Those of the account.
    pub fn of(account: &str, currency: Currency, until: Timestamp) -> Self {
        let from = format!("{account}{SEPARATOR}{}{SEPARATOR}", currency.code());
        // The time itself is among them.
        let to = format!("{from}{}{SEPARATOR}", sortable(until));
        Self { from, to }
    }

    fn texts<'t>(&'t self, after: Option<&'t [u8]>) -> Texts<'t> {
        Texts { from: &self.from, to: &self.to, after }
    }

    /// How many there are.
    pub async fn count(&self, data: &dyn Data) -> Result<u64, Error> {
        data.count(ITEM, IN_ORDER, self.texts(None)).await
    }

    /// Some of them, behind the entry that was seen last.
    pub async fn some(
        &self,
        after: Option<&[u8]>,
        limit: usize,
        data: &dyn Data,
    ) -> Result<Vec<Entry>, Error> {
        data.entries(ITEM, IN_ORDER, self.texts(after), limit).await
    }
}

/// Some of the items on the bill, behind the entry that was seen last.
pub(crate) async fn on_bill(
    bill: &str,
    after: Option<&[u8]>,
    limit: usize,
    data: &dyn Data,
) -> Result<Vec<Entry>, Error> {
    let from = of_bill(bill);
    let to = format!("{BEHIND}{bill}{BEHIND}");
    data.entries(ITEM, IN_ORDER, Texts { from: &from, to: &to, after }, limit).await
}

/// The currencies in which the account has unbilled items up to a time, in their order.
pub(crate) async fn currencies(
    account: &str,
    until: Timestamp,
    data: &dyn Data,
) -> Result<Vec<Currency>, Hindrance> {
    let to = format!("{account}{BEHIND}");
    let mut from = format!("{account}{SEPARATOR}");
    let mut currencies = Vec::new();
    loop {
        let texts = Texts { from: &from, to: &to, after: None };
        let first = data.entries(ITEM, IN_ORDER, texts, 1).await?;
        let Some(first) = first.first() else { return Ok(currencies) };
        let item = data.document(ITEM, &first.id).await?;
        let code = item.as_ref().and_then(|item| item.pointer("/taxExcludedAmount/unit")?.as_str());
        let currency = code.and_then(Currency::from_code);
        let currency = currency.ok_or_else(|| unreadable(&first.id))?;
        if Unbilled::of(account, currency, until).count(data).await? > 0 {
            currencies.push(currency);
        }
        from = format!("{account}{SEPARATOR}{}{BEHIND}", currency.code());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_texts() {
        let times = [
            "-000001-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "1800-01-01T00:00:00.5Z",
            "1800-01-01T00:00:00.6Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
            "2026-11-27T00:00:00.000000001Z",
            "9999-12-30T22:00:00Z",
        ];
        let texts: Vec<_> = times.iter().map(|time| sortable(time.parse().unwrap())).collect();
        assert!(texts.is_sorted_by(|a, b| a < b), "{texts:?}");
    }
}
