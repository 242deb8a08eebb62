//! A bill and its items as what a person checks: HTML that prints well, and CSV.
//!
//! Both are written in pieces, so that a bill of 100,000 items needs not be in memory at once: what
//! comes before the items, each item, what comes after them. The documents are TMF678
//! `CustomerBill` and `AppliedCustomerBillingRate` in their v5 form. Any JSON is taken: what is
//! missing is left out.
//!
//! # Promises
//!
//! Each is guarded by the tests in the file that it names.
//!
//! * Digits are those that are stored; zeros are added until an amount has its currency's decimals
//!   (`html`).
//! * No text of a document becomes markup (`html`), nor a formula in a spreadsheet or a further
//!   field (`csv`).
//! * The HTML needs nothing but itself: it has its style, no script, and refers to nothing
//!   (`html`).
//!
//! # Layout
//!
//! * `read` – what both show of a document.
//! * [`html`] – for people, on screens and on A4.
//! * [`csv`] – for spreadsheets: the items.

#![forbid(unsafe_code)]

pub mod csv;
pub mod html;
mod read;
