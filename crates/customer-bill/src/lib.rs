//! TMF678, Customer Bill Management: its resources. What requests do with them is `tmf630`'s.
//!
//! # Layout
//!
//! * [`api`] – the API: its versions, and the words for its resources.
//! * [`applied_customer_billing_rate`], [`customer_bill`], [`customer_bill_on_demand`], [`bill_cycle`] –
//!   the definitions of the four resources.

#![forbid(unsafe_code)]

pub mod api;
pub mod applied_customer_billing_rate;
pub mod bill_cycle;
pub mod customer_bill;
pub mod customer_bill_on_demand;

pub use api::CUSTOMER_BILL_MANAGEMENT;
pub use applied_customer_billing_rate::APPLIED_CUSTOMER_BILLING_RATE;
pub use bill_cycle::BILL_CYCLE;
pub use customer_bill::CUSTOMER_BILL;
pub use customer_bill_on_demand::CUSTOMER_BILL_ON_DEMAND;
use tmf630::Definition;

/// All resources.
pub static ALL: [&Definition; 4] =
    [&APPLIED_CUSTOMER_BILLING_RATE, &CUSTOMER_BILL, &CUSTOMER_BILL_ON_DEMAND, &BILL_CYCLE];
