//! What refers to what.

use serde_json::Value;

use super::api::{Api, Resource};
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

    /// The resources that an object which refers can mean. That is those of the class that it says
    /// that it refers to (`@referredType`), and of classes that extend it; where that is no class
    /// of the API, those of the class that it is said to extend (`@baseType`); and where that is
    /// none either, every kind.
    pub fn meant(&self, api: &Api, object: &Value) -> Vec<&'static str> {
        let candidates =
            || api.resources.iter().filter(|resource| self.to.contains(&resource.name));
        for name in ["@referredType", "@baseType"] {
            let class = object.get(name).and_then(Value::as_str).unwrap_or_default();
            let meant: Vec<_> = candidates()
                .filter(|resource| is_of(resource, class))
                .map(|resource| resource.name)
                .collect();
            if !meant.is_empty() {
                return meant;
            }
        }
        self.to.to_vec()
    }
}

/// Whether the resource is of the class, or of one that extends it.
fn is_of(resource: &Resource, class: &str) -> bool {
    let is_class = |name: &str| class.eq_ignore_ascii_case(name);
    is_class(resource.class) || resource.extends.iter().any(|extended| is_class(extended))
}

/// Whether the object stands for a resource kept elsewhere, rather than for itself.
pub(crate) fn is_reference(object: &Value) -> bool {
    let class = object.get("@type").and_then(Value::as_str);
    class.is_none_or(|class| class.ends_with("Ref"))
}
