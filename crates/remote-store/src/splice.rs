//! A value in terms of the one before.
//!
//! A head is a short part that changes with every commit, and a log to which each commit adds (`kv_tree`, "Format").
//! So it has all but that part and its last record in common with the one that it replaces, and the server has
//! that. Any two values give a right splice: how much it saves depends on their being heads. What is damaged on the
//! server stays so until a head is sent whole, which is with the next flush.

use bytes::Bytes;

/// Where the log of a head has begun at the latest: kv-tree keeps what is before it this short.
const BEGINNING: usize = 1 << 10;

/// How many bytes are looked for, to find where the log has moved to.
const PROBE: usize = 32;

/// A new value: `before`, then `len` bytes of the old value from `start` on, then `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splice {
    pub before: Bytes,
    pub start: usize,
    pub len: usize,
    pub after: Bytes,
}

impl Splice {
    /// The new value as it is, with nothing of an old one.
    pub fn whole(new: Bytes) -> Self {
        Self { before: new, start: 0, len: 0, after: Bytes::new() }
    }

    /// What has to be sent of the new value to who has the old one.
    pub fn of(old: &[u8], new: Bytes) -> Self {
        match common(old, &new).filter(|common| common.len > new.len() / 2) {
            Some(Common { old, new: place, len }) => Self {
                before: new.slice(..place),
                start: old,
                len,
                after: new.slice(place + len..),
            },
            None => Self::whole(new),
        }
    }
}

/// What two values have in common: where it begins in either, and its length.
struct Common {
    old: usize,
    new: usize,
    len: usize,
}

/// The bytes around the probe that both have.
fn common(old: &[u8], new: &[u8]) -> Option<Common> {
    let probe = old.get(BEGINNING..BEGINNING + PROBE)?;
    let found = new.windows(PROBE).take(2 * BEGINNING).position(|bytes| bytes == probe)?;
    let ends = old[..BEGINNING].iter().rev().zip(new[..found].iter().rev());
    let before = ends.take_while(|(a, b)| a == b).count();
    let behind = same_beginning(&old[BEGINNING..], &new[found..]);
    Some(Common { old: BEGINNING - before, new: found - before, len: before + behind })
}

/// How many bytes both begin with.
fn same_beginning(a: &[u8], b: &[u8]) -> usize {
    const AT_ONCE: usize = 256;
    let same = a.chunks(AT_ONCE).zip(b.chunks(AT_ONCE)).take_while(|(a, b)| a == b);
    // Of the last one, which may be shorter, both have as much.
    let same: usize = same.map(|(a, _)| a.len()).sum();
    let rest = a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b);
    same + rest.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(seed: u64, len: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        std::iter::repeat_with(|| random.u8(..)).take(len).collect()
    }

    /// What the server makes of it.
    fn applied(splice: &Splice, old: &[u8]) -> Vec<u8> {
        let Splice { before, start, len, after } = splice;
        [before, &old[*start..start + len], after].concat()
    }

    #[test]
    fn of_a_log_that_goes_on_only_what_is_new_is_sent() {
        for moved in [0, 1, 7, 300] {
            for log_len in [3000, 4096, 50_000] {
                let log = value(1, log_len);
                let old = Bytes::from([value(2, 400), log.clone()].concat());
                let new = Bytes::from([value(3, 400 + moved), log, value(4, 900)].concat());
                let splice = Splice::of(&old, new.clone());
                assert_eq!(applied(&splice, &old), new);
                let sent = splice.before.len() + splice.after.len();
                assert!(sent <= 400 + moved + 900, "{sent} of {}", new.len());
            }
        }
    }

    #[test]
    fn what_has_little_in_common_is_sent_as_it_is() {
        let new = Bytes::from(value(5, 9000));
        let cut = Bytes::from([value(6, 400), new[6000..].to_vec()].concat());
        for old in [Bytes::new(), Bytes::from(value(7, 9000)), cut] {
            assert_eq!(Splice::of(&old, new.clone()), Splice::whole(new.clone()));
        }
    }

    #[test]
    fn whatever_two_values_are_the_new_one_comes_of_it() {
        let mut random = fastrand::Rng::with_seed(8);
        let mut spliced = 0;
        for _ in 0..3000 {
            // Of few different bytes, so that much is found where it does not belong.
            let kinds = random.u8(1..4);
            let mut some = |longest| -> Vec<u8> {
                let len = random.usize(..longest);
                std::iter::repeat_with(|| random.u8(..kinds)).take(len).collect()
            };
            let (shared, rest) = (some(6000), some(1500));
            let old = Bytes::from([some(2000), shared.clone(), rest.clone()].concat());
            let new = Bytes::from([some(2000), shared, some(3000)].concat());
            let splice = Splice::of(&old, new.clone());
            spliced += u32::from(splice.len > 0);
            assert_eq!(applied(&splice, &old), new);
        }
        assert!(spliced > 300, "{spliced}");
    }
}
