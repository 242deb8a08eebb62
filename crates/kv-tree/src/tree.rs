//! Opening a tree and writing to it.

use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;

use crate::head::{self, Head};
use crate::{Error, Kv, KvError, MAX_HEAD_BYTES, Snapshot, root};

/// How often a transaction is attempted before it gives up.
const MAX_ATTEMPTS: u32 = 100;

/// Where the random pause between two attempts stops growing.
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// The name of a tree: 1 to 128 characters of `[A-Za-z0-9_.-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TreeName(String);

impl TreeName {
    /// Checks `name`.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        let name = name.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if (1..=128).contains(&name.len()) && name.chars().all(allowed) {
            Ok(Self(name))
        } else {
            Err(Error::Name(name))
        }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tree in a store. Opening it touches nothing; it comes into being with its first commit.
#[derive(Debug)]
pub struct Tree<K> {
    kv: K,
    name: TreeName,
}

impl<K: Kv> Tree<K> {
    /// The tree called `name` in `kv`.
    pub fn open(kv: K, name: TreeName) -> Self {
        Self { kv, name }
    }

    /// The newest commit.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        loop {
            let Some(root) = root::find(&self.kv, &self.name).await? else {
                return Ok(Snapshot::default());
            };
            match self.kv.get(&root.head_key).await? {
                Some(bytes) => return Ok(self.decode(&root.head_key, bytes)?.snapshot),
                None => root.head_is_missing(&self.name)?,
            }
        }
    }

    /// Runs `body` on a transaction and commits what it wrote, atomically, unless it fails. When
    /// another writer was first, `body` runs again on the newer state: it must have no effects
    /// besides the transaction. A body that writes nothing costs no write.
    pub async fn transact<T, E: From<Error>>(
        &self,
        mut body: impl AsyncFnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        for attempt in 0..MAX_ATTEMPTS {
            let Some(root) = root::find(&self.kv, &self.name).await? else {
                let mut transaction = Transaction::on(Snapshot::default());
                let outcome = body(&mut transaction).await?;
                if !transaction.changed {
                    return Ok(outcome);
                }
                root::create(&self.kv, &self.name).await?;
                continue;
            };
            let (bytes, watch) = self.kv.watch(&root.head_key).await.map_err(Error::from)?;
            let Some(bytes) = bytes else {
                root.head_is_missing(&self.name)?;
                continue;
            };
            let head = self.decode(&root.head_key, bytes)?;
            let mut transaction = Transaction::on(head.snapshot);
            let outcome = body(&mut transaction).await?;
            if !transaction.changed {
                return Ok(outcome);
            }
            let next = Head { commit: head.commit.wrapping_add(1), snapshot: transaction.snapshot };
            let bytes = next.encoded_len();
            if bytes > MAX_HEAD_BYTES {
                return Err(Error::Full { tree: self.name.as_str().into(), bytes }.into());
            }
            if self.kv.swap(watch, next.encode()).await.map_err(Error::from)? {
                return Ok(outcome);
            }
            self.kv.pause(jittered_pause(attempt)?).await;
        }
        Err(contended(&self.name).into())
    }

    fn decode(&self, key: &str, bytes: Bytes) -> Result<Head, Error> {
        Head::decode(bytes).map_err(|fault| {
            let (tree, key) = (self.name.as_str().to_owned(), key.to_owned());
            match fault {
                head::Fault::Newer(version) => Error::Newer { tree, key, version },
                head::Fault::Damaged(fault) => Error::Damaged { tree, key, fault },
            }
        })
    }
}

pub(crate) const ATTEMPTS: std::ops::Range<u32> = 0..MAX_ATTEMPTS;

pub(crate) fn contended(name: &TreeName) -> Error {
    Error::Contended { tree: name.as_str().into(), attempts: MAX_ATTEMPTS }
}

/// A random part of a bound that doubles with each attempt, up to [`MAX_PAUSE`] (full jitter).
pub(crate) fn jittered_pause(attempt: u32) -> Result<Duration, Error> {
    let bound = Duration::from_millis(1 << attempt.min(16)).min(MAX_PAUSE);
    let random = getrandom::u32().map_err(|error| KvError::new("random", error.to_string()))?;
    Ok(bound.mul_f64(f64::from(random) / f64::from(u32::MAX)))
}

/// A transaction: reads as the snapshot it began with and its own writes on top.
#[derive(Debug)]
pub struct Transaction {
    snapshot: Snapshot,
    changed: bool,
}

impl Transaction {
    fn on(snapshot: Snapshot) -> Self {
        Self { snapshot, changed: false }
    }

    /// Writes `value` at `key`, replacing what was there.
    pub fn put(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.snapshot.entries.insert(key.into(), value.into());
        self.changed = true;
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, key: impl AsRef<[u8]>) {
        self.changed |= self.snapshot.entries.remove(key.as_ref()).is_some();
    }
}

impl Deref for Transaction {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}
