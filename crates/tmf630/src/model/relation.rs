//! What refers to what.

use serde_json::Value;

use super::index::Index;

/// An attribute of some resources that refers to others: the one declaration that references, what
/// refers to a resource, and the index of both follow from.
#[derive(Debug)]
pub struct Relation {
    /// The resources that have the attribute.
    pub from: &'static [&'static str],
    /// The dotted path of the id in the object that refers, such as `billStructure.format.id`.
    pub id: &'static str,
    /// The resources that it can refer to.
    pub to: &'static [&'static str],
}

impl Relation {
    /// What resources that refer to an id are found by.
    pub fn index(&self) -> Index {
        Index::texts(self.id)
    }

    /// The dotted path of the object that refers.
    pub fn path(&self) -> &'static str {
        self.id.strip_suffix(".id").unwrap_or(self.id)
    }
}

/// Whether the object stands for a resource kept elsewhere, rather than for itself.
pub(crate) fn is_reference(object: &Value) -> bool {
    let class = object.get("@type").and_then(Value::as_str);
    class.is_none_or(|class| class.ends_with("Ref"))
}
