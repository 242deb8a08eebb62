//! The head: the one value of a tree that changes.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::{BufMut, Bytes};

use crate::codec::{
    Fault, KeyReader, VERSION, finish, get_count, get_number, get_slice, get_u8, get_u32, get_u64,
    get_value, get_version, is_same, key_len, number_len, put_key, put_number, put_value,
};
use crate::page::{Child, Value};

/// How large a head becomes before its buffer is flushed to pages. A commit of nothing, which only
/// adds to the commits that are remembered, leaves it under 16 KiB.
pub(crate) const MAX_HEAD_BYTES: usize = (16 << 10) - 8 * MAX_RECENT;

/// How large it may become while somebody flushes it.
pub(crate) const MAX_FLUSHING_HEAD_BYTES: usize = 2 * MAX_HEAD_BYTES;

/// How many commits the head remembers by their ids.
const MAX_RECENT: usize = 8;

/// What was written since the last flush: a value, or `None` for a key that was deleted.
pub(crate) type Buffer = BTreeMap<Bytes, Option<Bytes>>;

/// Changes `key` in a buffer: its new value, or `None` to delete it. Whether the pages have the key
/// need not be known: if there are any, the buffer says that it is gone. Returns whether this
/// changes anything.
pub(crate) fn change(
    buffer: &mut Buffer,
    has_pages: bool,
    key: Bytes,
    value: Option<Bytes>,
) -> bool {
    if value.is_none() && !has_pages {
        return buffer.remove(&key).is_some();
    }
    buffer.insert(key, value.clone()) != Some(value)
}

/// What makes `after` of `before`, on the same pages. A key that has left the buffer, as one does
/// that is deleted where there are no pages, is deleted.
pub(crate) fn changes_between(before: &Buffer, after: &Buffer) -> Buffer {
    let mut changes = Buffer::new();
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some((old, _)), Some((new, _))) => old.cmp(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return changes,
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        match (old, new) {
            (Some((_, old)), Some((_, new))) if is_same_value(old, new) => {}
            (_, Some((key, value))) => {
                changes.insert(key.clone(), value.clone());
            }
            (Some((key, _)), None) => {
                changes.insert(key.clone(), None);
            }
            (None, None) => {}
        }
    }
}

