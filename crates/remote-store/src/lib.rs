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
}

/// What the key had: all of it, so that nothing of it need be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// There was none.
    Nothing,
    /// A row: its version, and the value.
    Row(i64, Bytes),
    /// A value.
    Value(Bytes),
}

impl Watch {
    /// The value that was seen.
    pub fn value(&self) -> Option<&Bytes> {
        match &self.seen {
            Seen::Nothing => None,
            Seen::Row(_, value) | Seen::Value(value) => Some(value),
        }
    }
}

/// How a value begins: what tells it from every other that its key has had.
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

    /// The values of `keys`, of which the first may be `known` itself, as in
    /// [`Kv::get_knowing`](kv_tree::Kv::get_knowing).
    pub async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        // Every value begins as nothing does.
        if known.is_empty() {
            return self.get_many(keys).await;
        }
        on_engine!(self, engine => engine.get_knowing(keys, known))
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
        let (value, seen) = on_engine!(self, engine => engine.watch(key))?;
        Ok((value, Watch { key: key.to_owned(), seen }))
    }

    /// Does what [`watch`](Self::watch) does; the value may be `known` itself.
    pub async fn watch_knowing(&self, key: &str, known: &Bytes) -> Result<Watched<Watch>, KvError> {
        if known.is_empty() {
            return self.watch(key).await;
        }
        let (value, seen) = on_engine!(self, engine => engine.watch_knowing(key, known))?;
        Ok((value, Watch { key: key.to_owned(), seen }))
    }

    /// Reads a watched key again.
    pub async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        let (value, again) = match watch.value() {
            Some(known) => self.watch_knowing(&watch.key, known).await?,
            None => self.watch(&watch.key).await?,
        };
        *watch = again;
        Ok(value)
    }

    /// Writes `value` if the watched key still has what was read last. Of a key that was absent, that
    /// is: if it still is.
    pub async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let Watch { key, seen } = watch;
        on_engine!(self, engine => engine.swap(key, seen, value.into()))
    }

    /// Does what [`swap`](Self::swap) does, and returns what is there right afterwards: what was written, or,
    /// with Redis and without replicas that count, what it found instead.
    pub async fn swap_and_watch(
        &self,
        watch: Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Watch>>), KvError> {
        let Watch { key, seen } = watch;
        let (swapped, there) =
            on_engine!(self, engine => engine.swap_and_watch(key.clone(), seen, value.into()))?;
        Ok((swapped, there.map(|(value, seen)| (value, Watch { key, seen }))))
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
