//! What was written and is not in pages yet.
//!
//! The head holds it as a log: what each commit wrote, under the number of the commit, the oldest
//! first. So a commit adds to the end of what was there, a flush takes away from the beginning, and
//! whoever knows an earlier head of the same log reads only what is new. In memory there is an
//! ordered map beside it: the newest entry of each key.
//!
//! An entry is stamped with the number of the commit that wrote it. A later commit has a greater number,
//! so "written after commit n" is a comparison of numbers, whatever value a key had before and after.
//! A key that was deleted has an entry too, until it is in the pages that it is gone.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::rc::Rc;

use bytes::{BufMut, Bytes};

use super::codec::{
    Fault, KeyReader, get_count, get_number, get_slice, key_len, number_len, put_key, put_number,
};

/// What a transaction wrote: a value, or `None` for a key that it deleted.
pub(crate) type Writes = BTreeMap<Bytes, Option<Bytes>>;

/// The newest of what was written at a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub key: Bytes,
    /// The number of the commit that wrote it.
    pub stamp: u64,
    /// The value, or `None` if the key was deleted.
    pub value: Option<Bytes>,
}

/// What was written and is not in pages yet. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffer {
    log: Bytes,
    /// Where the records of the log begin, and the numbers of their commits.
    records: Rc<Vec<(u64, usize)>>,
    /// In the order of keys, each of which there is once.
    entries: Rc<Vec<Rc<Entry>>>,
}

