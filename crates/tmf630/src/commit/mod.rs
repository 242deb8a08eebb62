//! The only way to write a resource: by a change, with all that belongs to it, in the transaction of its
//! request; or restored from an export, where rules were asked and others told elsewhere.
//!
//! # Layout
//!
//! * `data` – what rules see of other resources, and what the server writes of its own.
//! * `references` – what refers to a resource stays right.

pub(crate) mod data;
mod references;

use bytes::Bytes;
use data::TenantData;
use kv_tree::{Kv, Snapshot, Transaction};
use serde_json::Value;

use crate::context::Context;
use crate::events::log;
use crate::model::behaviour::{Draft, Outcome};
use crate::model::rule::Change;
use crate::storage::keys::Keys;
use crate::storage::record::Record;
use crate::storage::{catalogue, index};
use crate::{Definition, Error, Ports};

/// Stores a resource as an export has it, where nothing has its id, with its entries in indexes.
pub(crate) fn restore<K: Kv>(
    definition: &Definition,
    id: &str,
    document: &Value,
    record: Bytes,
    transaction: &mut Transaction<K>,
) {
    index::update(definition, transaction, id, None, Some(document));
    transaction.put(Keys::of(definition).record(id), record);
}

/// The changes of one request, which are committed together or not at all.
pub(crate) struct Changes<'t, P: Ports> {
    context: &'t Context<'t, P>,
    transaction: &'t mut Transaction<P::Kv>,
}

/// What came of a change.
pub(crate) struct Made {
    /// What is there now, if anything.
    pub record: Option<Record>,
    /// Whether it is stored.
    pub is_stored: bool,
    /// The id of the resource that was there already, where that is the answer.
    pub existing: Option<String>,
}

impl<'t, P: Ports> Changes<'t, P> {
    /// Begins to change resources in the transaction.
    pub async fn begin(
        context: &'t Context<'t, P>,
        transaction: &'t mut Transaction<P::Kv>,
    ) -> Result<Self, Error> {
        // Maintenance is to know of every tenant that has anything.
        if catalogue::advance(context.definition, transaction).await? {
            context.expect_announced()?;
        }
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

    /// Makes a change of which `record` is the stored form, or what the server makes of it: that is
    /// told, and whether it is stored.
    pub async fn make(
        &mut self,
        change: Change<'_>,
        record: Option<Record>,
    ) -> Result<Made, Error> {
        let Change { id, before, after, .. } = change;
        let outcome = match self.context.definition.behaviour {
            None => Outcome::AsAsked,
            Some(behaviour) => {
                let mut work = TenantData::of(self.context, &mut *self.transaction);
                behaviour.process(Draft { id, before, after }, &mut work).await?
            }
        };
        match outcome {
            Outcome::AsAsked => {
                let value = record.as_ref().map(Record::to_value);
                self.commit(change, value).await?;
                Ok(Made { record, is_stored: true, existing: None })
            }
            Outcome::Store(document) => {
                let record = Record::write(&document);
                let document = Value::Object(document);
                let change = Change { after: Some(&document), ..change };
                self.commit(change, Some(record.to_value())).await?;
                Ok(Made { record: Some(record), is_stored: true, existing: None })
            }
            Outcome::StoreShowing { stored, shown } => {
                let record = Record::write(&stored).to_value();
                let stored = Value::Object(stored);
                self.commit(Change { after: Some(&stored), ..change }, Some(record)).await?;
                let record = Some(Record::write(&shown));
                Ok(Made { record, is_stored: true, existing: None })
            }
            Outcome::Existing { id, document } => {
                let record = Some(Record::write(&document));
                Ok(Made { record, is_stored: true, existing: Some(id) })
            }
            Outcome::Show(document) => {
                let record = Some(Record::write(&document));
                Ok(Made { record, is_stored: false, existing: None })
            }
        }
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
        log::append(self.context, definition, self.transaction, id, before, after).await?;
        let key = Keys::of(definition).record(id);
        match record {
            Some(record) => self.transaction.put(key, record),
            None => self.transaction.delete(key),
        }
        Ok(())
    }

    async fn check(&self, change: Change<'_>) -> Result<(), Error> {
        let Context { definition, settings, sight, .. } = self.context;
        let data: TenantData<'_, P, &Snapshot<P::Kv>> =
            TenantData::of(self.context, self.transaction);
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
