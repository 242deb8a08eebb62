//! Where a tree is, and its newest head.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;

use super::cache::PageCache;
use super::pages::Pages;
use crate::format::codec::Fault;
use crate::format::head::Head;
use crate::format::versions::decode_head;
use crate::{Error, Kv, TreeName, Watched, is_known};

/// A tree in a store, and what an instance remembers of it. That is safe to lose.
pub(crate) struct Heads<K: Kv> {
    pub kv: Rc<K>,
    pub cache: Rc<PageCache>,
    pub name: TreeName,
    /// The anchor of a tree never changes, so it need not be read for every request.
    generation: Cell<Option<u64>>,
    /// The head that was seen last, and its bytes.
    last: RefCell<Option<(Bytes, Rc<Head>)>>,
}

/// What a tree's anchor says.
pub(crate) struct Anchored<K: Kv> {
    pub pages: Pages<K>,
    /// Whether that was known, and not read just now.
    is_remembered: bool,
}

impl<K: Kv> Heads<K> {
    pub fn new(kv: Rc<K>, cache: Rc<PageCache>, name: TreeName) -> Self {
        Self { kv, cache, name, generation: Cell::new(None), last: RefCell::default() }
    }

    /// Where the tree's head and pages are, or `None` if the tree does not exist yet.
    pub async fn anchored(&self) -> Result<Option<Anchored<K>>, Error> {
        let remembered = self.generation.get();
        let generation = match remembered {
            Some(generation) => Some(generation),
            None => {
                let value = self.kv.get(self.name.as_str()).await?;
                value.map(|value| self.anchor(&value)).transpose()?.flatten()
            }
        };
        self.generation.set(generation);
        Ok(generation.map(|generation| Anchored {
            pages: self.pages(generation),
            is_remembered: remembered.is_some(),
        }))
    }

    /// The generation that the anchor's value names, or `None` for what a store wrote for zero.
    pub fn anchor(&self, value: &[u8]) -> Result<Option<u64>, Error> {
        let damaged = |fault| self.name.fault(self.name.as_str(), Fault::Damaged(fault));
        match value.try_into().map(u64::from_le_bytes) {
            Ok(0) => Ok(None),
            Ok(generation) => Ok(Some(generation)),
            // Stores that keep numbers as text write it so: Spin's on DynamoDB, in earlier versions of this.
            Err(_) if value == b"0" => Ok(None),
            Err(_) => Err(damaged("it does not name a head")),
        }
    }

    /// Where the pages of a generation are.
    pub fn pages(&self, generation: u64) -> Pages<K> {
        Pages {
            kv: self.kv.clone(),
            cache: self.cache.clone(),
            tree: self.name.clone(),
            generation,
            head_key: self.head_key(generation).into(),
        }
    }

    pub fn head_key(&self, generation: u64) -> String {
        format!("{}:{generation:016x}", self.name.as_str())
    }

    /// Reads the anchor anew next time.
    pub fn forget_generation(&self) {
        self.generation.set(None);
        // It may be the head of another one.
        self.last.replace(None);
    }

    /// The newest head, and where its pages are; `key` is what will be looked for. A tree that does
    /// not exist yet is empty, and has no pages.
    pub async fn newest(&self, key: Option<&[u8]>) -> Result<(Pages<K>, Rc<Head>), Error> {
        loop {
            let Some(anchored) = self.anchored().await? else {
                return Ok((self.pages(0), Rc::default()));
            };
            let pages = &anchored.pages;
            let read = match self.remembered() {
                Some((known, last)) => {
                    let expected = key.map(|key| pages.missing_to(&last, key)).unwrap_or_default();
                    pages.head_with(&expected, &known).await?
                }
                None => self.kv.get(&pages.head_key).await?,
            };
            match read {
                Some(bytes) => {
                    let head = self.decode(pages, bytes)?;
                    return Ok((anchored.pages, head));
                }
                None => self.head_is_missing(&anchored)?,
            }
        }
    }

    /// The newest head, and what it takes to swap it.
    pub async fn watch(&self) -> Result<Option<(Pages<K>, Rc<Head>, K::Watch)>, Error> {
        loop {
            let Some(anchored) = self.anchored().await? else { return Ok(None) };
            match self.watch_head(&anchored.pages).await? {
                (Some(bytes), watch) => {
                    let head = self.decode(&anchored.pages, bytes)?;
                    return Ok(Some((anchored.pages, head, watch)));
                }
                (None, _) => self.head_is_missing(&anchored)?,
            }
        }
    }

    /// The bytes of the newest head, and what it takes to swap it.
    pub async fn watch_head(&self, pages: &Pages<K>) -> Result<Watched<K::Watch>, Error> {
        Ok(match self.remembered() {
            Some((known, _)) => self.kv.watch_knowing(&pages.head_key, &known).await?,
            None => self.kv.watch(&pages.head_key).await?,
        })
    }

    /// The head that was seen last.
    pub fn last(&self) -> Option<Rc<Head>> {
        self.remembered().map(|(_, head)| head)
    }

    /// The head that was seen last, and before it its bytes.
    fn remembered(&self) -> Option<(Bytes, Rc<Head>)> {
        self.last.borrow().clone()
    }

    /// Reads a head; one that is as it was the last time is not decoded again.
    pub fn decode(&self, pages: &Pages<K>, bytes: Bytes) -> Result<Rc<Head>, Error> {
        let known = self.remembered();
        if let Some((last, head)) = &known
            && (is_known(&bytes, last) || *last == bytes)
        {
            return Ok(head.clone());
        }
        let known = known.as_ref().map(|(_, head)| &**head);
        let head = decode_head(bytes.clone(), pages.generation, known);
        let head = Rc::new(head.map_err(|fault| pages.damaged_head(fault))?);
        self.remember(bytes, head.clone());
        Ok(head)
    }

    /// Remembers a head and its bytes.
    pub fn remember(&self, bytes: Bytes, head: Rc<Head>) {
        self.last.replace(Some((bytes, head)));
    }

    /// The store has no head where the anchor says. If that was remembered, the store is another one by
    /// now and its anchor has to be read again; else the data is damaged.
    fn head_is_missing(&self, anchored: &Anchored<K>) -> Result<(), Error> {
        self.forget_generation();
        if anchored.is_remembered {
            return Ok(());
        }
        let fault = Fault::Damaged("the head that it names does not exist");
        Err(self.name.fault(self.name.as_str(), fault))
    }
}
