//! Reading one commit of a tree: its pages, with the head's buffer on top.

use std::rc::Rc;

use bytes::Bytes;

use super::pages::Pages;
use super::reads::Reads;
use super::view::View;
use super::walk::{find, whole};
use crate::format::buffer::Writes;
use crate::format::head::Head;
use crate::{Error, KeyRange, Kv};

/// A key and its value. Both share the memory of what was read, so keeping one keeps that.
pub type Entry = (Bytes, Bytes);

/// One commit of a tree, whole, whatever happens to the tree meanwhile. When it is so old that pages
/// which it needs are deleted, a minute after they were retired, it is [`Expired`](Error::Expired).
pub struct Snapshot<K: Kv> {
    pub(crate) pages: Pages<K>,
    pub(crate) head: Rc<Head>,
    /// What is written on top, by a transaction.
    pub(crate) writes: Rc<Writes>,
    /// Where what is read is noted, for a transaction.
    pub(crate) reads: Option<Reads>,
}

impl<K: Kv> Clone for Snapshot<K> {
    fn clone(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            head: self.head.clone(),
            writes: self.writes.clone(),
            reads: self.reads.clone(),
        }
    }
}

impl<K: Kv> Snapshot<K> {
    pub(crate) fn new(pages: Pages<K>, head: Rc<Head>) -> Self {
        Self { pages, head, writes: Rc::default(), reads: None }
    }

    /// The number of the commit; for a transaction, of the one that it began on. A later commit has a
    /// greater number. 0 is that of a tree without any. A transaction that asks for it need not run again
    /// because there are later ones, unless there were when it began.
    pub fn commit(&self) -> u64 {
        self.reads.iter().for_each(Reads::commit);
        self.head.commit
    }

    /// The value of `key`.
    pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, Error> {
        Ok(self.get_many([key]).await?.pop().flatten())
    }

    /// The values of `keys`, in their order.
    pub async fn get_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Vec<Option<Bytes>>, Error> {
        let keys: Vec<_> = keys.into_iter().collect();
        if let Some(reads) = &self.reads {
            keys.iter().for_each(|key| reads.key(key.as_ref()));
        }
        let get = |view: &mut View<'_>, key: &[u8]| match (self.written(key), &self.head.root) {
            (Some(value), _) => value,
            (None, Some(root)) => {
                let value = find(view, root, key).value;
                value.and_then(|value| whole(view, value))
            }
            (None, None) => None,
        };
        let walk = |view: &mut View<'_>| keys.iter().map(|key| get(view, key.as_ref())).collect();
        self.pages.resolve(self.head.flush, walk).await
    }

    /// What is written at `key` on top of the pages, if anything.
    fn written(&self, key: &[u8]) -> Option<Option<Bytes>> {
        match self.writes.get(key) {
            Some(value) => Some(value.clone()),
            None => self.head.buffer.get(key).map(|entry| entry.value.clone()),
        }
    }

    /// What is written in a range that is not empty on top of the pages, in the order of keys.
    pub(crate) fn written_in(&self, range: &KeyRange) -> Vec<(Bytes, Option<Bytes>)> {
        let mut writes = self.writes.range::<[u8], _>(range).peekable();
        let mut written = Vec::new();
        for entry in self.head.buffer.range(range) {
            let key = &entry.key;
            while let Some((before, value)) = writes.next_if(|(before, _)| *before < key) {
                written.push((before.clone(), value.clone()));
            }
            let value = match writes.next_if(|(same, _)| *same == key) {
                Some((_, value)) => value.clone(),
                None => entry.value.clone(),
            };
            written.push((key.clone(), value));
        }
        written.extend(writes.map(|(key, value)| (key.clone(), value.clone())));
        written
    }
}
