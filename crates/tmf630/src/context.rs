//! What every operation on a request works with.

use http::Request;
use kv_tree::{Tree, TreeName};
use serde_json::json;

use crate::answer::links::Links;
use crate::answer::view::View;
use crate::budget::Budget;
use crate::storage::keys::Keys;
use crate::{Definition, Error, Ports, Settings, Version};

/// The resource, the deployment and the outside world, as one request sees them.
pub(crate) struct Context<'c, P: Ports> {
    pub definition: &'static Definition,
    pub settings: &'c Settings,
    pub ports: &'c P,
    /// What the request may still cost.
    pub budget: &'c Budget,
    /// How its client sees the resources.
    pub view: View<'c>,
    /// The tree of the tenant, with all resources of all APIs.
    pub tree: Tree<P::Kv>,
}

impl<'c, P: Ports> Context<'c, P> {
    pub async fn of<B>(
        definition: &'static Definition,
        settings: &'c Settings,
        ports: &'c P,
        budget: &'c Budget,
        version: Version,
        request: &Request<B>,
    ) -> Result<Self, Error> {
        let store = ports.store().await.map_err(kv_tree::Error::from)?;
        let links = Links::of(definition, settings, version, request)?;
        let view = View { definition, version, links, budget };
        let tree = store.tree(TreeName::new(settings.tenant.as_str())?);
        Ok(Self { definition, settings, ports, budget, view, tree })
    }

    /// Where the resources lie in the tree.
    pub fn keys(&self) -> Keys {
        Keys(self.definition.name())
    }

    /// Tells the log that a record cannot be read; whoever came across it goes on without it.
    pub fn note_unreadable(&self, resource: &str, id: &str, error: &Error) {
        let cause = error.cause().unwrap_or("it cannot be read");
        self.ports.log(&json!({ "resource": resource, "id": id, "error": cause }).to_string());
    }

    /// The same for records of the resource.
    pub fn unreadable(&self) -> impl Fn(&str, &Error) {
        |id, error| self.note_unreadable(self.definition.name(), id, error)
    }
}
