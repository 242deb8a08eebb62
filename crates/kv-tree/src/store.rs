//! A store and what an instance keeps of it between requests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::cache::PageCache;
use crate::group::Group;
use crate::line::Line;
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
    lines: RefCell<HashMap<TreeName, Rc<Line<Group<K>>>>>,
}

/// How large a node becomes before it is split. Larger ones make the tree lower, and what a flush
/// writes more.
pub(crate) const NODE_BYTES: usize = 4 << 10;

/// Of how many trees a store remembers something.
const MAX_TREES: usize = 1024;

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
            lines: RefCell::default(),
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

    /// Where the transactions of a tree stand in line.
    pub(crate) fn line(&self, name: &TreeName) -> Rc<Line<Group<K>>> {
        let mut lines = self.0.lines.borrow_mut();
        if lines.len() >= MAX_TREES {
            lines.retain(|_, line| Rc::strong_count(line) > 1);
        }
        lines.entry(name.clone()).or_default().clone()
    }
}
