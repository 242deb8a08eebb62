//! What resources can be found by without reading every one.

use schemas::Kind;
use serde_json::Value;

use crate::value::HIDDEN;
use crate::value::path;

/// Shows each text that a document is found by.
pub type Values = fn(&Value, &mut dyn FnMut(&str));

/// Something that resources can be found by.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// The dotted path of the attribute, or what the values are called that are not simply those of
    /// an attribute.
    pub path: &'static str,
    /// Text, times, or true and false.
    pub kind: Kind,
    /// Whether a resource can have several values.
    pub is_multiple: bool,
    /// Where the values are not those of an attribute: shows each that the document has.
    pub values: Option<Values>,
    /// The dotted path of an attribute with a single text, where the order of the index is one within
    /// each of its values. Such an index has nothing for resources without it.
    pub within: Option<&'static str>,
}

impl Index {
    /// An attribute with a text.
    pub const fn text(path: &'static str) -> Self {
        Self { path, kind: Kind::Text, is_multiple: false, values: None, within: None }
    }

    /// An attribute with any number of texts. Such an index has nothing for resources without any.
    pub const fn texts(path: &'static str) -> Self {
        Self { path, kind: Kind::Text, is_multiple: true, values: None, within: None }
    }

    /// An attribute with a time.
    pub const fn time(path: &'static str) -> Self {
        Self { path, kind: Kind::Time, is_multiple: false, values: None, within: None }
    }

    /// The same within each value of an attribute with a single text.
    pub const fn within(self, path: &'static str) -> Self {
        Self { within: Some(path), ..self }
    }

    /// An attribute that is true or false.
    pub const fn boolean(path: &'static str) -> Self {
        Self { path, kind: Kind::Boolean, is_multiple: false, values: None, within: None }
    }

    /// Any number of texts that are made of a document, and called `name`.
    pub const fn made(name: &'static str, values: Values) -> Self {
        Self { path: name, kind: Kind::Text, is_multiple: true, values: Some(values), within: None }
    }

    /// Whether it is of an attribute that clients see.
    pub(crate) fn is_of_attribute(&self) -> bool {
        self.values.is_none() && !self.path.starts_with(HIDDEN)
    }

    /// Shows `visit` every text that the document is found by.
    pub(crate) fn visit(&self, document: &Value, visit: &mut dyn FnMut(&str)) {
        match self.values {
            Some(values) => values(document, visit),
            None => {
                path::walk(self.path, document, &mut |value| match (value, self.kind) {
                    (Value::Bool(true), Kind::Boolean) => visit("true"),
                    (Value::Bool(false), Kind::Boolean) => visit("false"),
                    (Value::String(_), Kind::Boolean) => {}
                    (Value::String(text), _) => visit(text),
                    _ => {}
                });
            }
        }
    }
}
