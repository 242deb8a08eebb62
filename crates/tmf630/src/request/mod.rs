//! Reading a request, but for its query.

pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod json;
pub(crate) mod negotiation;
pub(crate) mod origin;
pub(crate) mod target;
