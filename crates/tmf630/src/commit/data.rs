//! What rules see of other resources: the tenant's, in the transaction of the change. And what the
//! server writes there of its own.

use access::{Caller, Parties};
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::{KeyRange, Kv, Order, Snapshot, Transaction};
use serde_json::Value;

use crate::context::Context;
use crate::events::log;
use crate::model::behaviour::Work;
use crate::model::index::Index;
use crate::model::job::Job;
use crate::model::rule::{Asked, Data, Entry, Texts};
use crate::storage::catalogue::{self, Known};
use crate::storage::index::{self, Entries};
use crate::storage::keys::{self, Keys};
use crate::storage::record::Record;
use crate::{Definition, Error, Ports, Settings, Version};

/// How many records are fetched together.
const BATCH: usize = 16;

/// How many documents are fetched together that are asked for by their ids. They have up to 256 KiB each
/// when they come from a client.
const BATCH_OF_DOCUMENTS: usize = 64;

/// How many bytes of JSON such documents have together, and one batch more.
const MAX_BYTES_OF_DOCUMENTS: usize = 8 << 20;

/// What an entry of an index costs to read, in bytes.
const BYTES_PER_ENTRY: usize = 128;

/// How many bytes of JSON the documents have together that are looked at at once. In memory they take up
/// to 15 times as much.
const MAX_HELD_BYTES: usize = 16 << 20;

/// What the tenant's tree has: as a snapshot of it shows, or a transaction.
pub(crate) struct TenantData<'d, P: Ports, S> {
    context: &'d Context<'d, P>,
    snapshot: S,
    /// The resources whose indexes were seen to.
    settled: Vec<&'static str>,
}

impl<'d, P: Ports, S> TenantData<'d, P, S> {
    pub fn of(context: &'d Context<'d, P>, snapshot: S) -> Self {
        Self { context, snapshot, settled: Vec::new() }
    }
}

/// What one commit of a tree is read through.
pub(crate) trait Reads<K: Kv> {
    fn snapshot(&self) -> &Snapshot<K>;
}

impl<K: Kv> Reads<K> for &Snapshot<K> {
    fn snapshot(&self) -> &Snapshot<K> {
        self
    }
}

impl<K: Kv> Reads<K> for &mut Transaction<K> {
    fn snapshot(&self) -> &Snapshot<K> {
        self
    }
}

