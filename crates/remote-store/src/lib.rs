//! Stores that many hosts share, as kv-tree needs them: Redis or Valkey, and PostgreSQL or what speaks
//! its protocol.
//!
//! What is here is which commands and statements a call becomes, and what their answers mean. Who sends
//! them is a [`Host`]: Spin's interfaces in components, client libraries in native programs.
//!
//! # Promises
//!
//! * A swap is one command, or one statement. It is [`Done`](Swapped::Done) where the store has said so and
//!   [`Lost`](Swapped::Lost) where the store has compared and found something else. Whatever else happens –
//!   a connection that ends, no answer in time, a serialization failure, too few replicas – is an error,
//!   which leaves kv-tree to find out.
//! * Nothing is sent twice but a statement that found no table: after an error, the caller tries again.
//! * A connection is kept for as long as it works, and shared by the calls of an instance. After an error
//!   that leaves its state open, the next call opens another one.
//! * A call ends within [`PATIENCE`], whatever the store does.
//!
//! # Layout
//!
//! * [`host`] – the port: what sends commands and statements.
//! * `line` – the connection that is kept, and how long a call may take.
//! * `splice` – what of a value the server has already.
//! * `redis`, `postgres` – the calls of kv-tree in either.
//! * [`native`] – the port for native programs, with the feature `native`.

#![forbid(unsafe_code)]

pub mod host;
mod line;
#[cfg(feature = "native")]
pub mod native;
mod postgres;
mod redis;
mod splice;

use std::time::Duration;

use bytes::Bytes;
use kv_tree::{IDENTITY_BYTES, KvError, Limits, Swapped, Watched};

pub use host::Host;
pub use postgres::SCHEMA;
pub use store_address::{Address, Engine};

use self::line::Line;
use self::postgres::Postgres;
use self::redis::Redis;

/// How long a call may take, opening a connection and waiting for replicas included.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A store that is reached over a network.
pub struct Remote<H: Host>(Kind<H>);

enum Kind<H: Host> {
    Redis(Redis<H>),
    Postgres(Postgres<H>),
}

/// What is known of a key that is going to be swapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    key: String,
    seen: Seen,
    /// The value itself, so that nothing of it need be sent again.
    value: Option<Bytes>,
}

/// What tells the value that was seen from every other that its key ever has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// There was none.
    Nothing,
    /// The version of its row, and how it begins.
    Version(i64, Bytes),
    /// How it begins.
    Beginning(Bytes),
}

/// What was watched, with its key.
fn of_key(key: String, (value, seen): Watched<Seen>) -> Watched<Watch> {
    (value.clone(), Watch { key, seen, value })
}

/// What tells a value of a head from every other.
fn identity(value: &Bytes) -> Bytes {
    value.slice(..value.len().min(IDENTITY_BYTES))
}

/// Carries a call to the engine that it is for.
macro_rules! on_engine {
    ($remote:expr, $engine:ident => $call:expr) => {
        match &$remote.0 {
            Kind::Redis($engine) => $call.await,
            Kind::Postgres($engine) => $call.await,
        }
    };
}

impl<H: Host> Remote<H> {
    /// The store at `address`. Where it is Redis, so many replicas must have what is acknowledged. Nothing is
    /// connected to before the first call.
    pub fn new(host: H, address: &Address, replicas: u32) -> Self {
        let url = address.url().to_owned();
        Self(match address.engine() {
            Engine::Redis => Kind::Redis(Redis::new(Line::new(host, url), replicas)),
            Engine::Postgres => Kind::Postgres(Postgres::new(Line::new(host, url))),
        })
    }

    /// The value of `key`.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        on_engine!(self, engine => engine.get(key))
    }

    /// The values of `keys`, in their order.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        on_engine!(self, engine => engine.get_many(keys))
    }

    /// The same, where the first has the value that is known and need not be sent again, as of
    /// [`Kv::get_anew`](kv_tree::Kv::get_anew).
    pub async fn get_anew(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        on_engine!(self, engine => engine.get_anew(keys, known))
    }

    /// Writes all `entries`, or none.
    pub async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        on_engine!(self, engine => engine.put_many(entries))
    }

    /// Deletes those of `keys` that are there.
    pub async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        on_engine!(self, engine => engine.delete_many(keys))
    }

    /// Reads `key` in order to swap it.
    pub async fn watch(&self, key: &str) -> Result<Watched<Watch>, KvError> {
        let watched = on_engine!(self, engine => engine.watch(key))?;
        Ok(of_key(key.to_owned(), watched))
    }

    /// The same, where the value that is known need not be sent again.
    pub async fn watch_anew(&self, key: &str, known: &Bytes) -> Result<Watched<Watch>, KvError> {
        let watched = on_engine!(self, engine => engine.watch_anew(key, known))?;
        Ok(of_key(key.to_owned(), watched))
    }

    /// Reads a watched key again.
    pub async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        let (value, seen) = match &watch.value {
            Some(known) => on_engine!(self, engine => engine.watch_anew(&watch.key, known))?,
            None => on_engine!(self, engine => engine.watch(&watch.key))?,
        };
        (watch.value, watch.seen) = (value.clone(), seen);
        Ok(value)
    }

    /// Writes `value` if the watched key still has what was read last. Of a key that was absent, that
    /// is: if it still is.
    pub async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let Watch { key, seen, value: old } = watch;
        on_engine!(self, engine => engine.swap(key, seen, old.as_ref(), value.into()))
    }

    /// Does what [`swap`](Self::swap) does, and returns what is there right afterwards: what was written, or,
    /// with Redis and without replicas that count, what it found instead.
    pub async fn swap_and_watch(
        &self,
        watch: Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Watch>>), KvError> {
        let Watch { key, seen, value: old } = watch;
        let (swapped, there) = on_engine!(self, engine => {
            engine.swap_and_watch(key.clone(), seen, old.as_ref(), value.into())
        })?;
        Ok((swapped, there.map(|there| of_key(key, there))))
    }

    /// Creates `key` with 8 bytes of zeros, unless it is there.
    pub async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        on_engine!(self, engine => engine.create_zero(key))
    }

    /// Shows `visit` the keys that begin with `prefix`. A key may be shown more than once.
    pub async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        on_engine!(self, engine => engine.keys(prefix, visit))
    }

    /// What a call may have: batches so small that neither engine keeps others waiting.
    pub fn limits(&self) -> Limits {
        Limits::default()
    }
}
