//! The port: what a tree needs of the store that it lives on.

use std::time::Duration;

use bytes::Bytes;

/// A key-value store.
///
/// Keys are made of `[A-Za-z0-9:_.-]`. Every call is atomic by itself; a write that was answered
/// with `Ok` is durable. After an `Err` the write may or may not have happened.
///
/// Compare-and-swap comes in two halves, as in `wasi:keyvalue`: [`watch`](Kv::watch) reads a value
/// and returns a ticket, [`swap`](Kv::swap) replaces the value if it is still the one that was read.
/// A store may treat the swap of a key that was **absent** when watched as an unconditional write
/// (Spin's SQLite store does), so a tree never swaps an absent key.
#[allow(async_fn_in_trait, reason = "components are single-threaded; no future has to be Send")]
pub trait Kv {
    /// What [`swap`](Kv::swap) needs to know of the value that was watched.
    type Watch;

    /// The value of `key`, or `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError>;

    /// The values of `keys`, in their order; `None` where there is none.
    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError>;

    /// Writes all `entries`, replacing what was there.
    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError>;

    /// Deletes `keys`; those that are absent are no error.
    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError>;

    /// Reads `key` in order to swap it.
    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError>;

    /// Writes `value` if the watched key still has the value that was read then.
    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError>;

    /// Creates `key` with the number 0 in the store's own encoding, or leaves it as it is where it
    /// exists. Only called for keys whose value is 8 bytes long whenever they exist.
    async fn create_zero(&self, key: &str) -> Result<(), KvError>;

    /// Shows `visit` every key that begins with `prefix`, in any order. Keys that are written or
    /// deleted meanwhile may be shown or not.
    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError>;

    /// Lets `duration` pass, so that others get their turn. A duration of zero lets the requests
    /// that are ready in this instance go on.
    async fn pause(&self, duration: Duration);

    /// The time since 1970. Clocks of those who share a store may differ, but by less than 30 s.
    fn now(&self) -> Duration;
}

/// What came of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The value is written.
    Done,
    /// The store says that it is not. Where a client of the store sends again what was not answered,
    /// it may be nevertheless.
    Refused,
    /// The key had another value already, so that it was not tried.
    NotTried,
}

/// A call to the store failed: which one, and what the store said.
#[derive(Debug, Clone, thiserror::Error)]
#[error("key-value store: {call} failed: {message}")]
pub struct KvError {
    /// The call, such as `get`.
    pub call: &'static str,
    /// The store's own words.
    pub message: String,
}

impl KvError {
    /// An error of `call` with the store's own words.
    pub fn new(call: &'static str, message: impl Into<String>) -> Self {
        Self { call, message: message.into() }
    }
}
