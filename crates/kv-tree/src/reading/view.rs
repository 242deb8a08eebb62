//! What is at hand of a tree's pages.
//!
//! What reads or changes nodes is written as a plain function of a [`View`]. Where the view lacks a
//! page, the function goes on without it, and its result does not count; it runs again when the pages
//! that it missed are there.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use bytes::Bytes;

use super::cache::PageCache;
use crate::format::codec::Fault;
use crate::format::page::{Child, Page, PagedValue};
use crate::format::value::PageId;

/// Pages at hand.
pub(crate) struct View<'c> {
    cache: &'c PageCache,
    generation: u64,
    /// Pages that were seen stay at hand, whatever the cache evicts.
    pub pinned: HashMap<PageId, Rc<Page>>,
    pub missing: BTreeSet<PageId>,
    pub fault: Option<(PageId, Fault)>,
}

impl<'c> View<'c> {
    pub fn new(cache: &'c PageCache, generation: u64) -> Self {
        Self { cache, generation, pinned: HashMap::new(), missing: BTreeSet::new(), fault: None }
    }

    /// The node that `child` describes, which must be of the level if one is given.
    pub fn node(&mut self, child: &Child, level: Option<u8>) -> Option<Rc<Page>> {
        let page = self.page(child.id)?;
        if page.is_node(child) && level.is_none_or(|level| page.level() == Some(level)) {
            return Some(page);
        }
        self.damage(child.id, "it is not the node that it is referred to as");
        None
    }

    /// The value of `len` bytes that lies in a page of its own.
    pub fn value(&mut self, id: PageId, len: u32) -> Option<Bytes> {
        match &*self.page(id)? {
            Page::Value(PagedValue { value, .. }) if value.len() == len as usize => {
                return Some(value.clone());
            }
            _ => self.damage(id, "it is not the value that it is referred to as"),
        }
        None
    }

    /// Reports a page that is not what it should be.
    pub fn damage(&mut self, id: PageId, fault: &'static str) {
        self.fault.get_or_insert((id, Fault::Damaged(fault)));
    }

    fn page(&mut self, id: PageId) -> Option<Rc<Page>> {
        if let Some(page) = self.pinned.get(&id) {
            return Some(page.clone());
        }
        let Some(page) = self.cache.get(self.generation, id) else {
            self.missing.insert(id);
            return None;
        };
        self.pinned.insert(id, page.clone());
        Some(page)
    }
}
