//! What rules see of other resources: the tenant's, in the transaction of the change.

use bytes::Bytes;
use kv_tree::{Order, Snapshot};
use serde_json::Value;

use crate::context::Context;
use crate::model::index::Index;
use crate::model::rule::{Asked, Data};
use crate::storage::catalogue::Known;
use crate::storage::index::Entries;
use crate::storage::keys::Keys;
use crate::storage::record::Record;
use crate::{Error, Ports};

/// How many records are fetched together.
const BATCH: usize = 64;

/// The resources in a snapshot of the tenant's tree.
pub(super) struct TenantData<'d, P: Ports> {
    pub context: &'d Context<'d, P>,
    pub snapshot: &'d Snapshot<P::Kv>,
}

impl<P: Ports> Data for TenantData<'_, P> {
    fn document<'a>(&'a self, resource: &'static str, id: &'a str) -> Asked<'a, Option<Value>> {
        Box::pin(async move {
            let value = self.snapshot.get(Keys(resource).record(id)).await?;
            let Some(value) = value else { return Ok(None) };
            self.charge(&value).await?;
            Ok(self.readable(resource, id, value))
        })
    }

    fn found<'a>(
        &'a self,
        resource: &'static str,
        index: Index,
        text: &'a str,
        limit: usize,
    ) -> Asked<'a, Vec<(String, Value)>> {
        Box::pin(async move {
            let keys = Keys(resource);
            match Known::read(keys, self.snapshot).await?.is_whole(&index) {
                true => self.by_index(keys, index, text, limit).await,
                false => self.by_looking(keys, index, text, limit).await,
            }
        })
    }
}

impl<P: Ports> TenantData<'_, P> {
    async fn by_index(
        &self,
        keys: Keys,
        index: Index,
        text: &str,
        limit: usize,
    ) -> Result<Vec<(String, Value)>, Error> {
        let entries = Entries::of(index, keys);
        let Some(range) = entries.equal(text) else { return Ok(Vec::new()) };
        let (mut found, mut seen) = (Vec::new(), 0);
        loop {
            // What cannot be read takes no place of what can.
            let wanted = limit.saturating_sub(found.len()).min(BATCH);
            let scan = self.snapshot.scan(range.clone(), Order::Ascending);
            let mut scan = scan.offset(seen).limit(wanted as u64);
            let mut ids = Vec::new();
            while let Some((key, _)) = scan.next().await? {
                ids.push(entries.id_of(&key)?.to_owned());
            }
            let is_end = ids.len() < wanted;
            seen += ids.len() as u64;
            let values = self.snapshot.get_many(ids.iter().map(|id| keys.record(id))).await?;
            for (id, value) in ids.into_iter().zip(values) {
                let Some(value) = value else { continue };
                self.charge(&value).await?;
                found.extend(self.readable(keys.0, &id, value).map(|document| (id, document)));
            }
            if is_end || found.len() >= limit {
                return Ok(found);
            }
        }
    }

    /// The same where the index is not whole.
    async fn by_looking(
        &self,
        keys: Keys,
        index: Index,
        text: &str,
        limit: usize,
    ) -> Result<Vec<(String, Value)>, Error> {
        let mut found = Vec::new();
        let mut scan = self.snapshot.scan(keys.records(), Order::Ascending);
        while found.len() < limit
            && let Some((key, value)) = scan.next().await?
        {
            self.charge(&value).await?;
            let id = keys.id_of(&key)?;
            let Some(document) = self.readable(keys.0, id, value) else { continue };
            let mut has = false;
            index.visit(&document, &mut |value| has = has || value == text);
            if has {
                found.push((id.to_owned(), document));
            }
        }
        Ok(found)
    }

    /// Charges what it takes to read the value, and lets others go on.
    async fn charge(&self, value: &Bytes) -> Result<(), Error> {
        self.context.budget.look_up(value.len())?;
        self.context.budget.pause_if_due(self.context.ports).await;
        Ok(())
    }

    /// The document in `value`, unless it cannot be read: then it says nothing to a rule.
    fn readable(&self, resource: &str, id: &str, value: Bytes) -> Option<Value> {
        match Record::read(id, value).and_then(|record| record.document()) {
            Ok(document) => Some(Value::Object(document)),
            Err(error) => {
                self.context.note_unreadable(resource, id, &error);
                None
            }
        }
    }
}
