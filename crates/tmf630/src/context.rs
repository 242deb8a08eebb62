//! What every operation on a request works with.

use http::Request;
use kv_tree::{Store, Tree, TreeName};

use crate::answer::links::Links;
use crate::answer::view::View;
use crate::budget::Budget;
use crate::{Definition, Error, Ports, Settings, Version};

/// The resource, the deployment and the outside world, as one request sees them.
pub(crate) struct Context<'c, P: Ports> {
    pub definition: &'c Definition,
    pub settings: &'c Settings,
    pub ports: &'c P,
    /// What the request may still cost.
    pub budget: &'c Budget,
    /// How its client sees the resources.
    pub view: View<'c>,
    /// The tree of the resource.
    pub tree: Tree<P::Kv>,
    store: Store<P::Kv>,
}

impl<'c, P: Ports> Context<'c, P> {
    pub async fn of<B>(
        definition: &'c Definition,
        settings: &'c Settings,
        ports: &'c P,
        budget: &'c Budget,
        version: Version,
        request: &Request<B>,
    ) -> Result<Self, Error> {
        let store = ports.store().await.map_err(kv_tree::Error::from)?;
        let links = Links::of(definition, settings, version, request);
        let view = View { definition, version, links, budget };
        let tree = store.tree(tree_name(settings, definition.name)?);
        Ok(Self { definition, settings, ports, budget, view, tree, store })
    }

    /// The tree of another resource of the same tenant.
    pub fn tree_of(&self, resource: &str) -> Result<Tree<P::Kv>, Error> {
        Ok(self.store.tree(tree_name(self.settings, resource)?))
    }
}

fn tree_name(settings: &Settings, resource: &str) -> Result<TreeName, Error> {
    Ok(TreeName::new(format!("{}.{resource}", settings.tenant))?)
}
