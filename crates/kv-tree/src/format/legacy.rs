//! Heads of earlier versions. They are read, and the next commit writes the tree's head anew.
//!
//! Their commits were not told apart, so all that they have buffered counts as written by the last.

use std::rc::Rc;

use bytes::{Buf, Bytes};

use super::buffer::{Buffer, Entry};
use super::codec::{
    Fault, KeyReader, finish, get_count, get_number, get_slice, get_u8, get_u32, get_u64, get_value,
};
use super::head::Head;
use super::page::Child;

/// Version 1 held the whole map: the number of the commit, 8 bytes, the number of entries, and for
/// each its key and value, each behind its length; lengths and numbers of entries are 4 bytes; all
/// little-endian.
pub(crate) fn decode_version_1(mut bytes: Bytes) -> Result<Head, Fault> {
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
pub(crate) fn decode_version_2(mut bytes: Bytes) -> Result<Head, Fault> {
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
    if bytes.has_remaining() {
        return Err(Fault::Damaged("bytes follow its end"));
    }
    let keys = keys.finish();
    let entry = |(index, value)| Rc::new(Entry { key: keys.shared(index), stamp: commit, value });
    let entries = values.into_iter().enumerate().map(entry).collect();
    let head =
        Head { commit, time, flush, flushed, buffer: Buffer::of(entries), ..Head::default() };
    Ok(Head { root, retired, retired_last, ..head })
}
