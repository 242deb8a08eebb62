//! What was written and is not in pages yet.
//!
//! The head holds it as a log: what each commit wrote, under the number of the commit, the oldest
//! first. So a commit adds to the end of what was there, a flush takes away from the beginning, and
//! whoever knows an earlier head of the same log reads only what is new. In memory there is an
//! ordered map beside it: the newest entry of each key.
//!
//! An entry is stamped with the number of the commit that wrote it. Commits are numbered one by one,
//! so "written after commit n" is a comparison of numbers, whatever value a key had before and after.
//! A key that was deleted has an entry too, until it is in the pages that it is gone.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::rc::Rc;

use bytes::{BufMut, Bytes};

use super::codec::{
    Fault, KeyReader, get_count, get_number, get_slice, key_len, number_len, put_key, put_number,
};

/// What a transaction wrote: a value, or `None` for a key that it deleted.
pub(crate) type Writes = BTreeMap<Bytes, Option<Bytes>>;

/// The newest of what was written at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The number of the commit that wrote it.
    pub stamp: u64,
    /// The value, or `None` if the key was deleted.
    pub value: Option<Bytes>,
}

/// What was written and is not in pages yet. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffer {
    log: Bytes,
    entries: Rc<BTreeMap<Bytes, Entry>>,
}

impl Buffer {
    /// How many bytes it takes in the head.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// The newest of what was written at `key`.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The entries of all keys, in order.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.entries.iter()
    }

    /// The entries of the keys in a range that is not empty, in order.
    pub fn range(&self, range: impl RangeBounds<[u8]>) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.entries.range::<[u8], _>(range)
    }

    /// The keys that were written after the commit numbered `commit`, as far as they are not in pages.
    pub fn changed_since(&self, commit: u64) -> impl Iterator<Item = &Bytes> {
        self.entries.iter().filter(move |(_, entry)| entry.stamp > commit).map(|(key, _)| key)
    }

    /// With what the commit numbered `stamp`, which is the newest, writes.
    pub fn with(&self, stamp: u64, writes: &Writes) -> Self {
        let mut log = Vec::with_capacity(self.log.len() + record_len(stamp, writes));
        log.put_slice(&self.log);
        put_record(&mut log, stamp, writes.iter().map(|(key, value)| (key, value.as_ref())));
        let mut entries = (*self.entries).clone();
        for (key, value) in writes {
            entries.insert(key.clone(), Entry { stamp, value: value.clone() });
        }
        Self { log: log.into(), entries: Rc::new(entries) }
    }

    /// Only the entries that `keeps` chooses, and nothing that was overwritten.
    pub fn retaining(&self, mut keeps: impl FnMut(&Bytes, &Entry) -> bool) -> Self {
        let kept = self.entries.iter().filter(|(key, entry)| keeps(key, entry));
        Self::of(kept.map(|(key, entry)| (key.clone(), entry.clone())).collect())
    }

    /// The buffer that has the entries.
    pub fn of(entries: BTreeMap<Bytes, Entry>) -> Self {
        let mut commits: BTreeMap<u64, Vec<(&Bytes, Option<&Bytes>)>> = BTreeMap::new();
        for (key, entry) in &entries {
            commits.entry(entry.stamp).or_default().push((key, entry.value.as_ref()));
        }
        let mut log = Vec::new();
        for (stamp, writes) in commits {
            put_record(&mut log, stamp, writes.into_iter());
        }
        Self { log: log.into(), entries: Rc::new(entries) }
    }

    /// The bytes of the log, as the documentation of the crate says.
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Reads a log. Of one that begins as that of a known buffer, only the rest is read.
    pub fn decode(log: Bytes, known: Option<&Buffer>) -> Result<Self, Fault> {
        let known = known.filter(|known| log.starts_with(&known.log));
        let (read, mut entries) =
            known.map_or_else(Default::default, |known| (known.len(), known.entries.clone()));
        // A copy of its own, or a small entry would keep the whole head in memory.
        let mut rest = Bytes::copy_from_slice(&log[read..]);
        let mut last = 0;
        if !rest.is_empty() {
            let entries = Rc::make_mut(&mut entries);
            while !rest.is_empty() {
                last = get_record(&mut rest, last, entries)?;
            }
        }
        Ok(Self { log, entries })
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
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

/// Reads the next record, which must be of a commit after the one numbered `last`.
fn get_record(
    log: &mut Bytes,
    last: u64,
    entries: &mut BTreeMap<Bytes, Entry>,
) -> Result<u64, Fault> {
    let stamp = get_number(log)?;
    if stamp <= last {
        return Err(Fault::Damaged("its commits are not in order"));
    }
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
    for (index, value) in values.into_iter().enumerate() {
        entries.insert(keys.shared(index), Entry { stamp, value });
    }
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
        fn what_is_logged_is_read(buffer in buffer(), stamp in 2000..u64::MAX, writes in writes()) {
            prop_assert_eq!(&Buffer::decode(buffer.log.clone(), None).unwrap(), &buffer);
            let longer = buffer.with(stamp, &writes);
            prop_assert_eq!(longer.len() - buffer.len(), record_len(stamp, &writes));
            for known in [None, Some(&buffer), Some(&longer), Some(&Buffer::default())] {
                prop_assert_eq!(&Buffer::decode(longer.log.clone(), known).unwrap(), &longer);
            }
            // One that does not begin as the known one, as after a flush.
            let changed: Vec<_> = longer.changed_since(stamp - 1).cloned().collect();
            prop_assert_eq!(&changed, &writes.keys().cloned().collect::<Vec<_>>());
            let rest = longer.retaining(|_, entry| entry.stamp == stamp);
            prop_assert!(rest.iter().map(|(key, _)| key).eq(changed.iter()));
            prop_assert_eq!(&Buffer::decode(rest.log.clone(), Some(&longer)).unwrap(), &rest);
            let all = longer.retaining(|_, _| true);
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
}
