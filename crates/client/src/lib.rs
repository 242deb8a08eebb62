//! A client of the running application, for native programs that fill it or look at it.
//!
//! Errors name the request, and the answer that was not expected. What the application refuses
//! because it is busy (503, with no effect) is sent again.
//!
//! # Layout
//!
//! * [`Client`] – requests, and what is expected of their answers.
//! * [`Pages`] – a list, page by page.
//! * [`each`] – many requests at once.

#![forbid(unsafe_code)]

mod at_once;
mod pages;
mod request;

pub use at_once::each;
pub use pages::Pages;
pub use request::{Answer, Client, Created};
pub use reqwest::{Method, StatusCode};

/// Where TMF666 is, in the version that these programs speak.
pub const ACCOUNT_MANAGEMENT: &str = "/tmf-api/accountManagement/v5";

/// Where TMF678 is.
pub const CUSTOMER_BILL_MANAGEMENT: &str = "/tmf-api/customerBillManagement/v5";
