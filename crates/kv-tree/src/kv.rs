//! The port: what a tree needs of the store that it lives on.

use std::time::Duration;

use bytes::Bytes;

use crate::Error;

/// A key-value store.
///
/// Keys are made of `[A-Za-z0-9:_.-]`. A call that concerns one key is atomic; a batch need not be. A
/// write that was answered with `Ok` is durable, and does not happen once more later. After an `Err` it
/// may or may not have happened, and may still happen, unless the error says otherwise
/// ([`KvError::without_effect`]).
///
/// Compare-and-swap comes in two halves, as in `wasi:keyvalue`: [`watch`](Kv::watch) reads a value
/// and returns a ticket, [`swap`](Kv::swap) replaces the value if it is still the one that was read.
/// A store may treat the swap of a key that was **absent** when watched as an unconditional write
/// (Spin's SQLite store does), so a tree never swaps an absent key. No two values that a watched key ever has
/// begin with the same [`IDENTITY_BYTES`](crate::IDENTITY_BYTES), so a store need not compare more.
#[allow(async_fn_in_trait, reason = "components are single-threaded; no future has to be Send")]
pub trait Kv {
    /// What [`swap`](Kv::swap) needs to know of the value that was watched.
    type Watch;

    /// The value of `key`, or `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError>;

    /// The values of `keys`, in their order; `None` where there is none. There are no more keys than
    /// the store's [`Limits`] allow.
    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError>;

    /// The values of `keys`, as [`get_many`](Kv::get_many) reads them, but of a single key by [`get`](Kv::get): on
    /// Spin, only that lets the other requests of an instance go on.
    async fn get_some(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        match keys {
            [key] => Ok(vec![self.get(key).await?]),
            keys => self.get_many(keys).await,
        }
    }

    /// The values of `keys`, as [`get_some`](Kv::get_some) reads them. `known` is a value that the first key has had:
    /// while it has that, a store may return `known` itself instead of sending it again.
    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        _ = known;
        self.get_some(keys).await
    }

    /// Writes all `entries`, replacing what was there. There are no more, and none is longer, than the
    /// store's [`Limits`] allow.
    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError>;

    /// Deletes `keys`; those that are absent are no error. There are no more than the store's
    /// [`Limits`] allow.
    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError>;

    /// Reads `key` in order to swap it.
    async fn watch(&self, key: &str) -> Result<Watched<Self::Watch>, KvError>;

    /// Does what [`watch`](Kv::watch) does. `known` is a value that the key has had, as in
    /// [`get_knowing`](Kv::get_knowing).
    async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<Watched<Self::Watch>, KvError> {
        _ = known;
        self.watch(key).await
    }

    /// Reads a watched key again: from now on, this is the value that a swap replaces.
    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError>;

    /// Writes `value` if the watched key still has the value that was read last.
    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError>;

    /// Does what [`swap`](Kv::swap) does, and returns what [`watch`](Kv::watch) would return right afterwards:
    /// what was written, where it was [`Done`](Swapped::Done), and what the key has instead, where it was
    /// [`Lost`](Swapped::Lost). `None` where that takes another call.
    async fn swap_and_watch(
        &self,
        watch: Self::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Self::Watch>>), KvError> {
        Ok((self.swap(watch, value).await?, None))
    }

    /// Creates `key` with the number 0 in the store's own encoding, or leaves it as it is where it
    /// exists. Where it exists, or somebody else creates it at the same time, the call may also fail. Only
    /// called for keys whose value, whenever they exist, is that number or 8 bytes long.
    async fn create_zero(&self, key: &str) -> Result<(), KvError>;

    /// Shows `visit` every key that begins with `prefix`, in any order. Keys that are written or
    /// deleted meanwhile may be shown or not.
    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError>;

    /// Lets `duration` pass, so that others get their turn. A duration of zero lets the requests
    /// that are ready in this instance go on.
    async fn pause(&self, duration: Duration);

    /// The time since 1970. Clocks of those who share a store may differ: they only decide when pages
    /// that nobody needs are deleted, and for a second whether somebody who has just begun to write
    /// takes others for writing too.
    fn now(&self) -> Duration;

    /// The time since some moment, by a clock that never goes back.
    fn elapsed(&self) -> Duration;

    /// What the store can take.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Hears what happens behind the scenes.
    fn observe(&self, event: &Event<'_>) {
        let _ = event;
    }
}

/// Whether a value is the very one that the caller knew, which the store has not sent.
pub fn is_known(value: &Bytes, known: &Bytes) -> bool {
    std::ptr::eq(&**value, &**known)
}

/// What [`Kv::watch`] reads: the value of the key, if it has one, and what it takes to swap that.
pub type Watched<W> = (Option<Bytes>, W);

/// What a store can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many keys can be read by one call; at least 1.
    pub read_batch: usize,
    /// How many keys can be written or deleted by one call; at least 1.
    pub write_batch: usize,
    /// How long a value can be.
    pub value_bytes: usize,
}

impl Default for Limits {
    /// Those of a store that has none worth mentioning.
    fn default() -> Self {
        Self { read_batch: 1000, write_batch: 1000, value_bytes: usize::MAX }
    }
}

/// What happened behind the scenes of a transaction.
#[derive(Debug)]
pub enum Event<'e> {
    /// Transactions were committed.
    Committed {
        /// How many requests of this instance share the commit.
        requests: usize,
        /// How many swaps were tried.
        attempts: u32,
        /// How many other instances have made the latest 16 commits.
        rivals: usize,
    },
    /// Something failed that nobody waits for. It is done later; at worst pages that nobody needs stay
    /// in the store, until a vacuum.
    HousekeepingFailed {
        /// The tree.
        tree: &'e str,
        /// What was to be done.
        task: &'static str,
        /// Why it was not.
        error: &'e Error,
    },
}

/// What came of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The value is written.
    Done,
    /// The store says that it is not. Where a client of the store sends again what was not answered,
    /// it may be nevertheless.
    Refused,
    /// The key had another value: it is not written, and will not be.
    Lost,
}

/// A call to the store failed: which one, and what the store said.
#[derive(Debug, Clone, thiserror::Error)]
#[error("key-value store: {call} failed: {message}")]
pub struct KvError {
    /// The call, such as `get`.
    pub call: &'static str,
    /// The store's own words.
    pub message: String,
    /// Whether it is certain that nothing was changed, and will not be.
    pub is_without_effect: bool,
}

impl KvError {
    /// An error of `call` with the store's own words.
    pub fn new(call: &'static str, message: impl Into<String>) -> Self {
        Self { call, message: message.into(), is_without_effect: false }
    }

    /// The same, where it is certain that nothing was changed by the call, and will not be.
    pub fn without_effect(call: &'static str, message: impl Into<String>) -> Self {
        Self { is_without_effect: true, ..Self::new(call, message) }
    }

    /// An error of `call` on a store that is SQLite's, in whose words it may be certain that the call
    /// had no effect: a file that is locked, full or read-only takes nothing.
    pub fn of_sqlite(call: &'static str, message: impl Into<String>) -> Self {
        const REFUSALS: [&str; 3] =
            ["database is locked", "database or disk is full", "readonly database"];
        let error = Self::new(call, message);
        let is_refused = REFUSALS.iter().any(|words| error.message.contains(words));
        Self { is_without_effect: is_refused, ..error }
    }
}
