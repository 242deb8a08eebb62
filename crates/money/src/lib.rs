//! Exact money, and the arithmetic of bill items, bills and payments.
//!
//! What TMF678 calls `Money` is a currency and a decimal number. Amounts are read digit by digit
//! from the number that a client wrote, never through binary floating point, and every sum is
//! exact. The crate knows nothing of the store, of HTTP, or of whose bills these are.
//!
//! # Promises
//!
//! Each is guarded by the tests in the file that it names.
//!
//! * A sum is exact or an error: nothing is rounded but what a bill shows, and that once (`bills`).
//! * Totals do not depend on the order of items, nor on how they were put together (`totals`).
//! * A bill's included amount is the sum of its excluded amount and its taxes, whatever was rounded
//!   (`bills`).
//! * An item keeps the digits that the client gave; what it left out is computed exactly (`items`).
//! * No JSON makes any of this panic (`anything`).
//!
//! # Layout
//!
//! * [`error`] – what arithmetic cannot do.
//! * [`currency`] – the currencies of ISO 4217 and their decimals.
//! * `exact` – decimal numbers: from digits, to digits, sums and their limits.
//! * `money` – an amount in a currency, as JSON and as a value to compute with.
//! * `attribute` – attributes of documents, with the faults that they have.
//! * [`item`] – what a bill item costs, and completing what a client left out.
//! * [`totals`] – the running sum over items.
//! * [`bill`] – the amounts that a bill shows, rounded.
//! * [`payment`] – what was paid of a bill, and what remains.

#![forbid(unsafe_code)]

mod attribute;
pub mod bill;
pub mod currency;
pub mod error;
mod exact;
pub mod item;
mod money;
pub mod payment;
pub mod totals;

pub use bill::{BillAmounts, Rounding, TaxItem};
pub use currency::Currency;
pub use error::Error;
pub use exact::{LIMIT_OF_AMOUNTS, LIMIT_OF_SUMS, MOST_DECIMALS, sum};
pub use item::{ItemAmounts, ItemTax, complete_item};
pub use money::Money;
pub use payment::{paid, remaining};
pub use rust_decimal::Decimal;
pub use totals::Totals;
