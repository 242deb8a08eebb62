//! What a document needs to know of a resource.

use tmf630::model::behaviour::HIDDEN;
use tmf630::{Definition, Version};

/// A resource of an API.
#[derive(Clone, Copy)]
pub struct Resource {
    pub definition: &'static Definition,
}

impl Resource {
    /// The name of its class.
    pub fn class(&self) -> &'static str {
        self.definition.class.name()
    }

    /// The name of its type in a version, which is that of its class but for subscriptions.
    pub fn type_in(&self, version: Version) -> &'static str {
        version.schema(self.definition.class).type_name()
    }

    /// The attributes that are found without reading all resources, by their names in the version.
    pub fn indexed(&self, version: Version) -> Vec<String> {
        let attributes = self.definition.indexes().filter(|index| {
            // What the server keeps for itself is not found by.
            let is_hidden = || index.path.starts_with(HIDDEN);
            index.values.is_none() && index.within.is_none() && !is_hidden()
        });
        attributes.map(|index| self.definition.api.shown_path(version, index.path)).collect()
    }
}