fn is_same_value(a: &Option<Bytes>, b: &Option<Bytes>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.as_ptr() == b.as_ptr() && a.len() == b.len() || is_same(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// One commit of the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number of the commit; it makes every head differ from all earlier ones.
    pub commit: u64,
    /// When it was made, in milliseconds since 1970.
    pub time: u64,
    /// How many flushes there were.
    pub flush: u64,
    /// The number of the commit that the latest of them had, with all before it, in the pages.
    pub flushed: u64,
    /// Whether somebody is flushing the buffer while others go on writing, so that they need not.
    pub flushing: bool,
    /// The random ids of the latest commits, the newest last.
    pub recent: Vec<u64>,
    /// The tree's pages, if it has any.
    pub root: Option<Child>,
    /// The tree of pages to delete: what each flush replaced, under the time it was listed at.
    pub replaced: Option<Child>,
    /// What the last flush replaced, not listed yet.
    pub replaced_last: Option<Value>,
    /// What is written but not flushed.
    pub buffer: Rc<Buffer>,
}

impl Head {
    /// The head that follows, for the commit with the id that is made now.
    pub fn next(&self, commit_id: u64, now: Duration, buffer: Rc<Buffer>) -> Self {
        let forgotten = (self.recent.len() + 1).saturating_sub(MAX_RECENT);
        let mut recent: Vec<u64> = self.recent.iter().skip(forgotten).copied().collect();
        recent.push(commit_id);
        Self {
            commit: self.commit.wrapping_add(1),
            time: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            recent,
            buffer,
            replaced_last: self.replaced_last.clone(),
            ..*self
        }
    }

    /// Whether a commit that was attempted on `before` took effect, if that can still be known.
    pub fn has_committed(&self, commit_id: u64, before: &Head) -> Option<bool> {
        let commits_since = self.commit.wrapping_sub(before.commit);
        match self.recent.contains(&commit_id) {
            true => Some(true),
            false => (commits_since <= self.recent.len() as u64).then_some(false),
        }
    }

    /// How many bytes [`encode`](Self::encode) makes.
    pub fn encoded_len(&self) -> usize {
        let nodes =
            [self.root, self.replaced].iter().flatten().map(Child::encoded_len).sum::<usize>();
        let last = self.replaced_last.as_ref().map_or(0, Value::encoded_len);
        let flushed = if self.flush > 0 { number_len(self.flushed) } else { 0 };
        let numbers = number_len(self.time) + number_len(self.flush) + flushed;
        let fixed = 1 + 8 + numbers + 1 + 8 * self.recent.len() + 1;
        let mut len = fixed + nodes + last + number_len(self.buffer.len() as u64);
        let mut previous = &[][..];
        for (key, value) in &*self.buffer {
            len += key_len(previous, key);
            len +=
                value.as_ref().map_or(1, |value| number_len(value.len() as u64 + 1) + value.len());
            previous = key;
        }
        len
    }

    /// The bytes of the head, as the documentation of the crate says.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAX_HEAD_BYTES);
        bytes.put_u8(VERSION);
        bytes.put_u64_le(self.commit);
        put_number(&mut bytes, self.time);
        put_number(&mut bytes, self.flush);
        // There are no more than `MAX_RECENT`.
        bytes.put_u8(self.recent.len() as u8);
        self.recent.iter().for_each(|id| bytes.put_u64_le(*id));
        bytes.put_u8(
            u8::from(self.root.is_some()) * ROOT
                + u8::from(self.replaced.is_some()) * REPLACED
                + u8::from(self.replaced_last.is_some()) * REPLACED_LAST
                + u8::from(self.flushing) * FLUSHING
                + u8::from(self.flush > 0) * FLUSHED,
        );
        if self.flush > 0 {
            put_number(&mut bytes, self.flushed);
        }
        for node in [&self.root, &self.replaced].into_iter().flatten() {
            node.put(&mut bytes);
        }
        if let Some(value) = &self.replaced_last {
            put_value(&mut bytes, value);
        }
        put_number(&mut bytes, self.buffer.len() as u64);
        let mut previous = &[][..];
        for (key, value) in &*self.buffer {
            put_key(&mut bytes, previous, key);
            match value {
                None => put_number(&mut bytes, 0),
                Some(value) => {
                    put_number(&mut bytes, value.len() as u64 + 1);
                    bytes.put_slice(value);
                }
            }
            previous = key;
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) made, or a head of version 1, which held the whole map.
    pub fn decode(mut bytes: Bytes) -> Result<Self, Fault> {
        if bytes.first() == Some(&1) {
            return Self::decode_version_1(bytes.slice(1..));
        }
        get_version(&mut bytes)?;
        let commit = get_u64(&mut bytes)?;
        let time = get_number(&mut bytes)?;
        let flush = get_number(&mut bytes)?;
        let recent = get_u8(&mut bytes)?;
        if usize::from(recent) > MAX_RECENT {
            return Err(Fault::Damaged("it remembers too many commits"));
        }
        let recent = (0..recent).map(|_| get_u64(&mut bytes)).collect::<Result<_, _>>()?;
        let parts = get_u8(&mut bytes)?;
        if parts > ROOT + REPLACED + REPLACED_LAST + FLUSHING + FLUSHED {
            return Err(Fault::Damaged("it has parts that do not exist"));
        }
        let has = |part: u8| parts & part != 0;
        // Without it, all that is certain is that no later commit is in the pages.
        let flushed = if has(FLUSHED) { get_number(&mut bytes)? } else { commit };
        let root = has(ROOT).then(|| Child::get(&mut bytes)).transpose()?;
        let replaced = has(REPLACED).then(|| Child::get(&mut bytes)).transpose()?;
        let replaced_last = has(REPLACED_LAST).then(|| get_value(&mut bytes)).transpose()?;
        let count = get_count(&mut bytes)?;
        let mut keys = KeyReader::default();
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            keys.read(&mut bytes)?;
            values.push(match get_number(&mut bytes)?.checked_sub(1) {
                None => None,
                Some(len) => {
                    Some(get_slice(&mut bytes, usize::try_from(len).unwrap_or(usize::MAX))?)
                }
            });
        }
        finish(&bytes)?;
        let keys = keys.finish();
        let buffer =
            values.into_iter().enumerate().map(|(index, value)| (keys.shared(index), value));
        let buffer = Rc::new(buffer.collect());
        let flushing = has(FLUSHING);
        let head = Self { commit, time, flush, flushed, flushing, recent, ..Self::default() };
        Ok(Self { root, replaced, replaced_last, buffer, ..head })
    }

    /// The number of the commit, 8 bytes, the number of entries, and for each its key and value, each
    /// behind its length; lengths and numbers of entries are 4 bytes; all little-endian. Everything
    /// is in the buffer then, and the next commit flushes it.
    fn decode_version_1(mut bytes: Bytes) -> Result<Self, Fault> {
        let commit = get_u64(&mut bytes)?;
        let mut buffer = Buffer::new();
        for _ in 0..get_u32(&mut bytes)? {
            let key_len = get_u32(&mut bytes)? as usize;
            let key = get_slice(&mut bytes, key_len)?;
            let value_len = get_u32(&mut bytes)? as usize;
            let value = get_slice(&mut bytes, value_len)?;
            if buffer.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(Fault::Damaged("its keys are not in order"));
            }
            buffer.insert(key, Some(value));
        }
        finish(&bytes)?;
        Ok(Self { commit, buffer: Rc::new(buffer), ..Self::default() })
    }
}

