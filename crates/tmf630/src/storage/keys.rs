//! Where everything of a resource lies in the tree of its tenant, which has all resources of all
//! APIs.
//!
//! | key | value |
//! |---|---|
//! | `{resource}/r/{id}` | a record |
//! | `{resource}/i/{index}/{value}{id}` | nothing: the resource is found by the value |
//! | `{resource}/m/indexes` | which indexes are whole |
//! | `{resource}/m/listeners` | how many subscriptions want events of it, in each version |
//! | `{resource}/k/{key}` | what a request with an `Idempotency-Key` created |
//! | `{resource}/x/{time}/{key}` | when that can be forgotten |
//! | `jobs/{kind}/{id}` | the state of a job |

use std::ops::Bound;

use kv_tree::KeyRange;

use crate::{Definition, Error};

/// What the keys of jobs begin with.
pub(crate) const JOBS: &str = "jobs/";

/// The state of a job, by its kind and its id.
pub(crate) fn job(kind: &str, id: &str) -> String {
    format!("{JOBS}{kind}/{id}")
}

/// The keys of a resource, by what they begin with: its name in paths, unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keys(pub &'static str);

impl Keys {
    /// Those of the resource that is defined so.
    pub fn of(definition: &Definition) -> Self {
        Self(definition.resource.stored_name())
    }

    /// The record with the id.
    pub fn record(self, id: &str) -> Vec<u8> {
        [self.0, "/r/", id].concat().into_bytes()
    }

    /// All records.
    pub fn records(self) -> KeyRange {
        KeyRange::prefix(self.record(""))
    }

    /// The records whose ids are greater than `id`.
    pub fn records_after(self, id: &str) -> KeyRange {
        let end = [self.0, "/r0"].concat();
        KeyRange::between(Bound::Excluded(self.record(id)), Bound::Excluded(end.into_bytes()))
    }

    /// The id in the key of a record.
    pub fn id_of(self, key: &[u8]) -> Result<&str, Error> {
        let id = key.get(self.0.len() + "/r/".len()..);
        id.and_then(|id| std::str::from_utf8(id).ok())
            .ok_or_else(|| Error::internal(format!("{key:?} is no key of a record")))
    }

    /// What every key of an index begins with.
    pub fn index(self, name: &str) -> Vec<u8> {
        [self.0, "/i/", name, "/"].concat().into_bytes()
    }

    /// What is known of the indexes.
    pub fn catalogue(self) -> Vec<u8> {
        [self.0, "/m/indexes"].concat().into_bytes()
    }

    /// Who wants to hear of changes.
    pub fn listeners(self) -> Vec<u8> {
        [self.0, "/m/listeners"].concat().into_bytes()
    }

    /// What the request with the key created.
    pub fn memory(self, key: &str) -> Vec<u8> {
        [self.0, "/k/", key].concat().into_bytes()
    }

    /// That what the request with the key created at the time, in milliseconds since 1970, is
    /// remembered.
    pub fn remembered(self, milliseconds: i64, key: &str) -> Vec<u8> {
        format!("{}/x/{:020}/{key}", self.0, milliseconds.max(0)).into_bytes()
    }

    /// What is remembered since before the time.
    pub fn remembered_before(self, milliseconds: i64) -> KeyRange {
        let begin = [self.0, "/x/"].concat().into_bytes();
        let end = self.remembered(milliseconds, "");
        KeyRange::between(Bound::Included(begin), Bound::Excluded(end))
    }

    /// The key in one of those.
    pub fn key_of(self, remembered: &[u8]) -> Option<&str> {
        let rest = remembered.get(self.0.len() + "/x/".len() + 20 + 1..)?;
        std::str::from_utf8(rest).ok()
    }
}
