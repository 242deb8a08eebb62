//! What is sent to the callbacks of others: where it may go, how it is signed, and when it is sent
//! again. Nothing here sends anything.
//!
//! # Layout
//!
//! * `callback` – the URL that somebody wants to be called at.
//! * `host` – the host of a URL: a name, or an address in whatever spelling.
//! * `allowed_hosts` – which hosts a deployment lets requests go to.
//! * `address` – which addresses and names are those of an inner network.
//! * `signature` – how who is called can tell who calls.
//! * `retry` – when something is sent again that did not arrive.

#![forbid(unsafe_code)]

mod address;
mod allowed_hosts;
mod callback;
mod host;
mod retry;
mod signature;

pub use address::is_private_address;
pub use allowed_hosts::AllowedHosts;
pub use callback::Callback;
pub use retry::{Retry, seconds};
pub use signature::{new_secret, signature};