/// The parts that a head may have.
const ROOT: u8 = 1;
const REPLACED: u8 = 2;
const REPLACED_LAST: u8 = 4;
/// No part: the buffer is being flushed.
const FLUSHING: u8 = 8;
const FLUSHED: u8 = 16;

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::page::PageId;

    fn id() -> impl Strategy<Value = PageId> {
        (any::<u64>(), any::<u64>(), any::<u32>()).prop_map(|(flush, attempt, index)| PageId {
            flush,
            attempt,
            index,
        })
    }

    fn child() -> impl Strategy<Value = Child> {
        (id(), any::<u64>(), any::<u32>(), any::<bool>()).prop_map(
            |(id, entries, bytes, paged_values)| Child { id, entries, bytes, paged_values },
        )
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            vec(any::<u8>(), 0..9).prop_map(|value| Value::Inline(value.into())),
            (id(), any::<u32>()).prop_map(|(id, len)| Value::Paged { id, len }),
        ]
    }

    fn head() -> impl Strategy<Value = Head> {
        let bytes = |len| vec(any::<u8>(), 0..len).prop_map(Bytes::from);
        let buffer = btree_map(bytes(6), option::of(bytes(30)), 0..12);
        let recent = vec(any::<u64>(), 0..=MAX_RECENT);
        let flush = prop_oneof![
            Just((0, None)),
            (1_u64.., any::<u64>()).prop_map(|(flush, flushed)| (flush, Some(flushed)))
        ];
        let numbers = (any::<u64>(), any::<u64>(), flush, any::<bool>(), recent);
        let trees = (option::of(child()), option::of(child()), option::of(value()));
        (numbers, trees, buffer).prop_map(|(numbers, trees, buffer)| {
            let buffer = Rc::new(buffer);
            let (commit, time, (flush, flushed), flushing, recent) = numbers;
            let (root, replaced, replaced_last) = trees;
            let flushed = flushed.unwrap_or(commit);
            let head = Head { commit, time, flush, flushed, flushing, recent, ..Head::default() };
            Head { root, replaced, replaced_last, buffer, ..head }
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(head in head()) {
            let bytes = head.encode();
            prop_assert_eq!(bytes.len(), head.encoded_len());
            prop_assert_eq!(Head::decode(bytes.into()), Ok(head));
        }

        #[test]
        fn a_shortened_head_is_damaged(head in head(), cut: prop::sample::Index) {
            let bytes = Bytes::from(head.encode());
            let cut = bytes.slice(..cut.index(bytes.len()));
            prop_assert!(matches!(Head::decode(cut), Err(Fault::Damaged(_))));
        }
    }

    #[test]
    fn a_head_of_version_1_is_read() {
        let mut bytes = vec![1];
        bytes.put_u64_le(7);
        bytes.put_u32_le(2);
        for text in ["r/1", "first", "r/2", "second"] {
            bytes.put_u32_le(text.len() as u32);
            bytes.put_slice(text.as_bytes());
        }
        let whole = Bytes::from(bytes);
        let head = Head::decode(whole.clone()).unwrap();
        assert_eq!((head.commit, head.root, head.buffer.len()), (7, None, 2));
        assert_eq!(head.buffer[&b"r/2"[..]], Some(Bytes::from_static(b"second")));
        for cut in 1..whole.len() {
            assert!(matches!(Head::decode(whole.slice(..cut)), Err(Fault::Damaged(_))), "{cut}");
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        assert_eq!(Head::decode(Bytes::from_static(&[9, 0, 0])).unwrap_err(), Fault::Newer(9));
    }

    #[test]
    fn a_commit_is_known_until_too_many_followed() {
        let before = Head::default();
        let mut head = before.next(100, Duration::ZERO, Rc::default());
        for id in 1..=7 {
            assert_eq!(head.has_committed(100, &before), Some(true));
            assert_eq!(head.has_committed(200, &before), Some(false));
            head = head.next(id, Duration::ZERO, Rc::default());
        }
        assert_eq!(head.has_committed(100, &before), Some(true));
        head = head.next(8, Duration::ZERO, Rc::default());
        assert_eq!(head.recent.len(), MAX_RECENT);
        assert_eq!(head.has_committed(100, &before), None);
    }
}
