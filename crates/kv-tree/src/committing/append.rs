//! Keys in the order of commits.
//!
//! An appended key ends with the number of the commit that writes it, which is known when that has
//! happened. A group gives its keys the number that follows the head's, so that its later members see
//! them. When it is rebased on commits that took this number, its keys get a new one: unless a
//! member has looked where they were, or are going to be, because then it would see something else. Who
//! writes at one of them counts as such a member: it means a key of another commit, which has the number
//! and which it has seen elsewhere.
//!
//! The pages of a flush are written before its swap, while others go on committing. So a flush
//! takes its number out of their reach beforehand.

use std::collections::BTreeSet;
use std::rc::Rc;

use bytes::Bytes;

use super::group::Group;
use crate::{Kv, Snapshot};

/// How many hexadecimal digits the number of the commit has.
const NUMBER_BYTES: usize = 16;

/// How many bytes follow the prefix: that number, and the place in the commit.
const SUFFIX_BYTES: usize = NUMBER_BYTES + 8;

/// More than others commit while a flush is written: their commits are numbered one by one.
const RESERVED: u64 = 1 << 12;

/// What a group appends.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Appended {
    /// The number of the commit that the keys are for.
    number: u64,
    keys: Rc<BTreeSet<Bytes>>,
}

impl Appended {
    /// One more key, which begins with `prefix`, for a commit on top of `snapshot`.
    pub fn add<K: Kv>(&mut self, snapshot: &Snapshot<K>, prefix: &[u8]) -> Bytes {
        if self.keys.is_empty() {
            self.number = snapshot.head.commit.wrapping_add(1);
        }
        let suffix = format!("{:016x}{:08x}", self.number, self.keys.len());
        let key = Bytes::from([prefix, suffix.as_bytes()].concat());
        Rc::make_mut(&mut self.keys).insert(key.clone());
        key
    }

    /// Whether a key is one of them.
    pub fn has(&self, key: &[u8]) -> bool {
        self.keys.contains(key)
    }
}

/// The same key for the commit of another number.
fn renumbered(key: &[u8], number: u64) -> Bytes {
    let (prefix, suffix) = key.split_at(key.len().saturating_sub(SUFFIX_BYTES));
    let place = suffix.get(NUMBER_BYTES..).unwrap_or_default();
    [prefix, format!("{number:016x}").as_bytes(), place].concat().into()
}

impl<K: Kv> Group<K> {
    /// The number of the commit that the group's would be.
    pub fn number(&self) -> u64 {
        match self.appended.keys.is_empty() {
            true => self.snapshot.head.commit.wrapping_add(1),
            false => self.appended.number,
        }
    }

    /// Sees that the number follows the head's; whether it does: not if the keys cannot get a new one.
    pub fn follow_head(&mut self) -> bool {
        let head = self.snapshot.head.commit;
        self.number() > head || self.renumber(head.wrapping_add(1))
    }

    /// Takes a number that others do not reach while a flush is written, if the keys can get one.
    pub fn reserve_number(&mut self) {
        self.renumber(self.snapshot.head.commit.wrapping_add(RESERVED));
    }

    fn renumber(&mut self, number: u64) -> bool {
        let (snapshot, old) = (&mut self.snapshot, &self.appended.keys);
        let new: BTreeSet<_> = old.iter().map(|key| renumbered(key, number)).collect();
        let is_read = |key: &Bytes| snapshot.reads.as_ref().is_none_or(|reads| reads.include(key));
        if old.iter().chain(&new).any(is_read) {
            return false;
        }
        let writes = Rc::make_mut(&mut snapshot.writes);
        for key in old.iter() {
            let value = writes.remove(key).flatten();
            writes.insert(renumbered(key, number), value);
        }
        self.appended = Appended { number, keys: Rc::new(new) };
        true
    }
}
