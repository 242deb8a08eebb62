//! Sets of keys as the store has them, for all instances.
//!
//! The tree `access.keys`, which no tenant can be called, has an entry for each issuer and each
//! place where it publishes its keys. It is JSON: the set as it was published, when it was fetched,
//! and when a fetch was last begun. Whoever wants to fetch reserves that first, by a transaction;
//! this is what keeps all instances together from asking an issuer more often than once a minute.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use kv_tree::{Error, Kv, Snapshot, Store, Tree, TreeName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of the tree.
const TREE: &str = "access.keys";

/// How long nobody fetches after somebody has begun to.
const BETWEEN_FETCHES: SignedDuration = SignedDuration::from_mins(1);

/// How long a set is used before it is fetched anew.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// How far in the future a time may be that another instance has written. Beyond that, one of the
/// clocks is so wrong that the time says nothing.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// What the store has of the keys of an issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// When a fetch was last begun, in milliseconds since 1970.
    begun: Option<i64>,
    /// The set that was fetched last and has keys that can be used.
    pub set: Option<Fetched>,
}

/// A set of keys that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fetched {
    /// When its fetch was begun, in milliseconds since 1970.
    at: i64,
    /// The JWK Set, as it was published.
    pub text: String,
}

/// The entry of an issuer.
pub(crate) struct Entry<K: Kv> {
    tree: Tree<K>,
    key: String,
}

/// Whether `duration` has passed since a time. One that is far in the future is of a clock that is
/// wrong: then it has.
pub(crate) fn has_passed(since: Timestamp, duration: SignedDuration, now: Timestamp) -> bool {
    let passed = now.duration_since(since);
    passed >= duration || passed < -MAX_AHEAD
}

impl Stored {
    fn has_passed(since: Option<i64>, duration: SignedDuration, now: Timestamp) -> bool {
        let since = since.and_then(|since| Timestamp::from_millisecond(since).ok());
        since.is_none_or(|since| has_passed(since, duration, now))
    }

    /// Whether nobody has begun to fetch within the last minute.
    pub fn may_be_fetched(&self, now: Timestamp) -> bool {
        Self::has_passed(self.begun, BETWEEN_FETCHES, now)
    }

    /// The fetch that was begun within a time and has not led to anything: when it was begun.
    pub fn fetch_under_way(&self, within: SignedDuration, now: Timestamp) -> Option<i64> {
        let fetched = self.set.as_ref().map(|set| set.at);
        let is_over = self.begun == fetched || Self::has_passed(self.begun, within, now);
        self.begun.filter(|_| !is_over)
    }

    /// Whether there is no set that was fetched within the last hour.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        Self::has_passed(self.set.as_ref().map(|set| set.at), LIFETIME, now)
    }

    /// What an entry says. One that cannot be read is as none: it is going to be replaced.
    fn read(entry: Option<impl AsRef<[u8]>>) -> Self {
        let stored = entry.map(|entry| serde_json::from_slice(entry.as_ref()));
        stored.and_then(Result::ok).unwrap_or_default()
    }

    fn written(&self) -> Vec<u8> {
        // There is nothing in it that could not be written; an empty entry is as none.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl<K: Kv> Entry<K> {
    /// The entry of an issuer that publishes its keys at `url`.
    pub fn of(store: &Store<K>, issuer: &str, url: &str) -> Result<Self, Error> {
        let digest = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(url);
        let mut key = String::new();
        for byte in digest.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(key, "{byte:02x}");
        }
        Ok(Self { tree: store.tree(TreeName::new(TREE)?), key })
    }

    /// What it says.
    pub async fn read(&self) -> Result<Stored, Error> {
        let snapshot = self.tree.snapshot_for(&self.key).await?;
        self.of_snapshot(&snapshot).await
    }

    /// What it says in a snapshot. One that cannot be read is as none: what it had can be fetched anew.
    async fn of_snapshot(&self, snapshot: &Snapshot<K>) -> Result<Stored, Error> {
        match snapshot.get(&self.key).await {
            Err(Error::Damaged { .. }) => Ok(Stored::default()),
            value => Ok(Stored::read(value?)),
        }
    }

    /// Reserves a fetch for the caller, unless somebody else has it; and what the entry says then.
    pub async fn reserve(&self, now: Timestamp) -> Result<(bool, Stored), Error> {
        let body = self.tree.transact(async |transaction| {
            let mut stored = self.of_snapshot(transaction).await?;
            let is_reserved = stored.may_be_fetched(now);
            if is_reserved {
                stored.begun = Some(now.as_millisecond());
                transaction.put(self.key.clone(), stored.written());
            }
            Ok((is_reserved, stored))
        });
        body.await
    }

    /// Keeps the set whose fetch was begun at the time; and what the entry says then.
    pub async fn keep(&self, text: &str, begun: Timestamp) -> Result<Stored, Error> {
        let body = self.tree.transact(async |transaction| {
            let mut stored = self.of_snapshot(transaction).await?;
            stored.set = Some(Fetched { at: begun.as_millisecond(), text: text.to_owned() });
            transaction.put(self.key.clone(), stored.written());
            Ok(stored)
        });
        body.await
    }
}
