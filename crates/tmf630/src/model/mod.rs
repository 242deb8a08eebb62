//! What an API declares of itself: data, from which the pipeline follows.

pub mod api;
pub mod definition;
pub mod index;
pub mod operation;
pub mod relation;
pub mod rule;
pub mod variable;
pub mod version;
