//! Stores for tests and benchmarks; with the feature `testing`.
//!
//! * [`memory`] – a store in memory; [`faulty`] – one that fails when it is told to; [`metered`] – one
//!   that counts what it is asked to do.

pub mod faulty;
pub mod memory;
pub mod metered;
