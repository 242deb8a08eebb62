//! What stands on accounts: what their unbilled items cost, and what remains of their open bills.
//!
//! Every change of an item or a bill adds a *posting* to its billing account, and to the financial account
//! that this belongs to, in the transaction of the change. A posting is a key of its own that nobody has
//! read, so changes for one account, or for many accounts of one financial account, do not wait for each
//! other. The balance of an account is the sum of its postings. One posting in [`ONE_FOLDS_IN`] folds
//! up to 256 that there are into a total, so that there are some dozens, and hardly ever hundreds.
//!
//! | key | value |
//! |---|---|
//! | `ledger/{kind}/{account}/{currency}/p/{transaction}` | what a transaction adds |
//! | `ledger/{kind}/{account}/{currency}/t` | the sum of what was folded |
//!
//! # Layout
//!
//! * `keys` – where that lies.
//! * [`posting`] – what a change adds.
//! * [`balances`] – what all of them add up to, and how that is shown.

#![forbid(unsafe_code)]

pub mod balances;
mod keys;
pub mod posting;

pub use balances::{Balance, balances, is_empty, show, strip};
pub use keys::{Account, SPACE, unit};
pub use posting::{Posting, clear, post};

/// How many postings there are for one that folds.
pub const ONE_FOLDS_IN: u32 = 32;
