//! An event as the log of an API has it.
//!
//! The value is a format version, one byte, then what happened, as JSON, behind its length (4 bytes,
//! little-endian), then the record of the resource in the same way, and the rest is its record as v4
//! shows it, if v4 has the event. Whoever commits a change knows the class of the resource, and
//! whoever sends an event need not.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::event::EventKind;
use crate::request::trace::Trace;
use crate::storage::record::Record;
use crate::value::{Document, HIDDEN};
use crate::{Error, Version};

/// The format version.
const VERSION: u8 = 1;

/// Something that has happened to a resource.
#[derive(Debug, Clone)]
pub(crate) struct Occurrence {
    pub what: What,
    /// The resource, as it is stored, after that; of one that was deleted, before.
    record: Bytes,
    /// The resource as v4 shows it.
    record_in_v4: Bytes,
}

/// What has happened, without the resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct What {
    /// The id of the event.
    pub event: String,
    pub kind: EventKind,
    /// The name of the resource in paths.
    pub resource: String,
    /// The id of the resource.
    pub id: String,
    /// When it was committed, by the clock of who did.
    pub time: Timestamp,
    /// The request that did it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The trace that the request belongs to, if its client said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// The attributes that are otherwise than before, as they are stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

impl Occurrence {
    pub fn new(what: What, document: &Document, document_in_v4: Option<&Document>) -> Self {
        let record_in_v4 = document_in_v4.map(|document| Record::write(document).to_value());
        Self {
            what,
            record: Record::write(document).to_value(),
            record_in_v4: record_in_v4.unwrap_or_default(),
        }
    }

    /// How long the resource is, as JSON.
    pub fn len(&self) -> usize {
        Record::len_in(&self.record)
    }

    /// What has an order of its own: all that happens to one resource.
    pub fn lane(&self) -> String {
        format!("{}/{}", self.what.resource, self.what.id)
    }

    /// The resource as it is stored.
    pub fn stored(&self) -> Result<Document, Error> {
        Record::read(&self.what.id, self.record.clone())?.document()
    }

    /// The resource as the version shows it, but for its `href`; nothing if the version has no such
    /// event.
    pub fn shown(&self, version: Version) -> Result<Option<Document>, Error> {
        match version {
            Version::V5 => {
                let mut document = self.stored()?;
                document.remove(HIDDEN);
                Ok(Some(document))
            }
            Version::V4 if self.record_in_v4.is_empty() => Ok(None),
            Version::V4 => {
                Record::read(&self.what.id, self.record_in_v4.clone())?.document().map(Some)
            }
        }
    }

    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let what = serde_json::to_vec(&self.what).map_err(Error::internal)?;
        let mut value = vec![VERSION];
        for part in [&what[..], &self.record] {
            value.extend(u32::try_from(part.len()).map_err(Error::internal)?.to_le_bytes());
            value.extend(part);
        }
        value.extend(&self.record_in_v4);
        Ok(value)
    }

    pub fn decode(value: &Bytes) -> Result<Self, Error> {
        let damaged = || Error::internal("an event in the log is damaged");
        match value.first() {
            Some(&VERSION) => {}
            Some(version) if *version > VERSION => {
                return Err(Error::newer(format!(
                    "an event has format version {version}, newer than this program knows"
                )));
            }
            _ => return Err(damaged()),
        }
        let mut rest = value.slice(1..);
        let mut part = || {
            let (len, _) = rest.split_first_chunk::<4>()?;
            let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
            let whole = 4_usize.checked_add(len).filter(|whole| *whole <= rest.len())?;
            let part = rest.slice(4..whole);
            rest = rest.slice(whole..);
            Some(part)
        };
        let what = part().ok_or_else(damaged)?;
        let record = part().ok_or_else(damaged)?;
        let what = serde_json::from_slice(&what)
            .map_err(|error| Error::of_stored_json("what an event is", &error))?;
        Ok(Self { what, record, record_in_v4: rest })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn some() -> Occurrence {
        let what = What {
            event: "e".into(),
            kind: EventKind::StateChange,
            resource: "billingAccount".into(),
            id: "1".into(),
            time: Timestamp::UNIX_EPOCH,
            request: None,
            trace: None,
            changed: vec!["state".into()],
        };
        let document = json!({ "id": "1", "state": "Closed", "$server": { "parties": [] } });
        let in_v4 = json!({ "id": "1", "state": "closed" });
        Occurrence::new(what, document.as_object().unwrap(), in_v4.as_object())
    }

    #[test]
    fn what_was_written_is_read() {
        let occurrence = some();
        let read = Occurrence::decode(&occurrence.encode().unwrap().into()).unwrap();
        assert_eq!(read.what, occurrence.what);
        let shown = read.shown(Version::V5).unwrap().unwrap();
        assert_eq!(shown["state"], "Closed");
        assert!(!shown.contains_key(HIDDEN) && read.stored().unwrap().contains_key(HIDDEN));
        assert_eq!(read.shown(Version::V4).unwrap().unwrap()["state"], "closed");
        let without_v4 = Occurrence { record_in_v4: Bytes::new(), ..read };
        assert!(without_v4.shown(Version::V4).unwrap().is_none());
    }

    /// Versions before this one know no trace, and leave out what they do not know.
    #[test]
    fn events_with_and_without_a_trace_are_read_by_either_version() {
        let what = |trace| {
            let trace: Value = serde_json::from_str(trace).unwrap();
            json!({
                "event": "e", "kind": "Create", "resource": "r", "id": "1",
                "time": "2026-01-01T00:00:00Z", "trace": trace,
            })
        };
        let traced =
            what(r#"{ "id": "4bf92f3577b34da6a3ce929d0e0e4736", "flags": 1, "later": 2 }"#);
        let read: What = serde_json::from_value(traced).unwrap();
        assert_eq!(read.trace.unwrap().id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let mut without = what("null");
        assert!(without.as_object_mut().unwrap().remove("trace").is_some());
        let read: What = serde_json::from_value(without.clone()).unwrap();
        assert_eq!(read.trace, None);
        assert_eq!(serde_json::to_value(read).unwrap(), without);
    }

    #[test]
    fn what_is_damaged_or_newer_is_refused() {
        let value = some().encode().unwrap();
        for len in 0..value.len() {
            let cut = Bytes::copy_from_slice(&value[..len]);
            let read = Occurrence::decode(&cut).and_then(|it| it.shown(Version::V4).map(drop));
            // What ends behind the record of v5 looks like one without v4.
            match read {
                Ok(()) => assert!(Occurrence::decode(&cut).unwrap().record_in_v4.is_empty()),
                Err(error) => assert!(!error.is_newer(), "{error:?}"),
            }
        }
        let other = |from: &[u8], to: &[u8]| {
            let at = value.windows(from.len()).position(|it| it == from).unwrap();
            let other = [&value[..at], to, &value[at + from.len()..]].concat();
            Occurrence::decode(&other.into()).and_then(|it| it.shown(Version::V5)).unwrap_err()
        };
        let record = &some().record[..1];
        let before = b"\"state\"]}";
        let len = u32::try_from(some().record.len()).unwrap().to_le_bytes();
        for (is_newer, error) in [
            (true, other(&[1], &[2])),
            (false, other(&[1], &[0])),
            (true, other(b"StateChange", b"LaterChange")),
            (false, other(b"StateChange\"", b"StateChange\0")),
            (true, other(&[before, &len[..], record].concat(), &[before, &len[..], &[5]].concat())),
        ] {
            assert_eq!(error.is_newer(), is_newer, "{error:?}");
        }
    }
}
