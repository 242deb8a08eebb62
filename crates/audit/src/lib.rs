//! `cargo xtask audit`: recomputes every bill and balance of a tenant from its items, and says
//! where what the application shows is something else.
//!
//! [`Auditor`] is given documents, in any order, and keeps sums of them by bill and account: a
//! million items need no more memory than the bills that they are on. It knows nothing of HTTP;
//! [`read`] gives it what a running application has.
//!
//! What holds of a tenant:
//!
//! | of | what must hold |
//! |---|---|
//! | a bill made here | `taxExcludedAmount`, `taxItem`, `taxIncludedAmount` and `amountDue` follow from its items; these are of its account, and in one currency; its state goes with its payments |
//! | any bill | `remainingAmount` is `amountDue` without the payments; no other has its `billNo` |
//! | a series of numbers | it begins with 1, and has no gap up to the last that was made here |
//! | an unbilled item | it is on no bill, and its account is there |
//! | a billing account | its balances `unbilled` and `receivable` are what its unbilled items cost and what remains of its bills that are not settled |
//! | a financial account | its balances are the sums of those of the billing accounts that refer to it |
//!
//! A bill was made here if it has a number and items: those that were made elsewhere have their
//! items there.
//!
//! # Layout
//!
//! * [`Auditor`] – what is given, and what follows from it.
//! * [`Difference`] – where something else is shown.
//! * `bill` – a bill, and what must be on it.
//! * `items` – the items of a bill, added up.
//! * `balances` – accounts, and what must stand on them.
//! * [`NumberFormat`] – what bills are numbered by, and what is left out.
//! * [`read`] – all documents of a running application.

#![forbid(unsafe_code)]

mod auditor;
mod balances;
mod bill;
mod difference;
mod items;
mod numbers;
mod over_http;

pub use auditor::{Auditor, Counts};
pub use balances::AccountKind;
pub use difference::Difference;
pub use numbers::NumberFormat;
pub use over_http::read;
