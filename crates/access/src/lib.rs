//! Who makes a request, and what they may do.
//!
//! # Layout
//!
//! * [`caller`] – who was found to make a request: tenant, parties, scopes.

#![forbid(unsafe_code)]

pub mod caller;

pub use caller::{Caller, Identity, Parties, Scopes, Tenant};
