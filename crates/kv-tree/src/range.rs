//! Key ranges and orders.

use std::ops::{Bound, RangeBounds};

/// Which end of a range a scan begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Greatest key first.
    Descending,
}

/// A contiguous range of keys. Keys compare byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    start: Bound<Vec<u8>>,
    end: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { start: Bound::Unbounded, end: Bound::Unbounded }
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Vec<u8>>) -> Self {
        let start = prefix.into();
        let mut end = start.clone();
        // The smallest key above all that share the prefix: its last byte that can grow, grown.
        while end.last() == Some(&u8::MAX) {
            end.pop();
        }
        let end = match end.last_mut() {
            Some(last) => {
                *last += 1;
                Bound::Excluded(end)
            }
            None => Bound::Unbounded,
        };
        Self { start: Bound::Included(start), end }
    }

    /// The keys between two bounds. An end before the start makes an empty range.
    pub fn between(start: Bound<Vec<u8>>, end: Bound<Vec<u8>>) -> Self {
        Self { start, end }
    }

    /// The part that ends with `last`.
    pub(crate) fn up_to(self, last: &[u8]) -> Self {
        Self { end: Bound::Included(last.to_vec()), ..self }
    }

    /// The part that begins with `first`.
    pub(crate) fn down_to(self, first: &[u8]) -> Self {
        Self { start: Bound::Included(first.to_vec()), ..self }
    }

    /// Whether `key` lies in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        RangeBounds::<[u8]>::contains(&self, key)
    }

    /// Whether no key can lie in the range. `BTreeMap::range` would panic on one that is.
    pub(crate) fn is_empty(&self) -> bool {
        match (&self.start, &self.end) {
            (Bound::Included(start), Bound::Included(end)) => start > end,
            (Bound::Included(start) | Bound::Excluded(start), Bound::Excluded(end))
            | (Bound::Excluded(start), Bound::Included(end)) => start >= end,
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        }
    }
}

impl RangeBounds<[u8]> for &KeyRange {
    fn start_bound(&self) -> Bound<&[u8]> {
        as_slice(&self.start)
    }

    fn end_bound(&self) -> Bound<&[u8]> {
        as_slice(&self.end)
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(key) => Bound::Included(key),
        Bound::Excluded(key) => Bound::Excluded(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_range_ends_before_the_next_prefix() {
        let range = KeyRange::prefix("r/");
        assert!(range.contains(b"r/"));
        assert!(range.contains(b"r/\xff\xff"));
        assert!(!range.contains(b"r0"));
        assert!(!range.contains(b"r"));
    }

    #[test]
    fn a_prefix_of_greatest_bytes_has_no_end() {
        assert!(KeyRange::prefix([0xff]).contains(&[0xff, 0xff]));
        assert!(!KeyRange::prefix([0xff]).contains(&[0xfe]));
        assert!(KeyRange::prefix([]).contains(b""));
    }

    #[test]
    fn a_range_whose_end_lies_before_its_start_is_empty() {
        let key = |key: &str| key.as_bytes().to_vec();
        let empty = [
            (Bound::Included(key("b")), Bound::Included(key("a"))),
            (Bound::Excluded(key("a")), Bound::Excluded(key("a"))),
            (Bound::Included(key("a")), Bound::Excluded(key("a"))),
            (Bound::Excluded(key("a")), Bound::Included(key("a"))),
        ];
        for (start, end) in empty {
            let range = KeyRange::between(start, end);
            assert!(range.is_empty(), "{range:?}");
            assert!(!range.contains(b"a"), "{range:?}");
        }
        let one = KeyRange::between(Bound::Included(key("a")), Bound::Included(key("a")));
        assert!(!one.is_empty() && one.contains(b"a"));
    }
}
