//! What the byte formats of head and pages are made of: numbers, and keys in order.
//!
//! Numbers are unsigned LEB128 (7 bits a byte, the lowest first, the top bit set on all but the
//! last). A sorted run of keys is front-coded: each key is written as the number of bytes that it
//! shares with the one before, the number of bytes that follow, and those bytes.

use bytes::{Buf, BufMut, Bytes};

/// The version of all formats but a head that is [`HOLDING`]; it is the first byte of the head and of every
/// page.
pub(crate) const VERSION: u8 = 3;

/// The version of a head that holds commits. An earlier program would delete their pages, so it must not take
/// it for one that it knows.
pub(crate) const HOLDING: u8 = 4;

/// The version before, whose heads and pages had no checksum.
pub(crate) const UNSEALED: u8 = 2;

/// Why bytes are not what this library writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Newer(u8),
    Damaged(&'static str),
}

/// The bytes end in the middle of something.
pub(crate) const CUT: Fault = Fault::Damaged("it ends too early");

/// Reads the version, which every format begins with.
pub(crate) fn get_version(bytes: &mut Bytes) -> Result<u8, Fault> {
    match bytes.try_get_u8() {
        Ok(version @ 1..=VERSION) => Ok(version),
        Ok(version) if version > VERSION => Err(Fault::Newer(version)),
        _ => Err(Fault::Damaged("it does not begin with a format version")),
    }
}

/// Sees that nothing is left.
pub(crate) fn finish(bytes: &Bytes) -> Result<(), Fault> {
    match bytes.has_remaining() {
        true => Err(Fault::Damaged("bytes follow its end")),
        false => Ok(()),
    }
}

pub(crate) fn get_u8(bytes: &mut Bytes) -> Result<u8, Fault> {
    bytes.try_get_u8().map_err(|_| CUT)
}

pub(crate) fn get_u32(bytes: &mut Bytes) -> Result<u32, Fault> {
    bytes.try_get_u32_le().map_err(|_| CUT)
}

pub(crate) fn get_u64(bytes: &mut Bytes) -> Result<u64, Fault> {
    bytes.try_get_u64_le().map_err(|_| CUT)
}

pub(crate) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.put_u8(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.put_u8(number as u8);
}

/// How many bytes [`put_number`] writes.
pub(crate) fn number_len(number: u64) -> usize {
    let bits = u64::BITS - number.leading_zeros();
    bits.div_ceil(7).max(1) as usize
}

pub(crate) fn get_number(bytes: &mut Bytes) -> Result<u64, Fault> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = get_u8(bytes)?;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            break;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Fault::Damaged("a number in it is too large"))
}

/// A number that counts things which take at least one byte each, so that it cannot exceed what is
/// left.
pub(crate) fn get_count(bytes: &mut Bytes) -> Result<usize, Fault> {
    let count = get_number(bytes)?;
    usize::try_from(count).ok().filter(|count| *count <= bytes.len()).ok_or(CUT)
}

pub(crate) fn get_slice(bytes: &mut Bytes, len: usize) -> Result<Bytes, Fault> {
    if len > bytes.len() {
        return Err(CUT);
    }
    Ok(bytes.split_to(len))
}

/// How many bytes `a` and `b` share at their beginning.
pub(crate) fn shared_len(a: &[u8], b: &[u8]) -> usize {
    let words = 8 * a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0).take_while(same).count();
    words + a[words..].iter().zip(&b[words..]).take_while(|(a, b)| a == b).count()
}

fn same((a, b): &(&[u8; 8], &[u8; 8])) -> bool {
    u64::from_ne_bytes(**a) == u64::from_ne_bytes(**b)
}

/// How many bytes `key` takes after `previous`.
pub(crate) fn key_len(previous: &[u8], key: &[u8]) -> usize {
    let shared = shared_len(previous, key);
    let rest = key.len() - shared;
    number_len(shared as u64) + number_len(rest as u64) + rest
}

/// Writes `key`, which follows `previous` (nothing, if it is the first).
pub(crate) fn put_key(bytes: &mut Vec<u8>, previous: &[u8], key: &[u8]) {
    let shared = shared_len(previous, key);
    put_number(bytes, shared as u64);
    put_number(bytes, (key.len() - shared) as u64);
    bytes.put_slice(&key[shared..]);
}

/// Keys in strictly ascending order, side by side in one piece of memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    bytes: Bytes,
    ends: Vec<u32>,
}

impl Keys {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn memory(&self) -> usize {
        self.bytes.len() + 4 * self.ends.len()
    }

    pub fn at(&self, index: usize) -> &[u8] {
        &self.bytes[self.place(index)]
    }

    /// A key that shares the memory of the others.
    pub fn shared(&self, index: usize) -> Bytes {
        self.bytes.slice(self.place(index))
    }

