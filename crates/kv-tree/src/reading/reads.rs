//! What a transaction has read, so that it can be told whether a later commit concerns it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::KeyRange;

/// The keys and ranges that the transactions of a group have looked at, whether something was there
/// or not. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads(Rc<RefCell<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    keys: BTreeSet<Vec<u8>>,
    ranges: Vec<KeyRange>,
    commit: bool,
}

impl Reads {
    /// Notes that `key` was looked for.
    pub fn key(&self, key: &[u8]) {
        let keys = &mut self.0.borrow_mut().keys;
        if !keys.contains(key) {
            keys.insert(key.to_owned());
        }
    }

    /// Notes that all of `range` was counted or read.
    pub fn range(&self, range: KeyRange) {
        self.0.borrow_mut().ranges.push(range);
    }

    /// Notes that the number of the commit was asked for.
    pub fn commit(&self) {
        self.0.borrow_mut().commit = true;
    }

    /// Whether it was.
    pub fn include_commit(&self) -> bool {
        self.0.borrow().commit
    }

    /// Whether `key` was looked at.
    pub fn include(&self, key: &[u8]) -> bool {
        let seen = self.0.borrow();
        seen.keys.contains(key) || seen.ranges.iter().any(|range| range.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_is_included() {
        let reads = Reads::default();
        reads.clone().key(b"a");
        reads.range(KeyRange::prefix("r/"));
        assert!([&b"a"[..], b"r/", b"r/1"].iter().all(|key| reads.include(key)));
        assert!([&b"b"[..], b"", b"r", b"r0"].iter().all(|key| !reads.include(key)));
    }
}
