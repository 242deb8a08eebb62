//! Dividing entries into nodes.

use std::ops::Range;

use bytes::Bytes;

use crate::format::codec::shared_len;
use crate::format::page::{Item, entry_len};

/// How large a node becomes before it is split. Larger ones make the tree lower, and what a flush
/// writes more.
pub(crate) const NODE_BYTES: usize = 4 << 10;

/// Where new entries are among the others: whether side by side, and where they end.
#[derive(Debug, Default)]
pub(crate) struct NewEntries {
    first: usize,
    end: usize,
    count: usize,
}

impl NewEntries {
    /// Notes a new entry; they are noted in order.
    pub fn add(&mut self, index: usize) {
        if self.count == 0 {
            self.first = index;
        }
        self.end = index + 1;
        self.count += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The end of the new entries if there is nothing old between them.
    fn run_end(&self) -> Option<usize> {
        (self.count > 0 && self.end - self.first == self.count).then_some(self.end)
    }
}

/// The shortest key that is greater than `left` and not greater than `right`.
pub(crate) fn separator(left: &[u8], right: &Bytes) -> Bytes {
    right.slice(..(shared_len(left, right) + 1).min(right.len()))
}

/// Divides entries into nodes.
///
/// Where keys arrive in order, the nodes that they leave behind are filled: if the new entries lie
/// side by side in the second half, the first nodes take as much as they can, up to the last new
/// entry. Otherwise all nodes get about the same.
pub(crate) fn divide<I: Item>(
    entries: &[(Bytes, I)],
    new: &NewEntries,
    node_bytes: usize,
) -> Vec<Range<usize>> {
    let mut previous = &[][..];
    let mut sizes = Vec::with_capacity(entries.len());
    for (key, item) in entries {
        sizes.push(entry_len(previous, key, item));
        previous = key;
    }
    let total: usize = sizes.iter().sum();
    let mut nodes = Nodes { sizes: &sizes, node_bytes, least: I::LEAST, nodes: Vec::new() };
    match new.run_end() {
        Some(end) if total > node_bytes && nodes.size(0..end) >= total / 2 => {
            nodes.fill(0..end, node_bytes);
            nodes.share(end..sizes.len());
        }
        _ => nodes.share(0..sizes.len()),
    }
    nodes.nodes
}

/// Nodes in the making.
struct Nodes<'s> {
    /// The size of each entry.
    sizes: &'s [usize],
    node_bytes: usize,
    /// How many entries a node has at least, but for the last one.
    least: usize,
    nodes: Vec<Range<usize>>,
}

impl Nodes<'_> {
    fn size(&self, entries: Range<usize>) -> usize {
        self.sizes[entries].iter().sum()
    }

    /// Makes nodes of about the same size.
    fn share(&mut self, entries: Range<usize>) {
        let size = self.size(entries.clone());
        let nodes = size.div_ceil(self.node_bytes).max(1);
        self.fill(entries, size.div_ceil(nodes));
    }

    /// Makes nodes that are as large as can be, but no larger than it takes to have `enough`.
    fn fill(&mut self, entries: Range<usize>, enough: usize) {
        let (mut start, mut size) = (entries.start, 0);
        for index in entries.clone() {
            let full = size >= enough || size + self.sizes[index] > self.node_bytes;
            if index - start >= self.least && full {
                self.nodes.push(start..index);
                (start, size) = (index, 0);
            }
            size += self.sizes[index];
        }
        if start < entries.end {
            self.nodes.push(start..entries.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::format::page::Child;
    use crate::format::value::{PageId, Value};

    /// Entries of about 100 bytes each.
    fn entries(count: usize) -> Vec<(Bytes, Value)> {
        let value = Value::Inline(vec![0; 95].into());
        (0..count).map(|n| (Bytes::from(format!("{n:03}")), value.clone())).collect()
    }

    fn nodes(count: usize, new: Range<usize>) -> Vec<usize> {
        let mut noted = NewEntries::default();
        new.for_each(|index| noted.add(index));
        divide(&entries(count), &noted, 1000).iter().map(ExactSizeIterator::len).collect()
    }

    proptest! {
        #[test]
        fn every_entry_is_in_one_node_and_no_node_is_too_large(
            sizes in vec(0..400_usize, 0..60),
            new in vec(any::<bool>(), 60),
        ) {
            let entries: Vec<_> = sizes.iter().enumerate().map(|(n, size)| {
                (Bytes::from(format!("{n:03}")), Value::Inline(vec![0; *size].into()))
            }).collect();
            let mut noted = NewEntries::default();
            (0..entries.len()).filter(|index| new[*index]).for_each(|index| noted.add(index));
            let nodes = divide(&entries, &noted, 1000);
            let mut next = 0;
            for node in &nodes {
                prop_assert_eq!(node.start, next);
                prop_assert!(node.end > node.start);
                next = node.end;
                let bytes: usize = sizes[node.clone()].iter().sum();
                prop_assert!(bytes <= 1000);
            }
            prop_assert_eq!(next, entries.len());
        }

        #[test]
        fn a_separator_lies_between(left in vec(0..3_u8, 0..5), right in vec(0..3_u8, 0..5)) {
            prop_assume!(left < right);
            let right = Bytes::from(right);
            let separator = separator(&left, &right);
            prop_assert!(left[..] < separator[..] && separator <= right);
            prop_assert!(separator.len() <= left.len() + 1);
        }
    }

    #[test]
    fn a_branch_has_two_children_however_long_their_bounds_are() {
        let child = Child {
            id: PageId { flush: 1, attempt: 1, index: 1 },
            entries: 1,
            bytes: 1,
            paged_values: false,
        };
        let children: Vec<_> = (0..5_u8).map(|n| (Bytes::from(vec![n; 1500]), child)).collect();
        let nodes = divide(&children, &NewEntries::default(), 1000);
        assert_eq!(nodes, [0..2, 2..4, 4..5]);
    }

    #[test]
    fn what_fits_stays_together() {
        assert_eq!(nodes(9, 8..9), [9]);
        assert_eq!(nodes(9, 0..0), [9]);
    }

    #[test]
    fn a_node_that_overflows_in_the_middle_is_halved() {
        assert_eq!(nodes(12, 2..3), [6, 6]);
    }

    #[test]
    fn nodes_are_filled_where_keys_arrive_in_order() {
        assert_eq!(nodes(12, 11..12), [9, 3]);
        assert_eq!(nodes(12, 8..10), [9, 1, 2], "what follows the new entries is left alone");
        assert_eq!(nodes(30, 0..30), [9, 9, 9, 3]);
    }
}
