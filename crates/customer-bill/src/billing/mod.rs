//! Making bills.
//!
//! A bill of few items is made in one transaction. One of many takes them in several ([`Making`]): items are
//! stored as they are on the bill, and while that is not there, which [`unpublished`] knows, they are shown
//! as unbilled. The transaction that stores the bill with its number makes all of it seen at once.
//!
//! # Layout
//!
//! * `making` – taking items, and the bill that comes of them.
//! * `terms` – what a bill says beside its amounts: dates, and what it is for.
//! * `currency` – which one a bill is in; `hindrance` – why it is not made.
//! * `number` – what bills are numbered by.
//! * `period` – the period that bills of a cycle are for.
//! * `run` – making the bills of a cycle.
//! * `unpublished` – which bills are being made.

pub(crate) mod currency;
pub(crate) mod hindrance;
pub(crate) mod making;
pub(crate) mod number;
pub(crate) mod period;
pub(crate) mod run;
pub(crate) mod terms;
pub(crate) mod unpublished;

pub(crate) use making::{ITEMS_AT_ONCE, ITEMS_IN_ONE_TRANSACTION, Making};
pub(crate) use terms::Terms;