impl<P: Ports, S: Reads<P::Kv>> Data for TenantData<'_, P, S> {
    fn settings(&self) -> &Settings {
        self.context.settings
    }

    fn now(&self) -> Timestamp {
        self.context.ports.now()
    }

    fn caller(&self) -> &Caller {
        self.context.caller
    }

    fn is_limited(&self) -> bool {
        self.context.caller.parties != Parties::All
    }

    fn can_see<'a>(&'a self, resource: &'static str, id: &'a str) -> Asked<'a, bool> {
        Box::pin(async move {
            let Context { definition, sight, .. } = self.context;
            let limit = definition.api.known_resource(resource).and_then(|it| sight.limit(it));
            let Some(limit) = limit else {
                self.charge(0).await?;
                return Ok(self
                    .snapshot
                    .snapshot()
                    .get(Keys(resource).record(id))
                    .await?
                    .is_some());
            };
            let value = match self.snapshot.snapshot().get(Keys(resource).record(id)).await {
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
            let value = self.snapshot.snapshot().get(Keys(resource).record(id)).await?;
            let read = match value {
                Some(value) => self.readable(resource, id, value)?,
                None => None,
            };
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
            match Known::read(keys, self.snapshot.snapshot()).await?.is_whole(&index) {
                true => self.by_index(keys, index, text, limit).await,
                false => self.by_looking(keys, index, text, limit).await,
            }
        })
    }

    fn documents<'a>(
        &'a self,
        resource: &'static str,
        ids: &'a [String],
    ) -> Asked<'a, Vec<Option<Value>>> {
        Box::pin(async move {
            let mut documents = Vec::with_capacity(ids.len());
            let mut held = 0;
            for ids in ids.chunks(BATCH_OF_DOCUMENTS) {
                let keys = ids.iter().map(|id| Keys(resource).record(id));
                let values = self.snapshot.snapshot().get_many(keys).await?;
                for (id, value) in ids.iter().zip(values) {
                    let read = match value {
                        Some(value) => self.readable(resource, id, value)?,
                        None => None,
                    };
                    let bytes = read.as_ref().map_or(0, |(bytes, _)| *bytes);
                    self.charge(bytes).await?;
                    held += bytes;
                    documents.push(read.map(|(_, document)| document));
                }
                if held > MAX_BYTES_OF_DOCUMENTS {
                    break;
                }
            }
            Ok(documents)
        })
    }

    fn entries<'a>(
        &'a self,
        resource: &'static str,
        index: Index,
        range: Texts<'a>,
        limit: usize,
    ) -> Asked<'a, Vec<Entry>> {
        Box::pin(async move {
            let (entries, range) = self.entries_of(resource, index, range).await?;
            let scan = self.snapshot.snapshot().scan(range, Order::Ascending);
            let mut scan = scan.limit(limit as u64);
            let mut found = Vec::new();
            while let Some((key, _)) = scan.next().await? {
                let id = entries.id_of(&key)?.to_owned();
                found.push(Entry { key, id });
            }
            self.charge(found.len().saturating_mul(BYTES_PER_ENTRY)).await?;
            Ok(found)
        })
    }

    fn count<'a>(
        &'a self,
        resource: &'static str,
        index: Index,
        range: Texts<'a>,
    ) -> Asked<'a, u64> {
        Box::pin(async move {
            self.charge(0).await?;
            let (_, range) = self.entries_of(resource, index, range).await?;
            Ok(self.snapshot.snapshot().count(&range).await?)
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> Asked<'a, Option<Bytes>> {
        Box::pin(async move {
            self.charge(0).await?;
            Ok(self.snapshot.snapshot().get(key).await?)
        })
    }

    fn scan<'a>(&'a self, prefix: &'a str, limit: usize) -> Asked<'a, Vec<(String, Bytes)>> {
        Box::pin(async move { self.scan_in(&KeyRange::prefix(prefix), limit as u64).await })
    }

    fn count_in<'a>(&'a self, range: &'a KeyRange) -> Asked<'a, u64> {
        Box::pin(async move {
            self.charge(0).await?;
            Ok(self.snapshot.snapshot().count(range).await?)
        })
    }

    fn scan_in<'a>(&'a self, range: &'a KeyRange, limit: u64) -> Asked<'a, Vec<(String, Bytes)>> {
        Box::pin(async move {
            let scan = self.snapshot.snapshot().scan(range.clone(), Order::Ascending);
            let mut scan = scan.limit(limit);
            let mut found = Vec::new();
            while let Some((key, value)) = scan.next().await? {
                found.push((String::from_utf8(key.to_vec()).map_err(Error::internal)?, value));
            }
            self.charge(found.len().saturating_mul(BYTES_PER_ENTRY)).await?;
            Ok(found)
        })
    }
}

