//! `cargo xtask demo`: fills a running application, through its API, with an operator as there
//! could be one.
//!
//! An operator of networks bills the customers of three partners: on their behalf, in three
//! currencies, in two cycles and on request. Ids and amounts are the same each time, and nothing is
//! changed that is in its place. So a second run, also one after an interruption, finds what the
//! first one left, and completes it. Dates follow from the time of the first run: its last whole
//! month is billed.
//!
//! # Layout
//!
//! * [`calendar`] – the periods that are billed.
//! * [`parties`] – partners and their customers.
//! * [`catalogue`] – bill formats, presentation media and cycle specifications.
//! * [`accounts`] – the accounts of all four kinds.
//! * [`items`] – bill items.
//! * [`imports`] – bills and items that were made elsewhere.
//! * [`load`] – creating all that.
//! * [`billing`] – making bills of it: cycle runs, and requests.
//! * [`payments`] – what becomes of the bills.
//! * [`summary`] – what there is then.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod billing;
pub mod calendar;
pub mod catalogue;
pub mod imports;
pub mod items;
pub mod load;
pub mod parties;
pub mod payments;
pub mod summary;

use client::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT, Client};
use jiff::Timestamp;

use crate::accounts::BillingAccount;
use crate::billing::Billing;
use crate::calendar::Calendar;
use crate::load::Loader;
pub use crate::summary::Summary;

/// Fills the application, as of `now`, and tells what it does.
pub async fn fill(client: &Client, now: Timestamp, tell: &dyn Fn(&str)) -> anyhow::Result<Summary> {
    let calendar = Calendar::at(now)?;
    let accounts = BillingAccount::all();
    let mut loader = Loader::new(client, tell);
    for (resource, documents) in [
        ("billFormat", catalogue::formats()),
        ("billPresentationMedia", catalogue::media()),
        ("billingCycleSpecification", catalogue::cycle_specifications()),
        ("partyAccount", accounts::of_parties()),
        ("financialAccount", accounts::financial()),
        ("settlementAccount", accounts::settlement()),
        ("billingAccount", accounts.iter().map(BillingAccount::document).collect()),
    ] {
        loader.load(ACCOUNT_MANAGEMENT, resource, documents).await?;
    }
    let mut items = imports::items(&accounts, &calendar)?;
    for account in &accounts {
        items.extend(items::of(account, &calendar)?);
    }
    loader.load(CUSTOMER_BILL_MANAGEMENT, "appliedCustomerBillingRate", items).await?;
    let imported = imports::bills(&accounts, &calendar)?;
    loader.load_each(CUSTOMER_BILL_MANAGEMENT, "customerBill", imported).await?;
    let billing = Billing { client, calendar: &calendar, tell };
    let bills = billing.make(&accounts).await?;
    payments::settle(client, bills, tell).await?;
    // Items of a time that no bill has taken: also what is to be billed next is there.
    let unbilled = items::unbilled(&accounts, &calendar)?;
    loader.load(CUSTOMER_BILL_MANAGEMENT, "appliedCustomerBillingRate", unbilled).await?;
    Summary::of(client, loader.tallies).await
}
