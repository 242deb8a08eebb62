//! What every operation on a request works with.

use bytes::Bytes;
use http::Request;
use kv_tree::{Snapshot, Tree, TreeName};
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

    /// The values of the records with the ids, in their order. What is damaged is left out, and the
    /// log says which.
    pub async fn values(
        &self,
        snapshot: &Snapshot<P::Kv>,
        keys: Keys,
        ids: &[String],
    ) -> Result<Vec<Option<Bytes>>, Error> {
        match snapshot.get_many(ids.iter().map(|id| keys.record(id))).await {
            Ok(values) => return Ok(values),
            Err(kv_tree::Error::Damaged { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut values = Vec::with_capacity(ids.len());
        for id in ids {
            values.push(match snapshot.get(keys.record(id)).await {
                Ok(value) => value,
                Err(error @ kv_tree::Error::Damaged { .. }) => {
                    self.note_unreadable(keys.0, id, &error.into());
                    None
                }
                Err(error) => return Err(error.into()),
            });
        }
        Ok(values)
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
