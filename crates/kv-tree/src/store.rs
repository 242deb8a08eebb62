//! A store and what an instance keeps of it between requests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::committing::writers::Writers;
use crate::reading::cache::PageCache;
use crate::reading::heads::Heads;
use crate::writing::divide::NODE_BYTES;
use crate::{Kv, Tree, TreeName};

/// A key-value store with trees in it.
///
/// An instance opens a store once and keeps it: the store remembers where the trees are and the
/// pages that were read, and lets the transactions of the instance share their commits. Clones
/// share all that. What is remembered is safe to lose, and nothing else is kept.
pub struct Store<K: Kv>(Rc<Shared<K>>);

struct Shared<K: Kv> {
    kv: Rc<K>,
    node_bytes: usize,
    cache: Rc<PageCache>,
    trees: RefCell<HashMap<TreeName, Rc<Writers<K>>>>,
}

/// Of how many trees a store remembers something: the head, mostly.
const MAX_TREES: usize = 64;

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
        let (cache, trees) = (Rc::default(), RefCell::default());
        Self(Rc::new(Shared { kv: Rc::new(kv), node_bytes, cache, trees }))
    }

    /// The tree called `name`. This touches nothing; a tree comes into being with its first commit.
    pub fn tree(&self, name: TreeName) -> Tree<K> {
        let mut trees = self.0.trees.borrow_mut();
        if trees.len() >= MAX_TREES && !trees.contains_key(&name) {
            // Transactions that are under way have to go on standing in one line.
            trees.retain(|_, writers| Rc::strong_count(writers) > 1);
        }
        let writers = trees.entry(name).or_insert_with_key(|name| {
            let (kv, cache) = (self.0.kv.clone(), self.0.cache.clone());
            let heads = Heads::new(kv, cache, name.clone());
            Rc::new(Writers::new(Rc::new(heads), self.0.node_bytes))
        });
        Tree::new(writers.clone())
    }

    /// The key-value store itself.
    pub fn kv(&self) -> &K {
        &self.0.kv
    }
}
