//! What callers do with a tree: read its newest commit, and commit transactions.

use std::rc::Rc;

use crate::committing::group::Group;
use crate::committing::queue::Place;
use crate::committing::writers::{MAX_ATTEMPTS, Writers};
use crate::reading::heads::Heads;
use crate::{Error, Kv, Snapshot, Transaction};

/// A tree in a store.
pub struct Tree<K: Kv> {
    pub(crate) writers: Rc<Writers<K>>,
}

impl<K: Kv> Clone for Tree<K> {
    fn clone(&self) -> Self {
        Self { writers: self.writers.clone() }
    }
}

impl<K: Kv> Tree<K> {
    pub(crate) fn new(writers: Rc<Writers<K>>) -> Self {
        Self { writers }
    }

    /// The key-value store that the tree lives on.
    pub fn kv(&self) -> &K {
        self.writers.kv()
    }

    /// Forgets the pages that were read, of this tree and of all others in its store, as an
    /// instance that has just started.
    pub fn forget_pages(&self) {
        self.heads().cache.clear();
    }

    /// The newest commit.
    pub async fn snapshot(&self) -> Result<Snapshot<K>, Error> {
        let (pages, head) = self.heads().newest(None).await?;
        Ok(Snapshot::new(pages, head))
    }

    /// The newest commit, for somebody who is going to look for `key`: the page that had it in the
    /// commit seen last comes with the head, in one call. Pages never change, so if it still has the
    /// key, nothing else need be read.
    pub async fn snapshot_for(&self, key: impl AsRef<[u8]>) -> Result<Snapshot<K>, Error> {
        let (pages, head) = self.heads().newest(Some(key.as_ref())).await?;
        Ok(Snapshot::new(pages, head))
    }

    /// For a request that is going to write, before it does anything else: where others write too, it
    /// waits a few milliseconds, so that those which arrive meanwhile share its commit.
    pub async fn gather(&self) {
        self.writers.gather().await;
    }

    /// Runs `body` on a transaction and commits what it wrote, atomically, unless it fails. When
    /// another writer has changed what it read, `body` runs again on the newer state: it must have no
    /// effects besides the transaction, and it must not wait for another transaction. A body that
    /// writes nothing costs no write.
    pub async fn transact<T, E: From<Error>>(
        &self,
        body: impl AsyncFnMut(&mut Transaction<K>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.writers.transact(body).await
    }

    /// A group of nobody else, for who has the turn.
    pub(crate) async fn begin_alone(&self, turn: &Place<'_, Group<K>>) -> Result<Group<K>, Error> {
        // The members of a group that was left to this turn try again.
        drop(turn.take());
        self.writers.begin_on_newest().await
    }

    pub(crate) fn contended(&self) -> Error {
        Error::Contended { tree: self.heads().name.as_str().into(), attempts: MAX_ATTEMPTS }
    }

    pub(crate) fn heads(&self) -> &Heads<K> {
        &self.writers.heads
    }
}
