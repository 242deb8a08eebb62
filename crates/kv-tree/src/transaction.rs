//! Writing to a tree.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use bytes::Bytes;

use crate::head::change;
use crate::store::NODE_BYTES;
use crate::{Error, Kv, Snapshot, TreeName};

/// A transaction: reads as the snapshot it began with and its own writes on top.
pub struct Transaction<K: Kv> {
    snapshot: Snapshot<K>,
    /// The keys that were put or deleted.
    written: BTreeSet<Bytes>,
    too_long: Option<(&'static str, usize, usize)>,
}

/// The longest key of a tree: several must fit in a node.
pub const MAX_KEY_BYTES: usize = NODE_BYTES / 4;

/// The longest value of a tree.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

impl<K: Kv> Transaction<K> {
    pub(crate) fn on(snapshot: Snapshot<K>) -> Self {
        Self { snapshot, written: BTreeSet::new(), too_long: None }
    }

    /// What the transaction leaves, and the keys that it wrote.
    pub(crate) fn finish(self, tree: &TreeName) -> Result<(Snapshot<K>, BTreeSet<Bytes>), Error> {
        match self.too_long {
            Some((what, bytes, limit)) => {
                Err(Error::TooLong { tree: tree.as_str().into(), what, bytes, limit })
            }
            None => Ok((self.snapshot, self.written)),
        }
    }

    /// Writes `value` at `key`, replacing what was there. A key longer than [`MAX_KEY_BYTES`] or a
    /// value longer than [`MAX_VALUE_BYTES`] makes the transaction fail when it is committed.
    pub fn put(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        let (key, value) = (key.into(), value.into());
        let max_key_bytes = self.snapshot.pages.store.node_bytes() / 4;
        if key.len() > max_key_bytes {
            self.too_long = Some(("key", key.len(), max_key_bytes));
        } else if value.len() > MAX_VALUE_BYTES {
            self.too_long = Some(("value", value.len(), MAX_VALUE_BYTES));
        }
        Rc::make_mut(&mut self.snapshot.buffer).insert(key.clone(), Some(value));
        self.written.insert(key);
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, key: impl Into<Bytes>) {
        let key = key.into();
        let has_pages = self.snapshot.root.is_some();
        if change(Rc::make_mut(&mut self.snapshot.buffer), has_pages, key.clone(), None) {
            self.written.insert(key);
        } else if let Some(reads) = &self.snapshot.reads {
            // All that was done is seeing that it is not there.
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
