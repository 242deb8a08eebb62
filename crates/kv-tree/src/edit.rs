//! Changing a tree: new pages for the leaves that change and for all that is above them. No page is
//! overwritten.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use crate::codec::shared_len;
use crate::page::{Child, Item, Node, Page, PageId, Value, encode_node, encode_value, entry_len};
use crate::pages::View;

/// How large a node may become before it is split.
const MAX_NODE: usize = 4 << 10;

/// How small a node may become before it is joined with one beside it.
const MIN_NODE: usize = MAX_NODE / 4;

/// Values above this length lie in pages of their own.
const MAX_INLINE: usize = MAX_NODE / 2;

/// A change of one key: its new value, or `None` to delete it.
pub(crate) type Change = (Bytes, Option<Value>);

/// The pages that one attempt at a flush writes and replaces.
#[derive(Debug)]
pub(crate) struct Writer {
    flush: u64,
    attempt: u64,
    next_index: u32,
    written: BTreeMap<PageId, Bytes>,
    replaced: Vec<PageId>,
}

impl Writer {
    pub fn new(flush: u64, attempt: u64) -> Self {
        Self { flush, attempt, next_index: 0, written: BTreeMap::new(), replaced: Vec::new() }
    }

    /// The pages to write.
    pub fn into_written(self) -> BTreeMap<PageId, Bytes> {
        self.written
    }

    /// The pages of the store that the tree needs no more.
    pub fn replaced(&self) -> &[PageId] {
        &self.replaced
    }

    /// A value as a leaf has it.
    pub fn value(&mut self, value: &Bytes) -> Value {
        self.value_inline_to(value, MAX_INLINE)
    }

    /// A value that gets a page of its own if it is longer than `max_inline`.
    pub fn value_inline_to(&mut self, value: &Bytes, max_inline: usize) -> Value {
        match u32::try_from(value.len()) {
            Ok(len) if value.len() > max_inline => {
                Value::Paged { id: self.write(encode_value(value)), len }
            }
            _ => Value::Inline(value.clone()),
        }
    }

    fn write(&mut self, page: Vec<u8>) -> PageId {
        let id = PageId { flush: self.flush, attempt: self.attempt, index: self.next_index };
        self.next_index += 1;
        self.written.insert(id, page.into());
        id
    }

    fn write_node<I: Item>(&mut self, level: u8, entries: &[(Bytes, I)]) -> Child {
        let page = encode_node(level, entries);
        let bytes = page.len() as u32;
        let items = || entries.iter().map(|(_, item)| item);
        Child {
            entries: items().map(Item::entries).fold(0, u64::saturating_add),
            paged_values: items().any(Item::has_paged_values),
            bytes,
            id: self.write(page),
        }
    }

