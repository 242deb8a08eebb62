//! Carrying out a query.

pub(crate) mod select;