impl<P: Ports> Work for TenantData<'_, P, &mut Transaction<P::Kv>> {
    fn version(&self) -> Version {
        self.context.view.version
    }

    fn base(&self) -> String {
        let collection = self.context.view.links.collection();
        // Behind it come the version and the resource.
        let base = collection.rsplitn(3, '/').nth(2);
        base.unwrap_or(collection).to_owned()
    }

    fn commit(&self) -> u64 {
        self.snapshot.commit()
    }

    fn new_id(&self) -> String {
        self.context.ports.new_id().to_string()
    }

    fn id(&self) -> String {
        self.context.id.get_or_init(|| self.new_id()).clone()
    }

    fn address(&self, definition: &Definition, id: &str) -> String {
        let base_url = self.context.settings.base_url.as_deref().unwrap_or_default();
        let base = definition.api.base_path(Version::V5);
        format!("{base_url}{base}/{}/{id}", definition.name())
    }

    fn put(&mut self, key: String, value: Bytes) {
        self.snapshot.put(key, value);
    }

    fn delete(&mut self, key: String) {
        self.snapshot.delete(key);
    }

    fn write<'a>(
        &'a mut self,
        definition: &'static Definition,
        id: &'a str,
        before: Option<&'a Value>,
        after: Option<&'a Value>,
    ) -> Asked<'a, ()> {
        Box::pin(async move {
            if !self.settled.contains(&definition.name()) {
                catalogue::advance(definition, self.snapshot).await?;
                self.settled.push(definition.name());
            }
            index::update(definition, self.snapshot, id, before, after);
            if definition.events.of_server {
                log::append(self.context, definition, self.snapshot, id, before, after).await?;
            }
            let key = Keys::of(definition).record(id);
            match after.and_then(Value::as_object) {
                Some(document) => self.snapshot.put(key, Record::write(document).to_value()),
                None => self.snapshot.delete(key),
            }
            Ok(())
        })
    }

    fn deliver(&self) -> Result<(), Error> {
        self.context.expect_work()
    }

    fn start<'a>(&'a mut self, job: &'static dyn Job, id: &'a str, state: Bytes) -> Asked<'a, ()> {
        Box::pin(async move {
            self.context.expect_work()?;
            self.snapshot.put(keys::job(job.name(), id), state);
            Ok(())
        })
    }
}

impl<P: Ports, S: Reads<P::Kv>> TenantData<'_, P, S> {
    /// The entries of an index that can be relied on, and the range of them.
    async fn entries_of(
        &self,
        resource: &'static str,
        index: Index,
        range: Texts<'_>,
    ) -> Result<(Entries, KeyRange), Error> {
        let keys = Keys(resource);
        match Known::read(keys, self.snapshot.snapshot()).await?.is_whole(&index) {
            true => {
                let entries = Entries::of(index, keys);
                let range = entries.texts(range);
                Ok((entries, range))
            }
            false => Err(Error::not_ready(index.path)),
        }
    }

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
            let scan = self.snapshot.snapshot().scan(range.clone(), Order::Ascending);
            let mut scan = scan.offset(seen).limit(wanted as u64);
            let mut ids = Vec::new();
            while let Some((key, _)) = scan.next().await? {
                ids.push(entries.id_of(&key)?.to_owned());
            }
            let is_end = ids.len() < wanted;
            seen += ids.len() as u64;
            // Where a page is damaged, rules cannot be checked: the change is refused.
            let values =
                self.snapshot.snapshot().get_many(ids.iter().map(|id| keys.record(id))).await?;
            for (id, value) in ids.into_iter().zip(values) {
                if let Some(value) = value
                    && let Some((bytes, document)) = self.readable(keys.0, &id, value)?
                {
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
        let mut scan = self.snapshot.snapshot().scan(keys.records(), Order::Ascending);
        while found.len() < limit
            && let Some((key, value)) = scan.next().await?
        {
            let id = keys.id_of(&key)?;
            let Some((bytes, document)) = self.readable(keys.0, id, value)? else { continue };
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

    /// The document in `value` and how long its text is, unless it is damaged: then it says nothing to
    /// a rule. What a newer program has written does, but not to this one: the change is refused.
    fn readable(
        &self,
        resource: &str,
        id: &str,
        value: Bytes,
    ) -> Result<Option<(usize, Value)>, Error> {
        let read = Record::read(id, value).and_then(|record| {
            let document = record.document()?;
            Ok((record.json().len(), Value::Object(document)))
        });
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_newer() => Err(error),
            Err(error) => {
                self.context.note_unreadable(resource, id, &error);
                Ok(None)
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
