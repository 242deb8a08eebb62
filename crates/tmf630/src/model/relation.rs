//! What refers to what.

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