impl Buffer {
    /// How many bytes it takes in the head.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// The newest of what was written at `key`.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        let found = self.entries.binary_search_by(|entry| entry.key[..].cmp(key));
        found.ok().map(|place| &*self.entries[place])
    }

    /// The entries of the keys in a range, in order.
    pub fn range(&self, range: impl RangeBounds<[u8]>) -> impl Iterator<Item = &Entry> {
        let before = |bound: Bound<&[u8]>, excluded: bool| match bound {
            Bound::Unbounded => None,
            Bound::Included(key) | Bound::Excluded(key) => {
                let also_equal = matches!(bound, Bound::Excluded(_)) == excluded;
                Some(self.entries.partition_point(|entry| {
                    entry.key[..] < *key || also_equal && entry.key[..] == *key
                }))
            }
        };
        let start = before(range.start_bound(), true).unwrap_or(0);
        let end = before(range.end_bound(), false).unwrap_or(self.entries.len());
        self.entries.get(start..end).unwrap_or_default().iter().map(|entry| &**entry)
    }

    /// The keys that were written after the commit numbered `commit`, as far as they are not in pages.
    pub fn changed_since(&self, commit: u64) -> impl Iterator<Item = &Bytes> {
        self.entries.iter().filter(move |entry| entry.stamp > commit).map(|entry| &entry.key)
    }

    /// Whether a later buffer, out of which was flushed what was written up to the commit of the number, has the
    /// rest of this one, or what was written over it.
    pub fn is_continued_by(&self, later: &Self, flushed: u64) -> bool {
        let mut rest = later.entries.iter();
        self.entries.iter().filter(|entry| entry.stamp > flushed).all(|entry| {
            // Most of them are shared.
            let now = rest.find(|now| Rc::ptr_eq(now, entry) || now.key >= entry.key);
            now.is_some_and(|now| {
                let is_later = now.key == entry.key && now.stamp > entry.stamp;
                is_later || Rc::ptr_eq(now, entry) || now == entry
            })
        })
    }

    /// With what the commit numbered `stamp`, which is the newest, writes.
    pub fn with(&self, stamp: u64, writes: &Writes) -> Self {
        let mut log = Vec::with_capacity(self.log.len() + record_len(stamp, writes));
        log.put_slice(&self.log);
        put_record(&mut log, stamp, writes.iter().map(|(key, value)| (key, value.as_ref())));
        let mut records = (*self.records).clone();
        records.push((stamp, self.log.len()));
        let written = writes
            .iter()
            .map(|(key, value)| Entry { key: key.clone(), stamp, value: value.clone() })
            .map(Rc::new);
        let entries = merge(&self.entries, written);
        Self { log: log.into(), records: Rc::new(records), entries: Rc::new(entries) }
    }

    /// Only the entries that `keeps` chooses, and nothing that was overwritten.
    pub fn retaining(&self, keeps: impl Fn(&Entry) -> bool) -> Self {
        Self::of(self.entries.iter().filter(|entry| keeps(entry)).cloned().collect())
    }

    /// The buffer that has the entries, which are in the order of keys.
    pub fn of(entries: Vec<Rc<Entry>>) -> Self {
        let mut commits: BTreeMap<u64, Vec<&Entry>> = BTreeMap::new();
        for entry in &entries {
            commits.entry(entry.stamp).or_default().push(entry);
        }
        let (mut log, mut records) = (Vec::new(), Vec::with_capacity(commits.len()));
        for (stamp, writes) in commits {
            records.push((stamp, log.len()));
            let writes = writes.into_iter().map(|entry| (&entry.key, entry.value.as_ref()));
            put_record(&mut log, stamp, writes);
        }
        Self { log: log.into(), records: Rc::new(records), entries: Rc::new(entries) }
    }

    /// The bytes of the log, as the documentation of the crate says.
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Reads a log. Of one that goes on from that of a known buffer, or from what a flush has left of
    /// it, only the rest is read.
    pub fn decode(log: Bytes, known: Option<&Buffer>) -> Result<Self, Fault> {
        let begun = known.and_then(|known| known.cut_to(&log)).unwrap_or_default();
        let mut records = (*begun.records).clone();
        let mut written = Vec::new();
        // A copy of its own, or a small entry would keep the whole head in memory.
        let mut rest = Bytes::copy_from_slice(&log[begun.len()..]);
        while !rest.is_empty() {
            let offset = log.len() - rest.len();
            let stamp = get_record(&mut rest, &mut written)?;
            if records.last().is_some_and(|(last, _)| *last >= stamp) {
                return Err(Fault::Damaged("its commits are not in order"));
            }
            records.push((stamp, offset));
        }
        if written.is_empty() {
            return Ok(Self { log, records: Rc::new(records), entries: begun.entries });
        }
        // The newest of each key.
        written.sort_by(|a, b| a.key.cmp(&b.key).then(b.stamp.cmp(&a.stamp)));
        written.dedup_by(|later, earlier| later.key == earlier.key);
        let entries = merge(&begun.entries, written.into_iter().map(Rc::new));
        Ok(Self { log, records: Rc::new(records), entries: Rc::new(entries) })
    }

    /// The part of this buffer that a later log begins with, if it does.
    fn cut_to(&self, later: &Bytes) -> Option<Self> {
        let first = get_number(&mut later.clone()).ok()?;
        let place = self.records.iter().position(|(stamp, _)| *stamp == first)?;
        let (_, offset) = self.records[place];
        let log = self.log.slice(offset..);
        if !later.starts_with(&log) {
            return None;
        }
        if place == 0 {
            return Some(self.clone());
        }
        let records = self.records[place..].iter().map(|(stamp, at)| (*stamp, at - offset));
        let entries = self.entries.iter().filter(|entry| entry.stamp >= first).cloned();
        Some(Self { log, records: Rc::new(records.collect()), entries: Rc::new(entries.collect()) })
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

/// `entries` with those that were `written` later, both in the order of keys.
fn merge(
    entries: &[Rc<Entry>],
    written: impl ExactSizeIterator<Item = Rc<Entry>>,
) -> Vec<Rc<Entry>> {
    let mut merged = Vec::with_capacity(entries.len() + written.len());
    let mut rest = entries;
    for entry in written {
        let before = rest.partition_point(|old| old.key < entry.key);
        let (smaller, others) = rest.split_at(before);
        merged.extend_from_slice(smaller);
        let is_overwritten = others.first().is_some_and(|old| old.key == entry.key);
        rest = &others[usize::from(is_overwritten)..];
        merged.push(entry);
    }
    merged.extend_from_slice(rest);
    merged
}

/// How many bytes the record of a commit takes in the log.
pub(crate) fn record_len(stamp: u64, writes: &Writes) -> usize {
    let mut len = number_len(stamp) + number_len(writes.len() as u64);
    let mut previous = &[][..];
    for (key, value) in writes {
        let value_len = |value: &Bytes| number_len(value.len() as u64 + 1) + value.len();
        len += key_len(previous, key) + value.as_ref().map_or(1, value_len);
        previous = key;
    }
    len
}

fn put_record<'w>(
    log: &mut Vec<u8>,
    stamp: u64,
    writes: impl ExactSizeIterator<Item = (&'w Bytes, Option<&'w Bytes>)>,
) {
    put_number(log, stamp);
    put_number(log, writes.len() as u64);
    let mut previous = &[][..];
    for (key, value) in writes {
        put_key(log, previous, key);
        match value {
            None => put_number(log, 0),
            Some(value) => {
                put_number(log, value.len() as u64 + 1);
                log.put_slice(value);
            }
        }
        previous = key;
    }
}

