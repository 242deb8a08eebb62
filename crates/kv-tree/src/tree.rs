//! A tree and its name.

use bytes::Bytes;

use crate::codec::Fault;
use crate::head::Head;
use crate::pages::Pages;
use crate::store::Store;
use crate::{Error, Kv, Snapshot, root};

/// How often a transaction is attempted before it gives up.
pub(crate) const MAX_ATTEMPTS: u32 = 100;

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

    /// What is wrong with the value of `key`.
    pub(crate) fn fault(&self, key: &str, fault: Fault) -> Error {
        let (tree, key) = (self.0.clone(), key.to_owned());
        match fault {
            Fault::Newer(version) => Error::Newer { tree, key, version },
            Fault::Damaged(fault) => Error::Damaged { tree, key, fault },
        }
    }

    pub(crate) fn contended(&self) -> Error {
        Error::Contended { tree: self.0.clone(), attempts: MAX_ATTEMPTS }
    }
}

/// A tree in a store.
pub struct Tree<K: Kv> {
    pub(crate) store: Store<K>,
    pub(crate) name: TreeName,
}

impl<K: Kv> Tree<K> {
    pub(crate) fn new(store: Store<K>, name: TreeName) -> Self {
        Self { store, name }
    }

    /// The key-value store that the tree lives on.
    pub fn kv(&self) -> &K {
        self.store.kv()
    }

    /// Forgets the pages that were read, of this tree and of all others in its store, as an
    /// instance that has just started.
    pub fn forget_pages(&self) {
        self.store.pages().clear();
    }

    /// The newest commit.
    pub async fn snapshot(&self) -> Result<Snapshot<K>, Error> {
        let (pages, head) = self.head(None).await?;
        Ok(Snapshot::new(pages, &head))
    }

    /// The newest commit, for somebody who is going to look for `key`: the page that had it in the
    /// commit seen last comes with the head, in one call. Pages never change, so if it still has the
    /// key, nothing else need be read.
    pub async fn snapshot_for(&self, key: impl AsRef<[u8]>) -> Result<Snapshot<K>, Error> {
        let (pages, head) = self.head(Some(key.as_ref())).await?;
        Ok(Snapshot::new(pages, &head))
    }

    /// The newest head, and where its pages are; `key` is what will be looked for.
    pub(crate) async fn head(&self, key: Option<&[u8]>) -> Result<(Pages<K>, Head), Error> {
        loop {
            let Some(root) = root::find(&self.store, &self.name).await? else {
                return Ok((self.no_pages(), Head::default()));
            };
            let pages = self.pages(&root);
            let last = self.store.last_head(&self.name);
            let expected = match last.zip(key) {
                Some((last, key)) => pages.missing_to(&last, key),
                None => Vec::new(),
            };
            match pages.head_with(&expected).await? {
                Some(bytes) => {
                    let head = self.decode_head(&root.head_key, bytes)?;
                    return Ok((pages, head));
                }
                None => root.head_is_missing(&self.store, &self.name)?,
            }
        }
    }

    /// Reads a head; one that is as it was the last time is not decoded again.
    pub(crate) fn decode_head(&self, key: &str, value: Bytes) -> Result<Head, Error> {
        if let Some(head) = self.store.remembered_head(&self.name, &value) {
            return Ok(head);
        }
        let head = Head::decode(value.clone()).map_err(|fault| self.name.fault(key, fault))?;
        self.store.remember_head(&self.name, value, &head);
        Ok(head)
    }

    /// Where the pages of a head are that is read after this.
    pub(crate) fn pages(&self, root: &root::Root) -> Pages<K> {
        Pages {
            store: self.store.clone(),
            tree: self.name.clone(),
            generation: root.generation,
            head_key: root.head_key.clone(),
            taken: self.store.kv().now(),
        }
    }

    /// The place of no pages, for a tree that does not exist yet.
    pub(crate) fn no_pages(&self) -> Pages<K> {
        Pages {
            store: self.store.clone(),
            tree: self.name.clone(),
            generation: 0,
            head_key: "".into(),
            taken: self.store.kv().now(),
        }
    }
}
