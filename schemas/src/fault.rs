//! What is wrong with a value, and where.

use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};

/// One fault of a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where, as a JSON Pointer (RFC 6901). A missing attribute is pointed to as if it were there.
    pub pointer: String,
    /// What would be right, such as `must be a string`.
    pub expectation: String,
    /// Whether the fault is that something required is not there.
    pub missing: bool,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, expectation: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), expectation: expectation.into(), missing: false }
    }

    pub(crate) fn from_error(error: &ValidationError<'_>) -> Self {
        let pointer = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let property = property.as_str().unwrap_or_default();
                let pointer = format!("{pointer}/{}", escape(property));
                Self { missing: true, ..Self::new(pointer, "is required") }
            }
            kind => Self::new(pointer, expectation(kind, error)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        write!(formatter, "{pointer} {}", self.expectation)
    }
}

/// A name as a step of a JSON Pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn expectation(kind: &ValidationErrorKind, error: &ValidationError<'_>) -> String {
    match kind {
        ValidationErrorKind::Type { kind: TypeKind::Single(json_type) } => {
            format!("must be {}", with_article(&json_type.to_string()))
        }
        ValidationErrorKind::Format { format } if format == "date-time" => {
            "must be a date and time with an offset (RFC 3339), such as 2026-01-31T09:30:00Z".into()
        }
        // Wherever one is a fault the other is too: a text that is empty is said to be blank, once.
        ValidationErrorKind::MinLength { limit: 1 } => "must not be blank".into(),
        ValidationErrorKind::Format { format } if format == "not-blank" => {
            "must not be blank".into()
        }
        ValidationErrorKind::MinItems { limit } => match limit {
            1 => "must have at least one item".into(),
            limit => format!("must have at least {limit} items"),
        },
        // The value itself is left out: it can be of any size, and the client knows it.
        _ => format!("is not valid: {}", error.masked_with("the value")),
    }
}

fn with_article(json_type: &str) -> String {
    match json_type.chars().next() {
        Some('a' | 'i' | 'o') => format!("an {json_type}"),
        _ => format!("a {json_type}"),
    }
}
