//! Which bills are being made: their items are stored as billed, and shown as unbilled.
//!
//! An account has one bill made for it at a time.

use std::collections::BTreeSet;

use bytes::Bytes;
use tmf630::Error;
use tmf630::is_id;
use tmf630::model::behaviour::Work;
use tmf630::model::rule::Data;
use tmf630::transfer::Space;

/// What the keys of bills begin with that are being made; their ids follow.
const BILLS: &str = "bills/unpublished/";

/// What the keys of accounts begin with that bills are being made for; their ids follow.
const ACCOUNTS: &str = "bills/account/";

/// The bills, as an export has them.
pub(crate) const BILLS_SPACE: Space =
    Space { prefix: BILLS, is_valid: |_, value| value.is_empty(), unit: None };

/// The accounts.
pub(crate) const ACCOUNTS_SPACE: Space =
    Space { prefix: ACCOUNTS, is_valid: |_, bill| is_id_in(bill), unit: None };

/// Whether a value is the id of a bill.
pub(super) fn is_id_in(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(is_id)
}

/// How many bills can be in the making.
const MOST: usize = 100_000;

/// Whether any bill is being made.
pub(crate) async fn is_any(data: &dyn Data) -> Result<bool, Error> {
    Ok(!data.scan(BILLS, 1).await?.is_empty())
}

/// The ids of all bills that are being made.
pub(crate) async fn all(data: &dyn Data) -> Result<BTreeSet<String>, Error> {
    let found = data.scan(BILLS, MOST).await?;
    Ok(found.into_iter().map(|(key, _)| key[BILLS.len()..].to_owned()).collect())
}

/// Whether the bill with the id is being made.
pub(crate) async fn has(bill: &str, data: &dyn Data) -> Result<bool, Error> {
    Ok(data.get(&format!("{BILLS}{bill}")).await?.is_some())
}

/// Whether a bill is being made for the account.
pub(crate) async fn is_for(account: &str, data: &dyn Data) -> Result<bool, Error> {
    Ok(data.get(&format!("{ACCOUNTS}{account}")).await?.is_some())
}

/// Notes that the bill is being made for the account.
pub(crate) fn begin(work: &mut dyn Work, bill: &str, account: &str) {
    work.put(format!("{BILLS}{bill}"), Bytes::new());
    work.put(format!("{ACCOUNTS}{account}"), Bytes::copy_from_slice(bill.as_bytes()));
}

/// Notes that the bill is not being made any more. If it is there, its items are seen as billed from now on.
pub(crate) fn end(work: &mut dyn Work, bill: &str, account: &str) {
    work.delete(format!("{BILLS}{bill}"));
    work.delete(format!("{ACCOUNTS}{account}"));
}
