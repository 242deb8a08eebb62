//! What a transaction reads and writes.

use std::ops::Deref;
use std::rc::Rc;

use bytes::Bytes;

use super::append::Appended;
use super::group::Group;
use crate::format::head::MAX_FIXED_BYTES;
use crate::writing::divide::NODE_BYTES;
use crate::{Error, Kv, Snapshot};

/// A transaction: reads as the snapshot it began with and its own writes on top.
pub struct Transaction<K: Kv> {
    snapshot: Snapshot<K>,
    appended: Appended,
    max_key_bytes: usize,
    too_long: Option<(&'static str, usize, usize)>,
}

/// The longest key of a tree with nodes of the usual size: several must fit in a node.
pub const MAX_KEY_BYTES: usize = max_key_bytes(NODE_BYTES);

/// The longest value of a tree.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// The longest key where nodes have the size.
const fn max_key_bytes(node_bytes: usize) -> usize {
    node_bytes / 4
}

impl<K: Kv> Transaction<K> {
    pub(crate) fn on(group: &Group<K>, node_bytes: usize) -> Self {
        let (snapshot, appended) = (group.snapshot.clone(), group.appended.clone());
        Self { snapshot, appended, max_key_bytes: max_key_bytes(node_bytes), too_long: None }
    }

    /// What the transaction leaves.
    pub(crate) fn finish(self) -> Result<(Snapshot<K>, Appended), Error> {
        let tree = || self.snapshot.pages.tree.as_str().into();
        match self.too_long {
            Some((what, bytes, limit)) => Err(Error::TooLong { tree: tree(), what, bytes, limit }),
            None => Ok((self.snapshot, self.appended)),
        }
    }

    /// Writes `value` at `key`, replacing what was there. A key longer than [`MAX_KEY_BYTES`] or a
    /// value longer than [`MAX_VALUE_BYTES`], or than the store can take, makes the transaction fail
    /// when it is committed.
    pub fn put(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        let (key, value) = (key.into(), value.into());
        let max_value_bytes = self.max_value_bytes();
        if value.len() > max_value_bytes {
            self.too_long = Some(("value", value.len(), max_value_bytes));
        }
        self.write(key, Some(value));
    }

    /// How long a value can be: [`MAX_VALUE_BYTES`], or less where the store cannot take as much.
    pub fn max_value_bytes(&self) -> usize {
        // In a page of its own, or in a head.
        let of_store = self.snapshot.pages.kv.limits().value_bytes;
        MAX_VALUE_BYTES.min(of_store.saturating_sub(2 * MAX_FIXED_BYTES))
    }

    /// Writes `value` at a new key: `prefix`, the [number](Snapshot::commit) of the commit that this
    /// becomes part of (16 hexadecimal digits, in lower case), and how many were appended before it in
    /// that commit (8 of them). So keys that were appended ascend in the order of commits, and of the
    /// transactions that share one: below a prefix at which nothing else is put, none ever appears
    /// before, or at, the number of a commit that anybody has seen.
    ///
    /// Appending reads nothing, so it concerns no other transaction that appends. The limits are
    /// those of [`put`](Self::put). What a transaction reads has its own appended keys too, and those
    /// of others that share its commit. It runs again if they become different ones.
    pub fn append(&mut self, prefix: impl AsRef<[u8]>, value: impl Into<Bytes>) {
        let key = self.appended.add(&self.snapshot, prefix.as_ref());
        self.put(key, value);
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, key: impl Into<Bytes>) {
        self.write(key.into(), None);
    }

    fn write(&mut self, key: Bytes, value: Option<Bytes>) {
        if key.len() > self.max_key_bytes {
            self.too_long = Some(("key", key.len(), self.max_key_bytes));
        }
        let writes = Rc::make_mut(&mut self.snapshot.writes);
        let is_written_twice = writes.insert(key.clone(), value).is_some();
        if is_written_twice
            && self.appended.has(&key)
            && let Some(reads) = &self.snapshot.reads
        {
            reads.key(&key);
        }
    }
}

impl<K: Kv> Deref for Transaction<K> {
    type Target = Snapshot<K>;

    fn deref(&self) -> &Snapshot<K> {
        &self.snapshot
    }
}
