//! Fuzz targets: what reads bytes that may be anything.
//!
//! Each target is a function here, which the tests run on random input, and a program in `targets/`,
//! which `cargo xtask fuzz` runs for as long as one likes.
//!
//! # Layout
//!
//! * [`tree`] – damaged data of a tree.
//! * [`api`] – queries and patches.
//! * [`bills`] – bill items, and the bills that are made of them.
//! * [`callers`] – access tokens, and what is said of their issuers.
//! * [`callbacks`] – where events are sent to.

#![forbid(unsafe_code)]

pub mod api;
pub mod bills;
pub mod callbacks;
pub mod callers;
pub mod tree;
