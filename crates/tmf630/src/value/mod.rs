//! Attributes and their values.

pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod path;
pub(crate) mod time;
