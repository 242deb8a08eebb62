//! A resource as it is stored: as v5 of the API has it.
//!
//! A record lies at `r/{id}` in the tree of its resource. Its value is a format version, one byte,
//! followed by the JSON text of the document. The document has everything but the `href`, which
//! depends on the address that a client uses.

use std::ops::Bound;

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use kv_tree::{KeyRange, Kv, Snapshot};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128;

use crate::{Definition, Error};

/// The JSON object that a resource is.
pub(crate) type Document = Map<String, Value>;

const VERSION: u8 = 1;

/// The key of the record with the id.
pub(crate) fn key(id: &str) -> String {
    format!("r/{id}")
}

/// The keys of all records.
pub(crate) fn keys() -> KeyRange {
    KeyRange::prefix("r/")
}

/// The keys of the records whose keys are greater than `key`.
pub(crate) fn keys_after(key: &str) -> KeyRange {
    KeyRange::between(Bound::Excluded(key.into()), Bound::Excluded(b"r0".to_vec()))
}

/// The record with the id, or the error that there is none.
pub(crate) async fn find<K: Kv>(snapshot: &Snapshot<K>, id: &str) -> Result<Record, Error> {
    match snapshot.get(key(id)).await? {
        Some(value) => Record::read(id, value),
        None => Err(Error::no_such_resource(id)),
    }
}

/// A document in its stored form.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    value: Bytes,
}

impl Record {
    pub fn write(document: &Document) -> Self {
        let mut value = BytesMut::new().writer();
        value.get_mut().put_u8(VERSION);
        // Writing JSON to memory fails for map keys that are no strings, which a Map cannot have.
        let _ = serde_json::to_writer(&mut value, document);
        Self { value: value.into_inner().freeze() }
    }

    pub fn read(id: &str, value: Bytes) -> Result<Self, Error> {
        match &value[..] {
            [VERSION, b'{', ..] => Ok(Self { value }),
            [version, ..] => Err(Error::internal(format!(
                "record {id} has format version {version}, which this program does not know"
            ))),
            [] => Err(Error::internal(format!("record {id} is empty"))),
        }
    }

    pub fn document(&self) -> Result<Document, Error> {
        serde_json::from_slice(self.json())
            .map_err(|error| Error::internal(format!("a record is damaged: {error}")))
    }

    pub fn into_value(self) -> Bytes {
        self.value
    }

    /// The document as JSON: an object.
    pub fn json(&self) -> &[u8] {
        &self.value[1..]
    }

    /// A digest of the document.
    pub fn digest(&self) -> u128 {
        xxh3_128(self.json())
    }
}

/// Marks the document as changed at `now`, to the millisecond, if it is of a resource that has such a
/// mark.
pub(crate) fn stamp(definition: &Definition, document: &mut Document, now: Timestamp) {
    if definition.is_stamped {
        document.insert("lastUpdate".into(), format!("{now:.3}").into());
    }
}

/// The id in the key of a record.
pub(crate) fn id_of(key: &[u8]) -> Result<&str, Error> {
    key.strip_prefix(b"r/")
        .and_then(|id| std::str::from_utf8(id).ok())
        .ok_or_else(|| Error::internal(format!("{key:?} is no key of a record")))
}
