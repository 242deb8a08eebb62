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
const BATCH: usize = 16;

/// How many bytes of JSON the documents have together that are looked at at once. In memory they take up
/// to 15 times as much.
const MAX_HELD_BYTES: usize = 16 << 20;

/// The resources in a snapshot of the tenant's tree.
pub(super) struct TenantData<'d, P: Ports> {
    pub context: &'d Context<'d, P>,
    pub snapshot: &'d Snapshot<P::Kv>,
}

impl<P: Ports> Data for TenantData<'_, P> {
    fn can_see<'a>(&'a self, resource: &'static str, id: &'a str) -> Asked<'a, bool> {
        Box::pin(async move {
            let Context { definition, sight, .. } = self.context;
            let limit = definition.api.resource(resource).and_then(|it| sight.limit(it));
            let Some(limit) = limit else {
                self.charge(0).await?;
                return Ok(self.snapshot.get(Keys(resource).record(id)).await?.is_some());
            };
            let value = match self.snapshot.get(Keys(resource).record(id)).await {
                // What cannot be read is nobody's.
                Err(kv_tree::Error::Damaged { .. }) => None,
                value => value?,
            };
            self.charge(value.as_ref().map_or(0, Bytes::len)).await?;
            let record = value.and_then(|value| Record::read(id, value).ok());
            Ok(record.is_some_and(|record| limit.admits_record(&record)))
        })
    }

    fn document<'a>(&'a self, resource: &'static str, id: &'a str) -> Asked<'a, Option<Value>> {
        Box::pin(async move {
            let value = self.snapshot.get(Keys(resource).record(id)).await?;
            let read = value.and_then(|value| self.readable(resource, id, value));
            self.charge(read.as_ref().map_or(0, |(bytes, _)| *bytes)).await?;
            Ok(read.map(|(_, document)| document))
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
            self.charge(0).await?;
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
        let (mut found, mut seen, mut held) = (Vec::new(), 0, 0);
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
            // Where a page is damaged, rules cannot be checked: the change is refused.
            let values = self.snapshot.get_many(ids.iter().map(|id| keys.record(id))).await?;
            for (id, value) in ids.into_iter().zip(values) {
                let document = value.and_then(|value| self.readable(keys.0, &id, value));
                if let Some((bytes, document)) = document {
                    self.charge(bytes).await?;
                    hold(&mut held, bytes)?;
                    found.push((id, document));
                }
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
        let (mut found, mut held) = (Vec::new(), 0);
        let mut scan = self.snapshot.scan(keys.records(), Order::Ascending);
        while found.len() < limit
            && let Some((key, value)) = scan.next().await?
        {
            let id = keys.id_of(&key)?;
            let Some((bytes, document)) = self.readable(keys.0, id, value) else { continue };
            self.charge(bytes).await?;
            let mut has = false;
            index.visit(&document, &mut |value| has = has || value == text);
            if has {
                hold(&mut held, bytes)?;
                found.push((id.to_owned(), document));
            }
        }
        Ok(found)
    }

    /// Charges what it takes to look for something and to read so many bytes, and lets others go on.
    async fn charge(&self, bytes: usize) -> Result<(), Error> {
        self.context.budget.look_up(bytes)?;
        self.context.budget.pause_if_due(self.context.ports).await;
        Ok(())
    }

    /// The document in `value` and how long its text is, unless it cannot be read: then it says nothing
    /// to a rule.
    fn readable(&self, resource: &str, id: &str, value: Bytes) -> Option<(usize, Value)> {
        let read = Record::read(id, value).and_then(|record| {
            let document = record.document()?;
            Ok((record.json().len(), Value::Object(document)))
        });
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                self.context.note_unreadable(resource, id, &error);
                None
            }
        }
    }
}

/// Takes a document of so many bytes to those that are `held`, if there is room.
fn hold(held: &mut usize, bytes: usize) -> Result<(), Error> {
    *held += bytes;
    match *held > MAX_HELD_BYTES {
        true => Err(Error::too_costly("what the change has to do with")),
        false => Ok(()),
    }
}
