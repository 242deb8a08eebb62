//! Fetching pages.
//!
//! [`Pages::resolve`] runs a function of a [`View`], fetches all pages that were missing to it, in one
//! call, and runs it again. So the pages of one level are fetched together, and no algorithm has to
//! know how.

use std::rc::Rc;

use bytes::Bytes;

use super::cache::PageCache;
use super::view::View;
use super::walk::{find, whole};
use crate::format::codec::Fault;
use crate::format::head::Head;
use crate::format::page::Page;
use crate::format::value::PageId;
use crate::format::versions::decode_head;
use crate::{Error, Kv, TreeName};

/// Where the pages of a tree are.
pub(crate) struct Pages<K: Kv> {
    pub kv: Rc<K>,
    pub cache: Rc<PageCache>,
    pub tree: TreeName,
    pub generation: u64,
    pub head_key: Rc<str>,
}

impl<K: Kv> Clone for Pages<K> {
    fn clone(&self) -> Self {
        Self {
            kv: self.kv.clone(),
            cache: self.cache.clone(),
            tree: self.tree.clone(),
            generation: self.generation,
            head_key: self.head_key.clone(),
        }
    }
}

impl<K: Kv> Pages<K> {
    /// Runs `walk` until no page is missing to it, and returns its last result. `flush` is the number
    /// of flushes of the head that it begins at.
    pub async fn resolve<T>(
        &self,
        flush: u64,
        mut walk: impl FnMut(&mut View<'_>) -> T,
    ) -> Result<T, Error> {
        let mut view = View::new(&self.cache, self.generation);
        loop {
            let result = walk(&mut view);
            // A fault that was found while pages were missing may be due to that; a true one is found
            // again.
            let fault = view.fault.take();
            if view.missing.is_empty() {
                return match fault {
                    Some((id, fault)) => Err(self.damaged(id, fault)),
                    None => Ok(result),
                };
            }
            let missing: Vec<_> = std::mem::take(&mut view.missing).into_iter().collect();
            for batch in missing.chunks(self.kv.limits().read_batch.max(1)) {
                self.fetch(flush, batch, &mut view).await?;
            }
        }
    }

    /// The pages that have to be read next to look for `key` in an earlier head of the tree.
    pub fn missing_to(&self, head: &Head, key: &[u8]) -> Vec<PageId> {
        let mut view = View::new(&self.cache, self.generation);
        if let (Some(root), None) = (&head.root, head.buffer.get(key))
            && let Some(value) = find(&mut view, root, key).value
        {
            whole(&mut view, value);
        }
        view.missing.into_iter().collect()
    }

    /// Reads the head, and in the same call the pages that are expected to be needed. Those that are
    /// gone, or not what they should be, are left for whoever does need them. `known` is a head that the
    /// tree had.
    pub async fn head_with(
        &self,
        expected: &[PageId],
        known: &Bytes,
    ) -> Result<Option<Bytes>, Error> {
        let mut keys = vec![self.head_key.to_string()];
        keys.extend(expected.iter().map(|id| id.key(&self.head_key)));
        let mut values = self.kv.get_knowing(&keys, known).await?.into_iter();
        let head = values.next().flatten();
        for (id, page) in expected.iter().zip(values) {
            if let Some(Ok(page)) = page.map(|page| Page::decode(*id, page)) {
                self.cache.insert(self.generation, *id, Rc::new(page));
            }
        }
        Ok(head)
    }

    /// The pages themselves, as they are in the store.
    pub async fn read(&self, ids: &[PageId]) -> Result<Vec<Option<Bytes>>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| id.key(&self.head_key)).collect();
        Ok(self.kv.get_some(&keys).await?)
    }

    async fn fetch(&self, flush: u64, ids: &[PageId], view: &mut View<'_>) -> Result<(), Error> {
        let pages = self.read(ids).await?;
        for (index, id) in ids.iter().enumerate() {
            let Some(page) = pages.get(index).cloned().flatten() else {
                return Err(self.page_is_missing(flush, *id).await?);
            };
            let page = Page::decode(*id, page).map_err(|fault| self.damaged(*id, fault))?;
            let page = Rc::new(page);
            self.cache.insert(self.generation, *id, page.clone());
            view.pinned.insert(*id, page);
        }
        Ok(())
    }

    /// Pages are only deleted when a flush has retired them: if there was none since, or the commit is held,
    /// this one should be there.
    pub async fn page_is_missing(&self, flush: u64, id: PageId) -> Result<Error, Error> {
        let Some(bytes) = self.kv.get(&self.head_key).await? else {
            return Ok(self.damaged_head(Fault::Damaged("it does not exist any more")));
        };
        let newest = decode_head(bytes, self.generation, None);
        let newest = newest.map_err(|fault| self.damaged_head(fault))?;
        let now = newest.time_at(self.kv.now());
        let is_held = newest.held.iter().any(|held| held.flush == flush && held.is_in_force(now));
        Ok(match newest.flush == flush || is_held {
            true => self.damaged(id, Fault::Damaged("it is needed, but it does not exist")),
            false => Error::Expired { tree: self.tree.as_str().into() },
        })
    }

    /// What is wrong with the head.
    pub fn damaged_head(&self, fault: Fault) -> Error {
        self.tree.fault(&self.head_key, fault)
    }

    /// What is wrong with a page.
    pub fn damaged(&self, id: PageId, fault: Fault) -> Error {
        self.tree.fault(&id.key(&self.head_key), fault)
    }
}
