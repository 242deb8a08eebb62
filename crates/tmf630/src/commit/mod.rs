//! The only way to write: a change of a resource, with all that belongs to it, in the transaction of
//! its request.
//!
//! # Layout
//!
//! * `data` – what rules see of other resources.
//! * `references` – what refers to a resource stays right.

mod data;
mod references;

use bytes::Bytes;
use data::TenantData;
use kv_tree::Transaction;

use crate::context::Context;
use crate::model::rule::Change;
use crate::storage::keys::Keys;
use crate::storage::{catalogue, index};
use crate::{Definition, Error, Ports};

/// The changes of one request, which are committed together or not at all.
pub(crate) struct Changes<'t, P: Ports> {
    context: &'t Context<'t, P>,
    transaction: &'t mut Transaction<P::Kv>,
}

impl<'t, P: Ports> Changes<'t, P> {
    /// Begins to change resources in the transaction.
    pub async fn begin(
        context: &'t Context<'t, P>,
        transaction: &'t mut Transaction<P::Kv>,
    ) -> Result<Self, Error> {
        catalogue::advance(context.definition, transaction).await?;
        Ok(Self { context, transaction })
    }

    /// What is changed.
    pub fn definition(&self) -> &'static Definition {
        self.context.definition
    }

    /// Whether there is a resource with the id, be it readable or not.
    pub async fn has(&self, id: &str) -> Result<bool, Error> {
        Ok(self.transaction.get(self.context.keys().record(id)).await?.is_some())
    }

    /// Makes a change, unless it is not the caller's to make, or a rule is against it: `record` is the
    /// stored form of what is there afterwards. One that begins and ends with nothing removes what
    /// cannot be read.
    pub async fn commit(&mut self, change: Change<'_>, record: Option<Bytes>) -> Result<(), Error> {
        let definition = self.context.definition;
        let Change { id, before, after, .. } = change;
        self.context.expect_own(change)?;
        self.check(change).await?;
        match (before, after) {
            (None, None) => index::remove_unknown(definition, self.transaction, id).await?,
            _ => index::update(definition, self.transaction, id, before, after),
        }
        let key = Keys(definition.name()).record(id);
        match record {
            Some(record) => self.transaction.put(key, record),
            None => self.transaction.delete(key),
        }
        Ok(())
    }

    async fn check(&self, change: Change<'_>) -> Result<(), Error> {
        let Context { definition, settings, sight, .. } = self.context;
        let data = TenantData { context: self.context, snapshot: self.transaction };
        match change.after {
            Some(after) => {
                references::check_from(definition.api, change, after, settings, &data).await?
            }
            None => references::check_to(definition.api, change, &data, *sight).await?,
        }
        for rule in definition.rules {
            rule.check(change, settings, &data).await?;
        }
        Ok(())
    }
}