    /// How many keys are less than `key`, or the place of `key` itself.
    pub fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        let Some(last) = high.checked_sub(1) else { return Err(0) };
        // All keys share what the first and the last one share.
        let prefix = shared_len(self.at(0), self.at(last));
        let shared = shared_len(self.at(0), key);
        if shared < prefix {
            return Err(if key < self.at(0) { 0 } else { self.len() });
        }
        let key = &key[prefix..];
        while low < high {
            let middle = low.midpoint(high);
            match self.at(middle)[prefix..].cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    fn place(&self, index: usize) -> std::ops::Range<usize> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[index] as usize
    }
}

/// Gathers the keys of a front-coded run while it is read.
#[derive(Default)]
pub(crate) struct KeyReader {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    last: usize,
}

impl KeyReader {
    /// Reads the next key of the run.
    pub fn read(&mut self, from: &mut Bytes) -> Result<(), Fault> {
        let shared = get_number(from)?;
        let rest = get_count(from)?;
        let before = self.bytes.len() - self.last;
        let shared = usize::try_from(shared).ok().filter(|shared| *shared <= before);
        let Some(shared) = shared else {
            return Err(Fault::Damaged("a key shares more than the key before it has"));
        };
        let start = self.bytes.len();
        self.bytes.extend_from_within(self.last..self.last + shared);
        self.bytes.extend_from_slice(&get_slice(from, rest)?);
        // What they share need not be compared.
        let (before, this) =
            (&self.bytes[self.last + shared..start], &self.bytes[start + shared..]);
        if !self.ends.is_empty() && before >= this {
            return Err(Fault::Damaged("its keys are not in order"));
        }
        // Small runs can describe long keys by sharing them again and again.
        let end = u32::try_from(self.bytes.len()).ok().filter(|end| *end <= MAX_RUN);
        self.ends.push(end.ok_or(Fault::Damaged("its keys are too long"))?);
        self.last = start;
        Ok(())
    }

    pub fn finish(self) -> Keys {
        Keys { bytes: self.bytes.into(), ends: self.ends }
    }
}

/// How many bytes the keys of one run may have together, far beyond what a page can need.
const MAX_RUN: u32 = 1 << 24;

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_keys_share_is_counted_by_words(
            shared in vec(any::<u8>(), 0..40),
            a in vec(0..2_u8, 0..20),
            b in vec(0..2_u8, 0..20),
        ) {
            let (a, b) = ([&shared[..], &a].concat(), [&shared[..], &b].concat());
            let naive = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
            prop_assert_eq!(shared_len(&a, &b), naive);
        }

        #[test]
        fn numbers_are_read_as_they_were_written(number: u64) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            prop_assert_eq!(bytes.len(), number_len(number));
            let mut bytes = Bytes::from(bytes);
            prop_assert_eq!(get_number(&mut bytes), Ok(number));
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn keys_are_read_as_they_were_written(keys in btree_set(vec(0..3_u8, 0..6), 0..20)) {
            let (mut bytes, mut len, mut previous) = (Vec::new(), 0, &[][..]);
            for key in &keys {
                put_key(&mut bytes, previous, key);
                len += key_len(previous, key);
                previous = key;
            }
            prop_assert_eq!(bytes.len(), len);
            let mut bytes = Bytes::from(bytes);
            let mut reader = KeyReader::default();
            for _ in &keys {
                reader.read(&mut bytes).unwrap();
            }
            let read = reader.finish();
            prop_assert_eq!(read.len(), keys.len());
            for (index, key) in keys.iter().enumerate() {
                prop_assert_eq!(read.at(index), &key[..]);
                prop_assert_eq!(read.search(key), Ok(index));
                let above = [&key[..], &[0]].concat();
                prop_assert_eq!(read.search(&above).unwrap_or_else(|place| place), index + 1);
            }
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_damage() {
        let number = |last: u8| {
            let mut bytes = vec![0xff; 9];
            bytes.push(last);
            get_number(&mut bytes.into())
        };
        assert_eq!(number(1), Ok(u64::MAX));
        assert!(matches!(number(2), Err(Fault::Damaged(_))));
        assert!(matches!(number(0x81), Err(Fault::Damaged(_))));
    }

    #[test]
    fn keys_out_of_order_are_damage() {
        for (first, second) in [(&b"b"[..], &b"a"[..]), (b"a", b"a"), (b"ab", b"a")] {
            let mut bytes = Vec::new();
            put_key(&mut bytes, b"", first);
            put_key(&mut bytes, first, second);
            let mut bytes = Bytes::from(bytes);
            let mut reader = KeyReader::default();
            reader.read(&mut bytes).unwrap();
            assert!(matches!(reader.read(&mut bytes), Err(Fault::Damaged(_))));
        }
    }
}
