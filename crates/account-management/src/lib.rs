//! TMF666, Account Management: its resources, what refers to what, and its rules. What requests do
//! with them is `tmf630`'s.
//!
//! # Layout
//!
//! * [`api`] – the API: its versions, the words for its resources, and what refers to what.
//! * [`accounts`], [`bill_structure`] – the definitions of the seven resources.
//! * `balances` – what stands on accounts.
//! * `hierarchy` – no account lies below itself.
//! * [`hub`] – subscriptions to events.
//! * `life_cycle` – which state may follow which.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod api;
mod balances;
pub mod bill_structure;
mod hierarchy;
pub mod hub;
mod life_cycle;

pub use accounts::{BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT, SETTLEMENT_ACCOUNT};
pub use api::ACCOUNT_MANAGEMENT;
pub use bill_structure::{BILL_FORMAT, BILL_PRESENTATION_MEDIA, BILLING_CYCLE_SPECIFICATION};
pub use hub::HUB;
use tmf630::Definition;

/// All resources.
pub static ALL: [&Definition; 8] = [
    &PARTY_ACCOUNT,
    &BILLING_ACCOUNT,
    &SETTLEMENT_ACCOUNT,
    &FINANCIAL_ACCOUNT,
    &BILL_FORMAT,
    &BILL_PRESENTATION_MEDIA,
    &BILLING_CYCLE_SPECIFICATION,
    &HUB,
];
