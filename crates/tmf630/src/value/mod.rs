//! Attributes and their values.

use serde_json::{Map, Value};

pub(crate) mod address;
pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod id;
pub(crate) mod path;
pub(crate) mod time;

/// The JSON object that a resource is.
pub(crate) type Document = Map<String, Value>;
