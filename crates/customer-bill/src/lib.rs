//! TMF678, Customer Bill Management: bill items, bills, and how bills are made of items. What requests do with
//! resources is `tmf630`'s.
//!
//! # Layout
//!
//! * [`api`] – the API: its versions, and the words for its resources.
//! * [`applied_customer_billing_rate`], [`customer_bill`], [`customer_bill_on_demand`], [`bill_cycle`] –
//!   the four resources, and what the server does with each.
//! * `billing` – making bills.
//! * `in_order` – items by account or bill, in the order of their dates.
//! * `account` – what items and bills take over from accounts.
//! * `payments`, `states` – what becomes of a bill.
//! * `elsewhere` – what was billed elsewhere.
//! * [`hub`] – subscriptions to events.
//! * `document` – a bill with its items, for who checks it.
//! * `settings` – what a deployment can choose.

#![forbid(unsafe_code)]

mod account;
pub mod api;
pub mod applied_customer_billing_rate;
pub mod bill_cycle;
mod billing;
pub mod customer_bill;
pub mod customer_bill_on_demand;
mod document;
mod elsewhere;
pub mod hub;
mod in_order;
mod payments;
mod settings;
mod states;

pub use api::CUSTOMER_BILL_MANAGEMENT;
pub use applied_customer_billing_rate::APPLIED_CUSTOMER_BILLING_RATE;
pub use bill_cycle::BILL_CYCLE;
use billing::{number, run, unpublished};
pub use customer_bill::CUSTOMER_BILL;
pub use customer_bill_on_demand::CUSTOMER_BILL_ON_DEMAND;
pub use hub::HUB;
use ledger::Posting;
use tmf630::model::job::Job;
use tmf630::transfer::Space;
use tmf630::{Definition, Exported};

/// All resources.
pub static ALL: [&Definition; 5] =
    [&APPLIED_CUSTOMER_BILLING_RATE, &CUSTOMER_BILL, &CUSTOMER_BILL_ON_DEMAND, &BILL_CYCLE, &HUB];

/// All that a tenant has which is exported, of both APIs: what keys there are besides follows from these, or is of
/// one store.
pub static EXPORTED: Exported = Exported {
    definitions: &[&account_management::ALL, &ALL],
    spaces: &[
        number::SPACE,
        unpublished::BILLS_SPACE,
        unpublished::ACCOUNTS_SPACE,
        run::SPACE,
        Space { prefix: ledger::SPACE, is_valid: Posting::is_valid, unit: Some(ledger::unit) },
    ],
    jobs: JOBS,
};

/// All kinds of work that go on after requests.
pub static JOBS: &[&dyn Job] = &[&customer_bill_on_demand::BillOnDemand, &bill_cycle::BillRun];
