//! What benchmarks and the soak share.
//!
//! # Layout
//!
//! * [`served`] – a store that several hosts use, on a server of its own, and how far away it is.
//! * [`machine`] – what figures are from.

#![forbid(unsafe_code)]

pub mod machine;
pub mod served;
