//! How far a subscription has come, and where that is kept in the tree of the tenant.
//!
//! What has a member that this program does not know was written by a newer version, and is not read: it
//! would lose that member when it is written again.
//!
//! | key | value |
//! |---|---|
//! | `events/{API}/s/{subscription}` | its [`Progress`] |
//! | `events/{API}/w/{subscription}/{place}` | an event that waits, because it, or one before it of its resource, was not taken |
//! | `events/{API}/l/{subscription}/{lane}/{place}` | how often it was tried; a lane is a resource and its id |
//! | `events/{API}/d/{subscription}/{time}/{place}` | the lane of which it is the first; the time is that of its next try |
//! | `events/{API}/p/{subscription}/{generation}/{place}` | an event that is parked |

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::Listeners;
use crate::model::api::Api;
use crate::{Definition, Error, Version};

/// How far a subscription has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Progress {
    /// The resources of which it is counted as a listener, and in which version.
    pub listens: Option<Listens>,
    /// The place in the log up to which all is delivered, waits, or is not wanted.
    pub cursor: String,
    /// Who is at it.
    pub lease: Option<Lease>,
    /// How many events in a row were not taken at their first try.
    pub misses: u32,
    /// How often it was tried since they were too many.
    pub tries: u32,
    /// Until when nothing is sent then.
    pub next: Option<Timestamp>,
    /// Since when nothing was taken.
    pub failing_since: Option<Timestamp>,
    /// How many events were delivered.
    pub delivered: u64,
    /// How many tries have failed.
    pub failed: u64,
    pub last_error: Option<LastError>,
    /// Why nothing is sent any more.
    pub ended: Option<Ended>,
    /// What is parked now is parked under this number. What is under an earlier one is sent again, or else
    /// dropped, by and by.
    pub generation: u32,
    /// The earlier ones that are sent again.
    pub redriven: Vec<u32>,
}

/// What a subscription listens to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listens {
    pub is_v4: bool,
    /// Of the resources, what their keys begin with.
    pub resources: Vec<String>,
}

impl Listens {
    pub fn of<'d>(definitions: impl Iterator<Item = &'d Definition>, version: Version) -> Self {
        let resources = definitions.map(|it| it.resource.stored_name().to_owned()).collect();
        Self { is_v4: version == Version::V4, resources }
    }

    /// The keys with the numbers of listeners that it is counted in.
    pub fn keys(&self) -> Vec<String> {
        self.resources.iter().map(|name| format!("{name}/m/listeners")).collect()
    }

    /// What becomes of the value at one of them where it is added, or taken away.
    pub fn counted(&self, value: Option<&[u8]>, is_added: bool) -> Option<Bytes> {
        let listeners = Listeners::read(value).with(self.version(), is_added);
        listeners.to_value().map(Bytes::from)
    }

    fn version(&self) -> Version {
        if self.is_v4 { Version::V4 } else { Version::V5 }
    }
}

/// Who works at a subscription, and since when. That saves others the work; that nothing is written twice
/// does not depend on it, since whoever writes looks whether it is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lease {
    pub worker: u64,
    pub since: Timestamp,
}

/// Why a try has failed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LastError {
    pub time: Timestamp,
    pub message: String,
}

/// Why a subscription has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Ended {
    /// Its receiver wants no more (410).
    Gone,
    /// It was deleted.
    Deleted,
}

/// How often an event was tried that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tries {
    pub count: u32,
    /// When it was first tried, or had to wait for another one.
    pub since: Timestamp,
    /// When it is next, if it is the first of its resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

impl Tries {
    /// Those of what has not been tried.
    pub fn none(now: Timestamp) -> Self {
        Self { count: 0, since: now, due: None }
    }

    /// Those at a key; nothing if they are damaged.
    pub fn read(key: &str, value: &Bytes) -> Result<Option<Self>, Error> {
        match serde_json::from_slice(value) {
            Ok(tries) => Ok(Some(tries)),
            Err(error) => match Error::of_stored_json(key, &error) {
                newer if newer.is_newer() => Err(newer),
                _ => Ok(None),
            },
        }
    }

    pub fn to_value(self) -> Result<Bytes, Error> {
        serde_json::to_vec(&self).map(Bytes::from).map_err(Error::internal)
    }
}

impl Progress {
    /// That at a key.
    pub fn read(key: &str, value: &Bytes) -> Result<Self, Error> {
        serde_json::from_slice(value).map_err(|error| Error::of_stored_json(key, &error))
    }

    pub fn to_value(&self) -> Result<Bytes, Error> {
        serde_json::to_vec(self).map(Bytes::from).map_err(Error::internal)
    }
}

/// The keys of a subscription of an API.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    number: &'static str,
    id: String,
}

impl Keys {
    pub fn of(api: &Api, id: &str) -> Self {
        Self { number: api.number, id: id.to_owned() }
    }

