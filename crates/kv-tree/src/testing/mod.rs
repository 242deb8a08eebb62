//! Stores for tests and benchmarks; with the feature `testing`.
//!
//! * [`memory`] – a store in memory; [`faulty`] – one that fails when it is told to; [`metered`] – one
//!   that counts what it is asked to do; [`text`] – a store as text, to be kept in a file.

pub mod faulty;
pub mod memory;
pub mod metered;
pub mod text;
