//! What stands on accounts: what their unbilled items cost, and what remains of their open bills.
//!
//! Every change of an item or a bill adds a *posting* to its billing account, and to the financial account
//! that this belongs to, in the transaction of the change. A posting is a key of its own that nobody has
//! read, so changes for one account, or for many accounts of one financial account, do not wait for each
//! other. The balance of an account is the sum of its postings. One posting in [`FOLDED_BY_ONE_IN`] folds
//! those that there are into a total, so that there are never many.
//!
//! | key | value |
//! |---|---|
//! | `ledger/{kind}/{account}/{currency}/p/{transaction}` | what a transaction adds |
//! | `ledger/{kind}/{account}/{currency}/t` | the sum of what was folded |
//!
//! # Layout
//!
//! * [`posting`] – what a change adds.
//! * [`balances`] – what all of them add up to, and how that is shown.

#![forbid(unsafe_code)]

pub mod balances;
pub mod posting;

pub use balances::{Balance, balances, is_empty, show, strip};
pub use posting::{Account, Posting, clear, post};

/// What all keys begin with.
const SPACE: &str = "ledger/";

/// How many postings there are for one that folds.
pub const FOLDED_BY_ONE_IN: u8 = 32;
