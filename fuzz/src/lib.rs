//! Fuzz targets: what reads bytes that may be anything.
//!
//! Each target is a function here, which the tests run on random input, and a program in `targets/`,
//! which `cargo xtask fuzz` runs for as long as one likes.
//!
//! # Layout
//!
//! * [`tree`] – damaged data of a tree.
//! * [`api`] – queries and patches.

#![forbid(unsafe_code)]

pub mod api;
pub mod tree;
