//! Attributes and their values, and how they compare.
//!
//! # Layout
//!
//! * `path` – where an attribute is in a document.
//! * `compare` – how its value compares to what a query says.
//! * `decimal`, `time` – numbers and times.
//! * `id`, `address` – what may be an id, and what a part of an address.

use serde_json::{Map, Value};

pub(crate) mod address;
pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod id;
pub(crate) mod path;
pub(crate) mod size;
pub(crate) mod time;

/// The member of a stored document that no client sees, nor sends: what the server keeps with it.
pub(crate) const HIDDEN: &str = "$server";

/// The JSON object that a resource is.
pub(crate) type Document = Map<String, Value>;
