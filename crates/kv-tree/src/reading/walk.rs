//! Reading nodes. All functions follow the rule of [`View`]: where a page is missing, they go on.

use std::ops::Range;

use bytes::Bytes;

use super::view::View;
use crate::format::page::{Child, Item, Node, Page};
use crate::format::value::{PageId, Value};

/// Where a key is, or would be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// How many keys are less.
    pub rank: u64,
    /// The value, if the key is there.
    pub value: Option<Value>,
}

/// Looks for `key` in the tree below `root`.
pub(crate) fn find(view: &mut View<'_>, root: &Child, key: &[u8]) -> Found {
    let (mut child, mut level, mut rank) = (*root, None, 0_u64);
    while let Some(page) = view.node(&child, level) {
        match &*page {
            Page::Leaf(leaf) => {
                let place = leaf.keys.search(key);
                let value = place.ok().map(|place| leaf.items[place].clone());
                let before = place.unwrap_or_else(|place| place) as u64;
                return Found { rank: rank.saturating_add(before), value };
            }
            Page::Branch(branch_level, branch) => {
                let place = branch.child_of(key);
                rank = rank.saturating_add(entries(&branch.items[..place]));
                child = branch.items[place];
                level = branch_level.checked_sub(1);
            }
            Page::Value(_) => break,
        }
    }
    Found::default()
}

/// The page that `id` names, if it lies on the way from `root` to `key` or has its value.
pub(crate) fn is_on_way(view: &mut View<'_>, root: &Child, key: &[u8], id: PageId) -> bool {
    let (mut child, mut level) = (*root, None);
    loop {
        if child.id == id {
            return true;
        }
        let Some(page) = view.node(&child, level) else { return false };
        match &*page {
            Page::Leaf(leaf) => {
                let value = leaf.keys.search(key).ok().map(|place| &leaf.items[place]);
                return value.and_then(Value::page) == Some(id);
            }
            Page::Branch(branch_level, branch) => {
                child = branch.items[branch.child_of(key)];
                level = branch_level.checked_sub(1);
            }
            Page::Value(_) => return false,
        }
    }
}

/// Appends the entries of the given ranks (0 is the first of the tree below `root`) to `out`.
pub(crate) fn slice(
    view: &mut View<'_>,
    root: &Child,
    ranks: &Range<u64>,
    out: &mut Vec<(Bytes, Value)>,
) {
    slice_below(view, root, None, 0, ranks, out);
}

fn slice_below(
    view: &mut View<'_>,
    child: &Child,
    level: Option<u8>,
    first_rank: u64,
    ranks: &Range<u64>,
    out: &mut Vec<(Bytes, Value)>,
) {
    let Some(page) = view.node(child, level) else { return };
    match &*page {
        Page::Leaf(leaf) => {
            let place =
                |rank: u64| rank.saturating_sub(first_rank).min(leaf.items.len() as u64) as usize;
            for index in place(ranks.start)..place(ranks.end) {
                out.push((leaf.keys.shared(index), leaf.items[index].clone()));
            }
        }
        Page::Branch(level, branch) => {
            for (child, ranks_here) in children_in(branch, first_rank, ranks) {
                slice_below(view, child, level.checked_sub(1), ranks_here.start, ranks, out);
            }
        }
        Page::Value(_) => {}
    }
}

/// The value itself.
pub(crate) fn whole(view: &mut View<'_>, value: Value) -> Option<Bytes> {
    match value {
        Value::Inline(value) => Some(value),
        Value::Paged { id, len } => view.value(id, len),
    }
}

/// Appends the ids of the pages that the entries of the given ranks need: nodes and values.
pub(crate) fn reach(view: &mut View<'_>, root: &Child, ranks: &Range<u64>, out: &mut Vec<PageId>) {
    reach_below(view, root, None, 0, ranks, out);
}

fn reach_below(
    view: &mut View<'_>,
    child: &Child,
    level: Option<u8>,
    first_rank: u64,
    ranks: &Range<u64>,
    out: &mut Vec<PageId>,
) {
    out.push(child.id);
    if level == Some(0) && !child.paged_values {
        return;
    }
    let Some(page) = view.node(child, level) else { return };
    match &*page {
        Page::Leaf(leaf) => out.extend(leaf.items.iter().filter_map(Value::page)),
        Page::Branch(level, branch) => {
            for (child, ranks_here) in children_in(branch, first_rank, ranks) {
                reach_below(view, child, level.checked_sub(1), ranks_here.start, ranks, out);
            }
        }
        Page::Value(_) => {}
    }
}

/// The children of a branch that have entries of the given ranks, each with its own ranks. The
/// first entry below the branch has the rank `first_rank`.
fn children_in<'b>(
    branch: &'b Node<Child>,
    first_rank: u64,
    ranks: &Range<u64>,
) -> impl Iterator<Item = (&'b Child, Range<u64>)> {
    let mut start = first_rank;
    let ranks = ranks.clone();
    let children = branch.items.iter().map(move |child| {
        let end = start.saturating_add(child.entries);
        (child, std::mem::replace(&mut start, end)..end)
    });
    children.filter(move |(_, here)| here.start < ranks.end && ranks.start < here.end)
}

fn entries<I: Item>(items: &[I]) -> u64 {
    items.iter().map(Item::entries).fold(0, u64::saturating_add)
}