    /// Writes nodes with all `entries`. The parts are returned with the least key that belongs to
    /// each, except for the first part, whose bound only its parent knows.
    fn write_nodes<I: Item>(
        &mut self,
        level: u8,
        entries: &[(Bytes, I)],
        new: &NewEntries,
    ) -> Vec<(Bytes, Child)> {
        let mut parts: Vec<(Bytes, Child)> = Vec::new();
        for chunk in chunks(entries, new) {
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
    fn discard(&mut self, id: PageId) {
        if self.written.remove(&id).is_none() {
            self.replaced.push(id);
        }
    }

    /// A node that was written just now, or is in the store.
    fn node(&self, view: &mut View<'_>, child: &Child, level: Option<u8>) -> Option<Entries> {
        let entries = |page: &Page| match page {
            Page::Leaf(leaf) => Some(Entries::Values(leaf.entries().collect())),
            Page::Branch(_, branch) => Some(Entries::Children(branch.entries().collect())),
            Page::Value(_) => None,
        };
        match self.written.get(&child.id) {
            Some(page) => Page::decode(page.clone()).ok().as_ref().and_then(entries),
            None => view.node(child, level).as_deref().and_then(entries),
        }
    }
}

/// The entries of a node of any level.
enum Entries {
    Values(Vec<(Bytes, Value)>),
    Children(Vec<(Bytes, Child)>),
}

/// Where new entries are among the others: whether side by side, and where they end.
#[derive(Debug, Default)]
struct NewEntries {
    first: usize,
    end: usize,
    count: usize,
}

impl NewEntries {
    fn add(&mut self, index: usize) {
        if self.count == 0 {
            self.first = index;
        }
        self.end = index + 1;
        self.count += 1;
    }

    /// The end of the new entries if there is nothing old between them.
    fn run_end(&self) -> Option<usize> {
        (self.count > 0 && self.end - self.first == self.count).then_some(self.end)
    }
}

/// Applies `changes`, which are in order, to the tree below `root`, and returns the new root.
pub(crate) fn edit(
    view: &mut View<'_>,
    writer: &mut Writer,
    root: Option<Child>,
    changes: &[Change],
) -> Option<Child> {
    let (mut level, mut parts) = match root {
        None => {
            let mut entries = Vec::new();
            let mut new = NewEntries::default();
            for (key, value) in changes {
                if let Some(value) = value {
                    new.add(entries.len());
                    entries.push((key.clone(), value.clone()));
                }
            }
            (0, writer.write_nodes(0, &entries, &new))
        }
        Some(root) => {
            let level = view.node(&root, None)?.level()?;
            match edit_node(view, writer, (&Bytes::new(), &root), level, changes) {
                Some(parts) => (level, parts),
                None => return Some(root),
            }
        }
    };
    while parts.len() > 1 {
        level += 1;
        let mut new = NewEntries::default();
        (0..parts.len()).for_each(|index| new.add(index));
        parts = writer.write_nodes(level, &parts, &new);
    }
    let mut root = parts.pop()?.1;
    // A branch with a single child is not needed.
    while let Some(Entries::Children(children)) = writer.node(view, &root, None)
        && let [(_, child)] = children[..]
    {
        writer.discard(root.id);
        root = child;
    }
    Some(root)
}

/// Applies `changes` to a node and all that is below it. Returns the nodes that take its place, or
/// `None` if nothing changes.
fn edit_node(
    view: &mut View<'_>,
    writer: &mut Writer,
    (bound, child): (&Bytes, &Child),
    level: u8,
    changes: &[Change],
) -> Option<Vec<(Bytes, Child)>> {
    let page = view.node(child, Some(level))?;
    let mut parts = match &*page {
        Page::Leaf(leaf) => edit_leaf(writer, child, leaf, changes)?,
        Page::Branch(level, branch) => edit_branch(view, writer, child, *level, branch, changes)?,
        Page::Value(_) => return None,
    };
    if let Some((first_bound, _)) = parts.first_mut() {
        *first_bound = bound.clone();
    }
    Some(parts)
}

fn edit_leaf(
    writer: &mut Writer,
    child: &Child,
    leaf: &Node<Value>,
    changes: &[Change],
) -> Option<Vec<(Bytes, Child)>> {
    let mut entries = Vec::with_capacity(leaf.items.len() + changes.len());
    let mut new = NewEntries::default();
    let mut changed = false;
    let mut changes = changes.iter().peekable();
    for (key, value) in leaf.entries() {
        while let Some((new_key, new_value)) = changes.next_if(|(new_key, _)| *new_key < key) {
            if let Some(new_value) = new_value {
                new.add(entries.len());
                entries.push((new_key.clone(), new_value.clone()));
            }
        }
        let Some((_, new_value)) = changes.next_if(|(new_key, _)| *new_key == key) else {
            entries.push((key, value));
            continue;
        };
        changed = true;
        if let Value::Paged { id, .. } = value {
            writer.discard(id);
        }
        if let Some(new_value) = new_value {
            entries.push((key, new_value.clone()));
        }
    }
    for (new_key, new_value) in changes {
        if let Some(new_value) = new_value {
            new.add(entries.len());
            entries.push((new_key.clone(), new_value.clone()));
        }
    }
    if !changed && new.count == 0 {
        return None;
    }
    writer.discard(child.id);
    Some(writer.write_nodes(0, &entries, &new))
}

fn edit_branch(
    view: &mut View<'_>,
    writer: &mut Writer,
    child: &Child,
    level: u8,
    branch: &Node<Child>,
    mut changes: &[Change],
) -> Option<Vec<(Bytes, Child)>> {
    let below = level.checked_sub(1)?;
    let mut children = Vec::with_capacity(branch.items.len() + 1);
    let mut new = NewEntries::default();
    let mut changed = false;
    for (index, (bound, item)) in branch.entries().enumerate() {
        let here = match index + 1 < branch.items.len() {
            true => {
                let next_bound = branch.keys.at(index + 1);
                changes.partition_point(|(key, _)| key[..] < *next_bound)
            }
            false => changes.len(),
        };
        let (changes_here, rest) = changes.split_at(here);
        changes = rest;
        let parts = match changes_here {
            [] => None,
            changes => edit_node(view, writer, (&bound, &item), below, changes),
        };
        let Some(parts) = parts else {
            children.push((bound, item));
            continue;
        };
        changed = true;
        for (part, entry) in parts.into_iter().enumerate() {
            if part > 0 {
                new.add(children.len());
            }
            children.push(entry);
        }
    }
    if !changed {
        return None;
    }
    join_small(view, writer, below, &mut children);
    if let Some((bound, _)) = children.first_mut() {
        *bound = Bytes::new();
    }
    writer.discard(child.id);
    Some(writer.write_nodes(level, &children, &new))
}

/// Joins nodes that became small with one beside them.
fn join_small(
    view: &mut View<'_>,
    writer: &mut Writer,
    level: u8,
    nodes: &mut Vec<(Bytes, Child)>,
) {
    let mut index = 0;
    while index < nodes.len() {
        let (_, node) = &nodes[index];
        let small = (node.bytes as usize) < MIN_NODE && writer.written.contains_key(&node.id);
        if !small || nodes.len() == 1 {
            index += 1;
            continue;
        }
        let size = |index: usize| nodes.get(index).map_or(u32::MAX, |(_, node)| node.bytes);
        let left = match index.checked_sub(1) {
            Some(before) if size(before) <= size(index + 1) => before,
            _ => index,
        };
        let parts = join(view, writer, level, &nodes[left], &nodes[left + 1]);
        let Some(parts) = parts else {
            index += 1;
            continue;
        };
        // Two parts have shared what there is, and a single one may still be small.
        index = left + usize::from(parts.len() > 1) * 2;
        nodes.splice(left..left + 2, parts);
    }
}

fn join(
    view: &mut View<'_>,
    writer: &mut Writer,
    level: u8,
    (left_bound, left): &(Bytes, Child),
    (right_bound, right): &(Bytes, Child),
) -> Option<Vec<(Bytes, Child)>> {
    let entries = (writer.node(view, left, Some(level)), writer.node(view, right, Some(level)));
    let evenly = NewEntries::default();
    let mut parts = match entries {
        (Some(Entries::Values(mut entries)), Some(Entries::Values(others))) => {
            entries.extend(others);
            writer.write_nodes(level, &entries, &evenly)
        }
        (Some(Entries::Children(mut entries)), Some(Entries::Children(mut others))) => {
            if let Some((bound, _)) = others.first_mut() {
                *bound = right_bound.clone();
            }
            entries.extend(others);
            writer.write_nodes(level, &entries, &evenly)
        }
        _ => return None,
    };
    writer.discard(left.id);
    writer.discard(right.id);
    if let Some((bound, _)) = parts.first_mut() {
        *bound = left_bound.clone();
    }
    Some(parts)
}

/// The shortest key that is greater than `left` and not greater than `right`.
fn separator(left: &[u8], right: &Bytes) -> Bytes {
    right.slice(..(shared_len(left, right) + 1).min(right.len()))
}

/// Divides entries into nodes.
///
/// Where keys arrive in order, the nodes that they leave behind are filled: if the new entries lie
/// side by side in the second half, the first nodes take as much as they can, up to the last new
/// entry. Otherwise all nodes get about the same.
fn chunks<I: Item>(entries: &[(Bytes, I)], new: &NewEntries) -> Vec<Range<usize>> {
    let mut previous = &[][..];
    let mut sizes = Vec::with_capacity(entries.len());
    for (key, item) in entries {
        sizes.push(entry_len(previous, key, item));
        previous = key;
    }
    let total: usize = sizes.iter().sum();
    let mut chunks = Vec::new();
    match new.run_end() {
        Some(end) if total > MAX_NODE && sizes[..end].iter().sum::<usize>() >= total / 2 => {
            fill(&sizes, 0..end, MAX_NODE, &mut chunks);
            divide(&sizes, end..sizes.len(), &mut chunks);
        }
        _ => divide(&sizes, 0..sizes.len(), &mut chunks),
    }
    chunks
}

/// Divides the range into parts of about the same size.
fn divide(sizes: &[usize], range: Range<usize>, chunks: &mut Vec<Range<usize>>) {
    let total: usize = sizes[range.clone()].iter().sum();
    let parts = total.div_ceil(MAX_NODE).max(1);
    fill(sizes, range, total.div_ceil(parts), chunks);
}

/// Divides the range into parts, each as large as can be within [`MAX_NODE`] and until `enough`.
fn fill(sizes: &[usize], range: Range<usize>, enough: usize, chunks: &mut Vec<Range<usize>>) {
    let (mut start, mut size) = (range.start, 0);
    for index in range.clone() {
        if index > start && (size >= enough || size + sizes[index] > MAX_NODE) {
            chunks.push(start..index);
            (start, size) = (index, 0);
        }
        size += sizes[index];
    }
    if start < range.end {
        chunks.push(start..range.end);
    }
}
