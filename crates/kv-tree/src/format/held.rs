//! Commits that are held: what a head says of them.

use bytes::{BufMut, Bytes};

use super::codec::{Fault, get_count, get_number, get_u8, get_u64, put_number};
use super::page::Child;

/// How many commits of a tree are held at most: each takes some room in every head.
pub(crate) const MAX_HELD: usize = 2;

/// What a commit is held by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    /// The random number by which it is asked for.
    pub id: u64,
    /// Until when, in milliseconds since 1970.
    pub until: u64,
}

/// A commit whose pages are not deleted for some time, though later ones have replaced them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// The random number by which it is asked for.
    pub id: u64,
    /// The number of the commit: all up to it is in the pages.
    pub commit: u64,
    /// The number of the flush that wrote the root.
    pub flush: u64,
    /// Until when it is held, in milliseconds since 1970.
    pub until: u64,
    /// Its pages, if it has any.
    pub root: Option<Child>,
}

impl Held {
    /// Whether it is held at the time, in milliseconds since 1970.
    pub fn is_in_force(&self, now: u64) -> bool {
        now < self.until
    }
}

/// Writes how many there are, and each.
pub(crate) fn put_held(bytes: &mut Vec<u8>, held: &[Held]) {
    put_number(bytes, held.len() as u64);
    for one in held {
        bytes.put_u64_le(one.id);
        put_number(bytes, one.commit);
        put_number(bytes, one.flush);
        put_number(bytes, one.until);
        bytes.put_u8(u8::from(one.root.is_some()));
        if let Some(root) = &one.root {
            root.put(bytes);
        }
    }
}

/// Reads what [`put_held`] wrote.
pub(crate) fn get_held(bytes: &mut Bytes) -> Result<Vec<Held>, Fault> {
    let count = get_count(bytes)?;
    if count == 0 || count > MAX_HELD {
        return Err(Fault::Damaged("it holds none, or too many commits"));
    }
    let mut held = Vec::with_capacity(count);
    for _ in 0..count {
        let id = get_u64(bytes)?;
        let (commit, flush) = (get_number(bytes)?, get_number(bytes)?);
        let until = get_number(bytes)?;
        let root = match get_u8(bytes)? {
            0 => None,
            1 => Some(Child::get(bytes)?),
            _ => return Err(Fault::Damaged("a commit that it holds has parts that do not exist")),
        };
        held.push(Held { id, commit, flush, until, root });
    }
    Ok(held)
}
