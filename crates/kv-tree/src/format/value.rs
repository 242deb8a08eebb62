//! Values, and what the pages that some of them lie in are called.

use bytes::{BufMut, Bytes};

use super::codec::{CUT, Fault, get_number, get_slice, get_u64, number_len, put_number};

/// What a page is called. No two pages of a tree ever have the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PageId {
    /// The flush that wrote the page: the head's number of flushes then, plus one.
    pub flush: u64,
    /// A random number of the attempt at that flush; several writers can try the same one.
    pub attempt: u64,
    /// Which of the attempt's pages it is.
    pub index: u32,
}

impl PageId {
    /// The page's key in the store.
    pub fn key(self, head_key: &str) -> String {
        format!("{head_key}:{}", self.suffix())
    }

    /// The part of the page's key behind that of the tree's head.
    pub fn suffix(self) -> String {
        format!("{:x}.{:016x}.{:x}", self.flush, self.attempt, self.index)
    }

    /// Reads what [`suffix`](Self::suffix) writes.
    pub fn parse(suffix: &str) -> Option<Self> {
        let mut parts = suffix.split('.');
        let id = Self {
            flush: u64::from_str_radix(parts.next()?, 16).ok()?,
            attempt: u64::from_str_radix(parts.next()?, 16).ok()?,
            index: u32::from_str_radix(parts.next()?, 16).ok()?,
        };
        parts.next().is_none().then_some(id)
    }

    /// What tells the page from others in its checksum.
    pub fn place(self) -> u64 {
        self.attempt ^ self.flush.rotate_left(32) ^ u64::from(self.index)
    }
}

/// A value in a leaf: the bytes themselves, or the page that they lie in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Inline(Bytes),
    Paged { id: PageId, len: u32 },
}

impl Value {
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::Inline(value) => number_len((value.len() as u64) << 1) + value.len(),
            Self::Paged { id, len } => {
                let id = number_len(id.flush) + 8 + number_len(u64::from(id.index));
                number_len(u64::from(*len) << 1) + id
            }
        }
    }

    /// The page that the value lies in, if it is one of its own.
    pub fn page(&self) -> Option<PageId> {
        match self {
            Self::Inline(_) => None,
            Self::Paged { id, .. } => Some(*id),
        }
    }
}

pub(crate) fn put_id(bytes: &mut Vec<u8>, id: PageId) {
    put_number(bytes, id.flush);
    bytes.put_u64_le(id.attempt);
    put_number(bytes, u64::from(id.index));
}

pub(crate) fn get_id(bytes: &mut Bytes) -> Result<PageId, Fault> {
    let flush = get_number(bytes)?;
    let attempt = get_u64(bytes)?;
    let index = u32::try_from(get_number(bytes)?)
        .map_err(|_| Fault::Damaged("the number of a page is too large"))?;
    Ok(PageId { flush, attempt, index })
}

/// A value is its length, doubled, and its bytes; or its length, doubled, plus one, and the id of
/// the page that it lies in.
pub(crate) fn put_value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Inline(value) => {
            put_number(bytes, (value.len() as u64) << 1);
            bytes.put_slice(value);
        }
        Value::Paged { id, len } => {
            put_number(bytes, u64::from(*len) << 1 | 1);
            put_id(bytes, *id);
        }
    }
}

pub(crate) fn get_value(bytes: &mut Bytes) -> Result<Value, Fault> {
    let tag = get_number(bytes)?;
    let len = tag >> 1;
    if tag & 1 == 0 {
        let len = usize::try_from(len).map_err(|_| CUT)?;
        return Ok(Value::Inline(get_slice(bytes, len)?));
    }
    let len = u32::try_from(len).map_err(|_| Fault::Damaged("a value in it is too long"))?;
    Ok(Value::Paged { id: get_id(bytes)?, len })
}
