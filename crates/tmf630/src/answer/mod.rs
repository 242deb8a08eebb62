//! What is answered, and what is noted of it.

pub(crate) mod exchange;
pub(crate) mod journal;
pub(crate) mod links;
pub(crate) mod view;