/// Reads the next record: the number of its commit, and what that wrote, which is added to `written`.
fn get_record(log: &mut Bytes, written: &mut Vec<Entry>) -> Result<u64, Fault> {
    let stamp = get_number(log)?;
    let count = get_count(log)?;
    let mut keys = KeyReader::default();
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        keys.read(log)?;
        values.push(match get_number(log)?.checked_sub(1) {
            None => None,
            Some(len) => Some(get_slice(log, usize::try_from(len).unwrap_or(usize::MAX))?),
        });
    }
    let keys = keys.finish();
    let entry = |(index, value)| Entry { key: keys.shared(index), stamp, value };
    written.extend(values.into_iter().enumerate().map(entry));
    Ok(stamp)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn writes() -> impl Strategy<Value = Writes> {
        let bytes = |len| vec(any::<u8>(), 0..len).prop_map(Bytes::from);
        btree_map(bytes(3), option::of(bytes(30)), 0..6)
    }

    /// Buffers of a few commits.
    pub(crate) fn buffer() -> impl Strategy<Value = Buffer> {
        vec((1..300_u64, writes()), 0..6).prop_map(|commits| {
            let (mut stamp, mut buffer) = (0, Buffer::default());
            for (later, writes) in commits {
                stamp += later;
                buffer = buffer.with(stamp, &writes);
            }
            buffer
        })
    }

    proptest! {
        #[test]
        fn what_is_logged_is_read(buffer in buffer(), stamp in 2000..u64::MAX - 1, writes in writes()) {
            prop_assert_eq!(&Buffer::decode(buffer.log.clone(), None).unwrap(), &buffer);
            let longer = buffer.with(stamp, &writes);
            prop_assert_eq!(longer.len() - buffer.len(), record_len(stamp, &writes));
            for known in [None, Some(&buffer), Some(&longer), Some(&Buffer::default())] {
                prop_assert_eq!(&Buffer::decode(longer.log.clone(), known).unwrap(), &longer);
            }
            // One that does not begin as the known one, as after a flush.
            let changed: Vec<_> = longer.changed_since(stamp - 1).cloned().collect();
            prop_assert_eq!(&changed, &writes.keys().cloned().collect::<Vec<_>>());
            let rest = longer.retaining(|entry| entry.stamp == stamp);
            prop_assert!(rest.entries.iter().map(|entry| &entry.key).eq(changed.iter()));
            prop_assert_eq!(&Buffer::decode(rest.log.clone(), Some(&longer)).unwrap(), &rest);
            // What a flush leaves of a known one, and more.
            let later = longer.retaining(|entry| entry.stamp > stamp / 2).with(stamp + 1, &writes);
            for known in [&longer, &buffer, &later] {
                prop_assert_eq!(&Buffer::decode(later.log.clone(), Some(known)).unwrap(), &later);
            }
            let all = longer.retaining(|_| true);
            prop_assert!(all.len() <= longer.len());
            prop_assert_eq!(&Buffer::decode(all.log.clone(), Some(&buffer)).unwrap(), &longer);
        }
    }

    #[test]
    fn commits_out_of_order_are_damage() {
        let mut log = Vec::new();
        for stamp in [2, 2] {
            put_record(&mut log, stamp, [].into_iter());
        }
        assert!(matches!(Buffer::decode(log.into(), None), Err(Fault::Damaged(_))));
    }

    #[test]
    fn ranges_end_where_their_bounds_say() {
        let writes = ["a", "b", "d"].map(|key| (Bytes::from(key), None));
        let buffer = Buffer::default().with(1, &writes.into());
        let keys = |from: Bound<&str>, to: Bound<&str>| {
            let bytes =
                |bound: Bound<&str>| bound.map(|key| Bytes::copy_from_slice(key.as_bytes()));
            let (from, to) = (bytes(from), bytes(to));
            let range = (from.as_ref().map(|key| &key[..]), to.as_ref().map(|key| &key[..]));
            buffer.range(range).map(|entry| entry.key[0] as char).collect::<String>()
        };
        use Bound::{Excluded, Included, Unbounded};
        assert_eq!(keys(Unbounded, Unbounded), "abd");
        assert_eq!(keys(Included("a"), Included("b")), "ab");
        assert_eq!(keys(Excluded("a"), Excluded("d")), "b");
        assert_eq!(keys(Included("c"), Unbounded), "d");
        assert_eq!(keys(Excluded("d"), Included("a")), "");
    }
}
