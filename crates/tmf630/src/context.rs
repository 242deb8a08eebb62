//! What every operation on a request works with.

use std::cell::{Cell, OnceCell};

use access::Caller;
use bytes::Bytes;
use http::Request;
use kv_tree::{Snapshot, Tree, TreeName};
use serde_json::json;

use crate::answer::audit::Audit;
use crate::answer::exchange::Exchange;
use crate::answer::links::Links;
use crate::answer::view::View;
use crate::budget::Budget;
use crate::model::rule::Change;
use crate::request::trace::Trace;
use crate::sight::Sight;
use crate::storage::keys::Keys;
use crate::storage::record::Record;
use crate::{Definition, Error, Ports, Settings, Version, tenants};

/// The resource, the deployment and the outside world, as one request sees them.
pub(crate) struct Context<'c, P: Ports> {
    pub definition: &'static Definition,
    pub settings: &'c Settings,
    pub ports: &'c P,
    /// Who makes the request.
    pub caller: &'c Caller,
    /// What its caller sees.
    pub sight: Sight<'c>,
    /// What the log is told that it changes.
    pub audit: &'c Audit,
    /// What the request may still cost.
    pub budget: &'c Budget,
    /// How its client sees the resources.
    pub view: View<'c>,
    /// The tree of the tenant, with all resources of all APIs.
    pub tree: Tree<P::Kv>,
    /// What tells what it writes from what other requests write.
    pub id: OnceCell<String>,
    /// What the request is called in the log.
    pub request_id: Option<String>,
    /// The trace that the request belongs to, if its client says so.
    pub trace: Option<Trace>,
    /// Whether the tenant is known to have work that goes on after requests.
    pub is_announced: Cell<bool>,
    /// Whether the change relies on that.
    pub has_work: Cell<bool>,
}

impl<'c, P: Ports> Context<'c, P> {
    pub async fn of<B>(
        definition: &'static Definition,
        exchange: &'c Exchange<'c, P>,
        caller: &'c Caller,
        budget: &'c Budget,
        version: Version,
        request: &Request<B>,
    ) -> Result<Self, Error> {
        let Exchange { settings, ports, audit, .. } = exchange;
        let store = ports.store().await.map_err(kv_tree::Error::from)?;
        let links = Links::of(definition, settings, version, request)?;
        let view = View { definition, version, links, budget, now: ports.now() };
        let tree = store.tree(TreeName::new(caller.tenant.as_str())?);
        let sight = Sight::of(caller, settings);
        let is_announced = Cell::new(tenants::is_announced(*ports, &caller.tenant));
        Ok(Self {
            definition,
            settings,
            ports,
            caller,
            sight,
            audit,
            budget,
            view,
            tree,
            id: OnceCell::new(),
            request_id: Some(exchange.request_id().to_owned()),
            trace: exchange.trace().cloned(),
            is_announced,
            has_work: Cell::new(false),
        })
    }

    /// For what the server does of its own in the tenant of the caller, while nobody waits for a resource.
    pub fn of_server(
        definition: &'static Definition,
        settings: &'c Settings,
        ports: &'c P,
        caller: &'c Caller,
        tree: &Tree<P::Kv>,
        audit: &'c Audit,
        budget: &'c Budget,
    ) -> Self {
        let version = Version::V5;
        let base_url = settings.base_url.clone().unwrap_or_default() + definition.api.base;
        let links = Links::under(base_url, definition.name(), version);
        Self {
            definition,
            settings,
            ports,
            caller,
            sight: Sight::of(caller, settings),
            audit,
            budget,
            view: View { definition, version, links, budget, now: ports.now() },
            tree: tree.clone(),
            id: OnceCell::new(),
            request_id: None,
            trace: None,
            is_announced: true.into(),
            has_work: false.into(),
        }
    }

    /// Where the resources lie in the tree.
    pub fn keys(&self) -> Keys {
        Keys::of(self.definition)
    }

    /// The record with the id; the error that there is none also where the caller does not see it.
    pub async fn find(&self, snapshot: &Snapshot<P::Kv>, id: &str) -> Result<Record, Error> {
        let limit = self.sight.limit(self.definition.resource);
        let value = match snapshot.get(self.keys().record(id)).await {
            // What cannot be read is nobody's.
            Err(kv_tree::Error::Damaged { .. }) if limit.is_some() => None,
            value => value?,
        };
        let missing = || Error::no_such_resource(id);
        let record = Record::read(id, value.ok_or_else(missing)?);
        let Some(limit) = limit else { return record };
        match record.as_ref().is_ok_and(|record| limit.admits_record(record)) {
            true => record,
            false => Err(missing()),
        }
    }

    /// Lets something go on after the request, where the tenant is known to have such work.
    pub fn expect_work(&self) -> Result<(), Error> {
        self.has_work.set(true);
        self.expect_announced()
    }

    /// Goes on only where the tenant is known to have something to do after requests.
    pub fn expect_announced(&self) -> Result<(), Error> {
        match self.is_announced.get() {
            true => Ok(()),
            false => Err(Error::unannounced()),
        }
    }

    /// Refuses a change that is not the caller's to make.
    pub fn expect_own(&self, change: Change<'_>) -> Result<(), Error> {
        self.sight.expect_own(self.definition, change)
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
