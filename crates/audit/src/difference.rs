//! Where something else is shown than what must be.

use std::fmt;

use serde_json::Value;

/// An attribute of a resource that is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The name of the resource in paths, such as `customerBill`.
    pub resource: &'static str,
    /// The id of the resource.
    pub id: String,
    /// Which attribute, such as `amountDue`.
    pub attribute: String,
    /// What it is.
    pub found: String,
    /// What it must be.
    pub expected: String,
}

impl Difference {
    pub(crate) fn new(
        resource: &'static str,
        id: &str,
        attribute: impl Into<String>,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        Self {
            resource,
            id: id.to_owned(),
            attribute: attribute.into(),
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }
}

/// Such as `customerBill 42 amountDue: is 1.00 EUR, must be 1.01 EUR`.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, id, attribute, found, expected } = self;
        write!(formatter, "{resource} {id} {attribute}: is {found}, must be {expected}")
    }
}

/// What an attribute that may be missing is, in words.
pub(crate) fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| value.to_string())
}

/// The text at a JSON Pointer.
pub(crate) fn text<'d>(document: &'d Value, pointer: &str) -> Option<&'d str> {
    document.pointer(pointer)?.as_str()
}
