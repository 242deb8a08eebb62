//! Heads of all versions. Those of earlier ones are read, and the next commit writes the tree's head
//! anew. Their commits were not told apart, so all that they have buffered counts as written by the
//! last.

use std::rc::Rc;

use bytes::Bytes;

use super::buffer::{Buffer, Entry};
use super::codec::{
    Fault, HOLDING, KeyReader, UNSEALED, VERSION, finish, get_count, get_number, get_slice, get_u8,
    get_u32, get_u64, get_version,
};
use super::head::Head;
use super::page::Child;
use super::value::get_value;

/// Reads the head of the generation; `known` is an earlier head of the tree, which makes it quicker.
pub(crate) fn decode_head(
    mut bytes: Bytes,
    generation: u64,
    known: Option<&Head>,
) -> Result<Head, Fault> {
    if bytes.first() == Some(&HOLDING) {
        return Head::decode(HOLDING, bytes.split_off(1), generation, known);
    }
    match get_version(&mut bytes)? {
        VERSION => Head::decode(VERSION, bytes, generation, known),
        UNSEALED => decode_version_2(bytes),
        _ => decode_version_1(bytes),
    }
}

/// Version 1 held the whole map: the number of the commit, 8 bytes, the number of entries, and for
/// each its key and value, each behind its length; lengths and numbers of entries are 4 bytes; all
/// little-endian.
fn decode_version_1(mut bytes: Bytes) -> Result<Head, Fault> {
    let commit = get_u64(&mut bytes)?;
    let mut entries: Vec<Rc<Entry>> = Vec::new();
    for _ in 0..get_u32(&mut bytes)? {
        let key_len = get_u32(&mut bytes)? as usize;
        let key = get_slice(&mut bytes, key_len)?;
        let value_len = get_u32(&mut bytes)? as usize;
        let value = Some(get_slice(&mut bytes, value_len)?);
        if entries.last().is_some_and(|last| last.key >= key) {
            return Err(Fault::Damaged("its keys are not in order"));
        }
        entries.push(Rc::new(Entry { key, stamp: commit, value }));
    }
    finish(&bytes)?;
    Ok(Head { commit, buffer: Buffer::of(entries), ..Head::default() })
}

/// Version 2 had no checksum, remembered commits by random ids, and one sorted run of entries.
fn decode_version_2(mut bytes: Bytes) -> Result<Head, Fault> {
    let commit = get_u64(&mut bytes)?;
    let time = get_number(&mut bytes)?;
    let flush = get_number(&mut bytes)?;
    let recent = usize::from(get_u8(&mut bytes)?);
    get_slice(&mut bytes, 8 * recent)?;
    let parts = get_u8(&mut bytes)?;
    let has = |part: u8| parts & part != 0;
    let flushed = if has(16) { get_number(&mut bytes)? } else { commit };
    let root = has(1).then(|| Child::get(&mut bytes)).transpose()?;
    let retired = has(2).then(|| Child::get(&mut bytes)).transpose()?;
    let retired_last = has(4).then(|| get_value(&mut bytes)).transpose()?;
    let count = get_count(&mut bytes)?;
    let mut keys = KeyReader::default();
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        keys.read(&mut bytes)?;
        values.push(match get_number(&mut bytes)?.checked_sub(1) {
            None => None,
            Some(len) => Some(get_slice(&mut bytes, usize::try_from(len).unwrap_or(usize::MAX))?),
        });
    }
    finish(&bytes)?;
    let keys = keys.finish();
    let entry = |(index, value)| Rc::new(Entry { key: keys.shared(index), stamp: commit, value });
    let entries = values.into_iter().enumerate().map(entry).collect();
    let head =
        Head { commit, time, flush, flushed, buffer: Buffer::of(entries), ..Head::default() };
    Ok(Head { root, retired, retired_last, ..head })
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::super::value::PageId;
    use super::*;
    use crate::KeyRange;

    #[test]
    fn heads_of_earlier_versions_are_read() {
        let mut bytes = vec![1];
        bytes.put_u64_le(7);
        bytes.put_u32_le(2);
        for text in ["r/1", "first", "r/2", "second"] {
            bytes.put_u32_le(text.len() as u32);
            bytes.put_slice(text.as_bytes());
        }
        let first = Bytes::from(bytes);
        // Commit 7 at time 5, flush 1 with all up to commit 6, two commits remembered, a root, and of
        // what is buffered one key deleted.
        let mut bytes = vec![2];
        bytes.put_u64_le(7);
        bytes.put_slice(&[5, 1, 2]);
        bytes.put_slice(&[0; 16]);
        bytes.put_slice(&[1 + 16, 6]);
        let id = PageId { flush: 1, attempt: 9, index: 0 };
        let root = Child { id, entries: 3, bytes: 90, paged_values: false };
        root.put(&mut bytes);
        bytes.put_slice(&[2, 0, 3]);
        bytes.put_slice(b"r/1");
        bytes.put_slice(&[0, 2, 1, b'2', 7]);
        bytes.put_slice(b"second");
        let second = Bytes::from(bytes);

        for (whole, root, value) in
            [(first, None, Some("first".into())), (second, Some(root), None)]
        {
            let head = decode_head(whole.clone(), 1, None).unwrap();
            assert_eq!((head.commit, head.root), (7, root));
            let all = KeyRange::all();
            let values = head.buffer.range(&all).map(|entry| (entry.stamp, entry.value.clone()));
            assert_eq!(values.collect::<Vec<_>>(), [(7, value), (7, Some("second".into()))]);
            for cut in 1..whole.len() {
                let cut = decode_head(whole.slice(..cut), 1, None);
                assert!(matches!(cut, Err(Fault::Damaged(_))), "{cut:?}");
            }
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        let newer = decode_head(Bytes::from_static(&[9, 0, 0]), 1, None);
        assert_eq!(newer.unwrap_err(), Fault::Newer(9));
    }
}
