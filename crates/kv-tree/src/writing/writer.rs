//! The pages that a flush writes.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::divide::{NewEntries, divide, separator};
use crate::format::page::{Child, Item, Page, encode_node, encode_value};
use crate::format::value::{PageId, Value};
use crate::reading::view::View;

/// The pages that one attempt at a flush writes and replaces.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    node_bytes: usize,
    flush: u64,
    attempt: u64,
    next_index: u32,
    /// The pages to write.
    pub written: BTreeMap<PageId, Bytes>,
    /// The pages of the store that the tree needs no more.
    pub retired: Vec<PageId>,
}

impl Writer {
    /// A writer for the attempt at the flush, whose nodes have up to `node_bytes`.
    pub fn new(node_bytes: usize, flush: u64, attempt: u64) -> Self {
        let (written, retired) = Default::default();
        Self { node_bytes, flush, attempt, next_index: 0, written, retired }
    }

    /// The value of `key` as a leaf has it: in a page of its own if it would take more than half of
    /// the leaf.
    pub fn value(&mut self, key: &[u8], value: &Bytes) -> Value {
        self.value_inline_to(self.node_bytes / 2, key, value)
    }

    /// A value that gets a page of its own if it is longer than `max_inline`.
    pub fn value_inline_to(&mut self, max_inline: usize, key: &[u8], value: &Bytes) -> Value {
        match u32::try_from(value.len()) {
            Ok(len) if value.len() > max_inline => {
                let id = self.next_id();
                self.written.insert(id, encode_value(id, key, value).into());
                Value::Paged { id, len }
            }
            _ => Value::Inline(value.clone()),
        }
    }

    fn next_id(&mut self) -> PageId {
        let id = PageId { flush: self.flush, attempt: self.attempt, index: self.next_index };
        self.next_index += 1;
        id
    }

    fn write_node<I: Item>(&mut self, level: u8, entries: &[(Bytes, I)]) -> Child {
        let id = self.next_id();
        let page = encode_node(id, level, entries);
        let bytes = page.len() as u32;
        self.written.insert(id, page.into());
        let items = || entries.iter().map(|(_, item)| item);
        Child {
            entries: items().map(Item::entries).fold(0, u64::saturating_add),
            paged_values: items().any(Item::has_paged_values),
            bytes,
            id,
        }
    }

    /// Writes nodes with all `entries`. The parts are returned with the least key that belongs to
    /// each, except for the first part, whose bound only its parent knows.
    pub fn write_nodes<I: Item>(
        &mut self,
        level: u8,
        entries: &[(Bytes, I)],
        new: &NewEntries,
    ) -> Vec<(Bytes, Child)> {
        let mut parts: Vec<(Bytes, Child)> = Vec::new();
        for chunk in divide(entries, new, self.node_bytes) {
            let bound = match chunk.start.checked_sub(1) {
                None => Bytes::new(),
                Some(_) if level > 0 => entries[chunk.start].0.clone(),
                Some(before) => separator(&entries[before].0, &entries[chunk.start].0),
            };
            parts.push((bound, self.write_node(level, &entries[chunk])));
        }
        parts
    }

    /// The tree needs the page no more.
    pub fn discard(&mut self, id: PageId) {
        if self.written.remove(&id).is_none() {
            self.retired.push(id);
        }
    }

    /// Whether the node was written just now and is small enough to be joined with one beside it.
    pub fn has_made_small(&self, node: &Child) -> bool {
        (node.bytes as usize) < self.node_bytes / 4 && self.written.contains_key(&node.id)
    }

    /// A node that was written just now, or is in the store.
    pub fn node(&self, view: &mut View<'_>, child: &Child, level: Option<u8>) -> Option<Entries> {
        let entries = |page: &Page| match page {
            Page::Leaf(leaf) => Some(Entries::Values(leaf.entries().collect())),
            Page::Branch(_, branch) => Some(Entries::Children(branch.entries().collect())),
            Page::Value(_) => None,
        };
        match self.written.get(&child.id) {
            Some(page) => Page::decode(child.id, page.clone()).ok().as_ref().and_then(entries),
            None => view.node(child, level).as_deref().and_then(entries),
        }
    }
}

/// The entries of a node of any level.
pub(crate) enum Entries {
    Values(Vec<(Bytes, Value)>),
    Children(Vec<(Bytes, Child)>),
}
