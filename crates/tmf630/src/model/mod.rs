//! What an API declares of itself, and nothing else.

pub mod definition;
pub mod version;
