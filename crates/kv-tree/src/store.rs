//! A store and what an instance keeps of it between requests.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::cache::PageCache;
use crate::codec::is_same;
use crate::group::Group;
use crate::head::Head;
use crate::line::Line;
use crate::pressure::Pressure;
use crate::{Kv, Tree, TreeName};

/// A key-value store with trees in it.
///
/// An instance opens a store once and keeps it: the store remembers where the trees are and the
/// pages that were read, and lets the transactions of the instance share their commits. Clones
/// share all that. What is remembered is safe to lose, and nothing else is kept.
pub struct Store<K: Kv>(Rc<Shared<K>>);

struct Shared<K: Kv> {
    kv: K,
    node_bytes: usize,
    pages: PageCache,
    generations: RefCell<HashMap<TreeName, u64>>,
    heads: RefCell<HashMap<TreeName, (Bytes, Head)>>,
    writers: RefCell<HashMap<TreeName, Rc<Writers<K>>>>,
}

/// Those who write to a tree, in this instance.
pub(crate) struct Writers<K: Kv> {
    /// They stand in line; what is left to the next one is a group to join.
    pub line: Line<Group<K>>,
    /// The id of their last commit.
    pub last_commit: Cell<Option<u64>>,
    /// How much they compete with those of other instances.
    pub pressure: Pressure,
    /// The number of the flush that was seen to be under way last, and since when.
    pub flush_seen: Cell<Option<(u64, Duration)>>,
}

impl<K: Kv> Default for Writers<K> {
    fn default() -> Self {
        Self {
            line: Line::default(),
            last_commit: Cell::new(None),
            pressure: Pressure::default(),
            flush_seen: Cell::new(None),
        }
    }
}

/// How large a node becomes before it is split. Larger ones make the tree lower, and what a flush
/// writes more.
pub(crate) const NODE_BYTES: usize = 4 << 10;

/// Of how many trees a store remembers something.
const MAX_TREES: usize = 1024;

/// Of how many trees it remembers the head, which takes more.
const MAX_HEADS: usize = 64;

impl<K: Kv> Clone for Store<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Kv> Store<K> {
    /// The trees in `kv`.
    pub fn new(kv: K) -> Self {
        Self::with_node_bytes(kv, NODE_BYTES)
    }

    /// The same with nodes of another size than 4 KiB. All programs that share a store can choose
    /// their own: it only decides how large the nodes become that they write. A key can be up to a
    /// quarter as long.
    pub fn with_node_bytes(kv: K, node_bytes: usize) -> Self {
        Self(Rc::new(Shared {
            kv,
            node_bytes,
            pages: PageCache::default(),
            generations: RefCell::default(),
            heads: RefCell::default(),
            writers: RefCell::default(),
        }))
    }

    /// The tree called `name`. This touches nothing; a tree comes into being with its first commit.
    pub fn tree(&self, name: TreeName) -> Tree<K> {
        Tree::new(self.clone(), name)
    }

    /// The key-value store itself.
    pub fn kv(&self) -> &K {
        &self.0.kv
    }

    pub(crate) fn node_bytes(&self) -> usize {
        self.0.node_bytes
    }

    pub(crate) fn pages(&self) -> &PageCache {
        &self.0.pages
    }

    /// The generation of a tree never changes, so that it need not be read for every request.
    pub(crate) fn remembered_generation(&self, name: &TreeName) -> Option<u64> {
        self.0.generations.borrow().get(name).copied()
    }

    pub(crate) fn remember_generation(&self, name: &TreeName, generation: u64) {
        let mut generations = self.0.generations.borrow_mut();
        if generations.len() >= MAX_TREES {
            generations.clear();
        }
        generations.insert(name.clone(), generation);
    }

    pub(crate) fn forget_generation(&self, name: &TreeName) {
        self.0.generations.borrow_mut().remove(name);
    }

    /// The head of the tree that was read last, if it is `value`.
    pub(crate) fn remembered_head(&self, name: &TreeName, value: &Bytes) -> Option<Head> {
        let heads = self.0.heads.borrow();
        heads.get(name).filter(|(last, _)| is_same(last, value)).map(|(_, head)| head.clone())
    }

    /// The head of the tree that was read last.
    pub(crate) fn last_head(&self, name: &TreeName) -> Option<Head> {
        self.0.heads.borrow().get(name).map(|(_, head)| head.clone())
    }

    pub(crate) fn remember_head(&self, name: &TreeName, value: Bytes, head: &Head) {
        let mut heads = self.0.heads.borrow_mut();
        if heads.len() >= MAX_HEADS {
            heads.clear();
        }
        heads.insert(name.clone(), (value, head.clone()));
    }

    /// Those who write to a tree.
    pub(crate) fn writers(&self, name: &TreeName) -> Rc<Writers<K>> {
        let mut writers = self.0.writers.borrow_mut();
        if writers.len() >= MAX_TREES {
            writers.retain(|_, writers| Rc::strong_count(writers) > 1);
        }
        writers.entry(name.clone()).or_default().clone()
    }
}
