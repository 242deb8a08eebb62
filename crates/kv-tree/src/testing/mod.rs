//! Stores for tests and benchmarks; with the feature `testing`.
//!
//! * [`memory`] – a store in memory; [`faulty`] – one that fails when it is told to; [`metered`] – one
//!   that counts what it is asked to do; [`text`] – a store as text, to be kept in a file.
//! * [`seed`] – random numbers that are the same each time.

pub mod faulty;
pub mod memory;
pub mod metered;
pub mod text;

pub use crate::random::seed;
