//! Reading one commit of a tree.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{Error, KeyRange, Order};

/// A key and its value. Both share the memory of what was read, so keeping one keeps that.
pub type Entry = (Bytes, Bytes);

/// One commit of a tree, whole, whatever happens to the tree meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(crate) entries: BTreeMap<Bytes, Bytes>,
}

impl Snapshot {
    /// The value of `key`.
    pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, Error> {
        Ok(self.entries.get(key.as_ref()).cloned())
    }

    /// How many keys lie in `range`.
    pub async fn count(&self, range: &KeyRange) -> Result<u64, Error> {
        match range.is_empty() {
            true => Ok(0),
            false => Ok(self.entries.range::<[u8], _>(range).count() as u64),
        }
    }

    /// Reads `range` in `order`, beginning with its `offset`-th entry (0 is the first).
    pub fn scan(&self, range: KeyRange, order: Order, offset: u64) -> Scan<'_> {
        Scan { snapshot: self, range, order, skip: offset }
    }
}

/// A scan under way: [`next`](Scan::next) yields the entries one after the other.
#[derive(Debug)]
pub struct Scan<'s> {
    snapshot: &'s Snapshot,
    /// What is left to visit.
    range: KeyRange,
    order: Order,
    skip: u64,
}

impl Scan<'_> {
    /// The next entry, or `None` at the end of the range.
    pub async fn next(&mut self) -> Result<Option<Entry>, Error> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let mut entries = self.snapshot.entries.range::<[u8], _>(&self.range);
        let skip = usize::try_from(std::mem::take(&mut self.skip)).unwrap_or(usize::MAX);
        let next = match self.order {
            Order::Ascending => entries.nth(skip),
            Order::Descending => entries.nth_back(skip),
        };
        let next = next.map(|(key, value)| (key.clone(), value.clone()));
        match &next {
            Some((key, _)) => self.range.shrink_beyond(key, self.order),
            None => self.range = KeyRange::none(),
        }
        Ok(next)
    }
}
