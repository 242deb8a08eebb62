//! Checksums: a head or page begins with the format version and a digest of all that follows.
//!
//! The digest depends on where the bytes belong as well, so that a page which is read in the place of
//! another one is found out too. It tells damage, not malice.

use bytes::{Buf, BufMut, Bytes};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::codec::{Fault, get_u64};

/// How many bytes there are before the content.
pub(crate) const SEAL_BYTES: usize = 1 + 8;

/// Begins what is of the version, with room for the seal.
pub(crate) fn begin(version: u8, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SEAL_BYTES + capacity);
    bytes.put_u8(version);
    bytes.put_u64_le(0);
    bytes
}

/// Writes the seal of what [`begin`] began, for the place.
pub(crate) fn seal(mut bytes: Vec<u8>, place: u64) -> Vec<u8> {
    if let Some((head, content)) = bytes.split_at_mut_checked(SEAL_BYTES) {
        head[1..].copy_from_slice(&xxh3_64_with_seed(content, place).to_le_bytes());
    }
    bytes
}

/// Checks the seal behind the version, and leaves the content.
pub(crate) fn open(bytes: &mut Bytes, place: u64) -> Result<(), Fault> {
    let digest = get_u64(bytes)?;
    match digest == xxh3_64_with_seed(bytes.chunk(), place) {
        true => Ok(()),
        false => Err(Fault::Damaged("its checksum is wrong")),
    }
}
