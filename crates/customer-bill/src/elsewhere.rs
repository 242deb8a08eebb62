//! What was billed elsewhere, and is kept here as it is.

use schemas::Fault;
use serde_json::{Map, Value, json};
use tmf630::Error;
use tmf630::model::behaviour::HIDDEN;
use tmf630::model::rule::Data;

use crate::account;
use crate::billing::unpublished;
use crate::in_order::bill_of;

/// The hidden member that says that a bill was made elsewhere.
const IMPORTED: &str = "imported";

/// Marks a bill as one that was made elsewhere.
pub(crate) fn mark(bill: &mut Map<String, Value>) {
    bill.insert(HIDDEN.to_owned(), json!({ IMPORTED: true }));
}

/// Whether a bill, as it is stored, was made elsewhere.
fn is_imported(bill: &Value) -> bool {
    bill.get(HIDDEN).and_then(|hidden| hidden.get(IMPORTED)) == Some(&Value::Bool(true))
}

/// Refuses a document whose account its client should see, where it does not: what somebody who acts for
/// parties says was made elsewhere must be for an account of theirs, and nobody's account is hidden.
pub(crate) fn expect_own_account(
    document: &Map<String, Value>,
    data: &dyn Data,
) -> Result<(), Error> {
    match data.is_limited() {
        true => Err(Error::invalid_document(&[account::unknown(document)])),
        false => Ok(()),
    }
}

/// Refuses an item that says that it is on a bill which was made here, or on one of another account.
pub(crate) async fn expect_bill(item: &Map<String, Value>, data: &dyn Data) -> Result<(), Error> {
    let Some(bill) = bill_of(item) else { return Ok(()) };
    let is_of_account = |document: &Value| {
        let account = document.as_object().and_then(account::referred);
        is_imported(document) && account == account::referred(item)
    };
    let is_elsewhere = match data.document("customerBill", bill).await? {
        Some(document) => is_of_account(&document),
        None => !unpublished::has(bill, data).await?,
    };
    match is_elsewhere {
        true => Ok(()),
        false => {
            let expectation = "must be a bill of the account that was made elsewhere";
            Err(Error::invalid_document(&[Fault::new("/bill/id", expectation)]))
        }
    }
}
