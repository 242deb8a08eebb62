//! What benchmarks share: a store that several hosts use, on a server of its own.
//!
//! # Layout
//!
//! * [`served`] – the server, and how far away it is.

#![forbid(unsafe_code)]

pub mod served;
