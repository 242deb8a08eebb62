//! The byte format of the head.
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | format version, [`VERSION`] |
//! | 8 | number of the commit, little-endian; makes every head differ from all earlier ones |
//! | 4 | number of entries, little-endian |
//! | per entry: 4 + key + 4 + value | key and value, each behind its length, little-endian; keys ascend strictly |

use std::collections::BTreeMap;

use bytes::{Buf, BufMut, Bytes};

use crate::Snapshot;

const VERSION: u8 = 1;

/// How large a head may become. As long as the whole map lives in the head, this bounds the tree.
pub const MAX_HEAD_BYTES: usize = 1 << 20;

#[derive(Debug, Default)]
pub(crate) struct Head {
    pub commit: u64,
    pub snapshot: Snapshot,
}

/// Why bytes are no head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Newer(u8),
    Damaged(&'static str),
}

impl Head {
    pub fn encoded_len(&self) -> usize {
        let entries: usize =
            self.snapshot.entries.iter().map(|(key, value)| 8 + key.len() + value.len()).sum();
        13 + entries
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.encoded_len());
        bytes.put_u8(VERSION);
        bytes.put_u64_le(self.commit);
        put_len(&mut bytes, self.snapshot.entries.len());
        for (key, value) in &self.snapshot.entries {
            put_len(&mut bytes, key.len());
            bytes.put_slice(key);
            put_len(&mut bytes, value.len());
            bytes.put_slice(value);
        }
        bytes
    }

    pub fn decode(mut bytes: Bytes) -> Result<Self, Fault> {
        match bytes.try_get_u8() {
            Ok(VERSION) => {}
            Ok(version) if version > VERSION => return Err(Fault::Newer(version)),
            _ => return Err(Fault::Damaged("it does not begin with a format version")),
        }
        let commit = bytes.try_get_u64_le().map_err(|_| CUT)?;
        let count = bytes.try_get_u32_le().map_err(|_| CUT)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let key = get_slice(&mut bytes)?;
            let value = get_slice(&mut bytes)?;
            if entries.last().is_some_and(|(last, _)| *last >= key) {
                return Err(Fault::Damaged("its keys are not in order"));
            }
            entries.push((key, value));
        }
        if bytes.has_remaining() {
            return Err(Fault::Damaged("bytes follow the last entry"));
        }
        Ok(Self { commit, snapshot: Snapshot { entries: BTreeMap::from_iter(entries) } })
    }
}

const CUT: Fault = Fault::Damaged("it ends too early");

/// Lengths fit: a head that is written is at most [`MAX_HEAD_BYTES`] long.
fn put_len(bytes: &mut Vec<u8>, len: usize) {
    bytes.put_u32_le(u32::try_from(len).unwrap_or(u32::MAX));
}

fn get_slice(bytes: &mut Bytes) -> Result<Bytes, Fault> {
    let len = bytes.try_get_u32_le().map_err(|_| CUT)? as usize;
    if len > bytes.len() {
        return Err(CUT);
    }
    Ok(bytes.split_to(len))
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn head(commit: u64, entries: BTreeMap<Vec<u8>, Vec<u8>>) -> Head {
        let entries = entries.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Head { commit, snapshot: Snapshot { entries } }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            commit: u64,
            entries in btree_map(vec(any::<u8>(), 0..8), vec(any::<u8>(), 0..40), 0..20),
        ) {
            let head = head(commit, entries);
            let bytes = head.encode();
            prop_assert_eq!(bytes.len(), head.encoded_len());
            let decoded = Head::decode(bytes.into()).unwrap();
            prop_assert_eq!(decoded.commit, head.commit);
            prop_assert_eq!(decoded.snapshot.entries, head.snapshot.entries);
        }

        #[test]
        fn arbitrary_bytes_are_decoded_or_refused(mut bytes in vec(any::<u8>(), 0..200)) {
            if let Some(version) = bytes.first_mut() {
                *version = VERSION;
            }
            let _ = Head::decode(bytes.into());
        }

        #[test]
        fn a_shortened_head_is_damaged(
            entries in btree_map(vec(any::<u8>(), 1..4), vec(any::<u8>(), 0..9), 1..5),
            cut: prop::sample::Index,
        ) {
            let bytes = Bytes::from(head(7, entries).encode());
            let cut = bytes.slice(..cut.index(bytes.len()));
            prop_assert!(matches!(Head::decode(cut), Err(Fault::Damaged(_))));
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        assert_eq!(Head::decode(Bytes::from_static(&[9, 0, 0])).unwrap_err(), Fault::Newer(9));
    }

    #[test]
    fn keys_out_of_order_are_damage() {
        let mut bytes =
            head(1, BTreeMap::from([(b"a".into(), vec![]), (b"b".into(), vec![])])).encode();
        let first_key = 13 + 4;
        bytes[first_key] = b'c';
        assert!(matches!(Head::decode(bytes.into()), Err(Fault::Damaged(_))));
    }
}