    /// What the keys of the progress of all subscriptions begin with.
    pub fn all(api: &Api) -> String {
        format!("events/{}/s/", api.number)
    }

    pub fn progress(&self) -> String {
        format!("events/{}/s/{}", self.number, self.id)
    }

    pub fn waiting(&self, place: &str) -> String {
        format!("events/{}/w/{}/{place}", self.number, self.id)
    }

    pub fn lane(&self, lane: &str, place: &str) -> String {
        format!("events/{}/l/{}/{lane}/{place}", self.number, self.id)
    }

    /// The keys of tries that are due in the order of their times.
    pub fn due(&self, time: Timestamp, place: &str) -> String {
        let milliseconds = time.as_millisecond().max(0);
        format!("events/{}/d/{}/{milliseconds:016x}/{place}", self.number, self.id)
    }

    /// What all of them begin with.
    pub fn all_due(&self) -> String {
        format!("events/{}/d/{}/", self.number, self.id)
    }

    /// The time and the place in the key of a try.
    pub fn due_at(&self, key: &str) -> Option<(Timestamp, String)> {
        let (time, place) = key.strip_prefix(&self.all_due())?.split_once('/')?;
        let milliseconds = i64::from_str_radix(time, 16).ok()?;
        Some((Timestamp::from_millisecond(milliseconds).ok()?, place.to_owned()))
    }

    pub fn parked(&self, generation: u32, place: &str) -> String {
        format!("{}{generation:08x}/{place}", self.all_parked())
    }

    /// What all of them begin with.
    pub fn all_parked(&self) -> String {
        format!("events/{}/p/{}/", self.number, self.id)
    }

    /// The generation in the key of an event that is parked.
    pub fn generation_in(&self, key: &str) -> Option<u32> {
        let (generation, _) = key.strip_prefix(&self.all_parked())?.split_once('/')?;
        u32::from_str_radix(generation, 16).ok()
    }

    /// What all keys of its events begin with, beside its progress.
    pub fn events(&self) -> [String; 4] {
        ["w", "l", "d", "p"].map(|kind| format!("events/{}/{kind}/{}/", self.number, self.id))
    }
}

/// The last part of a key: the place of an event.
pub(super) fn place_in(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(json: &Value) -> Bytes {
        json.to_string().into()
    }

    /// A progress with something of everything.
    fn whole() -> Progress {
        let time = Timestamp::UNIX_EPOCH;
        Progress {
            listens: Some(Listens { is_v4: true, resources: vec!["billFormat".into()] }),
            cursor: "1".into(),
            lease: Some(Lease { worker: 1, since: time }),
            last_error: Some(LastError { time, message: "it answered 500".into() }),
            ended: Some(Ended::Gone),
            ..Progress::default()
        }
    }

    #[test]
    fn what_a_newer_version_has_added_anywhere_is_not_read() {
        let written = whole().to_value().unwrap();
        assert_eq!(Progress::read("k", &written).unwrap(), whole());
        let json: Value = serde_json::from_slice(&written).unwrap();
        for place in ["", "/listens", "/lease", "/lastError"] {
            let mut newer = json.clone();
            newer.pointer_mut(place).unwrap()["later"] = json!(1);
            let error = Progress::read("events/s", &value(&newer)).unwrap_err();
            assert!(error.is_newer(), "{place}: {error:?}");
            let cause = "events/s cannot be read: unknown field `later`";
            assert!(error.cause().unwrap().starts_with(cause), "{error:?}");
        }
        let mut newer = json.clone();
        newer["ended"] = json!("later");
        assert!(Progress::read("k", &value(&newer)).unwrap_err().is_newer());
        let tries = Tries { due: Some(Timestamp::UNIX_EPOCH), ..Tries::none(Timestamp::MAX) };
        let written = tries.to_value().unwrap();
        assert_eq!(Tries::read("k", &written).unwrap(), Some(tries));
        let mut newer: Value = serde_json::from_slice(&written).unwrap();
        newer["later"] = json!(1);
        assert!(Tries::read("k", &value(&newer)).unwrap_err().is_newer());
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_newer() {
        let cut = |value: Bytes| value.slice(..value.len() - 1);
        let progress = Progress::read("k", &cut(whole().to_value().unwrap()));
        assert!(!progress.unwrap_err().is_newer());
        let tries = Tries::none(Timestamp::UNIX_EPOCH).to_value().unwrap();
        assert_eq!(Tries::read("k", &cut(tries)).unwrap(), None);
    }

    #[test]
    fn what_an_earlier_version_has_not_written_is_nothing() {
        let read = Progress::read("k", &value(&json!({ "cursor": "1" }))).unwrap();
        assert_eq!(read, Progress { cursor: "1".into(), ..Progress::default() });
    }
}
