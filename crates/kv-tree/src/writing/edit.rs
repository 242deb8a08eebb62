//! Changing a tree: new pages for the leaves that change and for all that is above them. No page is
//! overwritten.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::divide::NewEntries;
use super::writer::{Entries, Writer};
use crate::format::page::{Child, Node, Page};
use crate::format::value::Value;
use crate::reading::view::View;

/// A change of one key: its new value, or `None` to delete it.
pub(crate) type Change = (Bytes, Option<Value>);

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
    while let Some(Entries::Children(children)) = writer.node(view, &root, Some(level))
        && let [(_, child)] = children[..]
    {
        writer.discard(root.id);
        root = child;
        level = level.saturating_sub(1);
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
    if !changed && new.is_empty() {
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
    let mut split_off = BTreeSet::new();
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
        split_off.extend(parts.iter().skip(1).map(|(_, part)| part.id));
        children.extend(parts);
    }
    if !changed {
        return None;
    }
    join_small(view, writer, below, &mut children);
    if let Some((bound, _)) = children.first_mut() {
        *bound = Bytes::new();
    }
    let mut new = NewEntries::default();
    for (index, (_, child)) in children.iter().enumerate() {
        if split_off.contains(&child.id) {
            new.add(index);
        }
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
        if !writer.has_made_small(node) || nodes.len() == 1 {
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
