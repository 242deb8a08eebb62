//! Rules of accounts that the server keeps and the console shows: plain words in, plain words out, so that both
//! mean the same.
//!
//! # Layout
//!
//! * [`hierarchy`] – which relationships put one account above or below another.
//! * [`life_cycle`] – which state may follow which.

#![forbid(unsafe_code)]

pub mod hierarchy;
pub mod life_cycle;
