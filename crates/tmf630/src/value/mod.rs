//! Attributes and their values, and how they compare.
//!
//! # Layout
//!
//! * `path` – where an attribute is in a document.
//! * `compare` – how its value compares to what a query says.
//! * `decimal`, `time` – numbers and times.
//! * `address` – what may be a part of an address.

pub(crate) use schemas::json::HIDDEN;
use serde_json::{Map, Value};

pub(crate) mod address;
pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod path;
pub(crate) mod size;
pub(crate) mod time;

/// The JSON object that a resource is.
pub(crate) type Document = Map<String, Value>;
