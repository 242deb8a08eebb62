//! Attributes and their values.

pub(crate) mod address;
pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod id;
pub(crate) mod path;
