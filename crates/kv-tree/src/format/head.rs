//! The head: all that changes of a tree.

use std::time::Duration;

use bytes::{BufMut, Bytes};

use super::buffer::Buffer;
use super::checksum::{SEAL_BYTES, begin, open, seal};
use super::codec::{
    Fault, HOLDING, VERSION, get_count, get_number, get_slice, get_u8, get_u64, put_number,
};
use super::held::{Held, get_held, put_held};
use super::page::Child;
use super::value::{Value, get_value, put_value};

/// How many writers the head remembers.
pub(crate) const MAX_WRITERS: usize = 16;

/// How many bytes a head has beside its buffer, at most: the seal, some numbers, 8 bytes and
/// two numbers a writer, two nodes, the last list of retired pages, and the commits that are held.
pub(crate) const MAX_FIXED_BYTES: usize = 1 << 10;

/// How many bytes of a value that is swapped tell it from every other that its key has ever had, for a
/// store that compares no more than that: a head begins with its seal, 9 bytes, and the number of its
/// commit, and an anchor is no longer.
pub const IDENTITY_BYTES: usize = SEAL_BYTES + 8;

/// How far the clocks of writers are believed to differ at most. A time that lies further ahead is of
/// a clock that was wrong.
pub(crate) const MAX_AHEAD: Duration = Duration::from_secs(60 * 60);

/// The last commit of one who writes to the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastCommit {
    /// Who: a random number.
    pub writer: u64,
    /// The number that the writer gave it; it counts its attempts.
    pub attempt: u64,
    /// The number of the commit.
    pub commit: u64,
}

/// One commit of the tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Head {
    /// The number of the commit; it makes every head differ from all earlier ones.
    pub commit: u64,
    /// When it was made, in milliseconds since 1970, by the clock that is furthest ahead.
    pub time: u64,
    /// How many flushes there were.
    pub flush: u64,
    /// What was written up to the commit of this number may have left the buffer; what was written
    /// after it is still there.
    pub flushed: u64,
    /// Who is flushing the buffer while others go on writing, so that they need not.
    pub announced: Option<u64>,
    /// The last commits of those who wrote last, the latest last.
    pub writers: Vec<LastCommit>,
    /// The tree's pages, if it has any.
    pub root: Option<Child>,
    /// The list of retired pages, which is a tree of its own.
    pub retired: Option<Child>,
    /// What the last flush replaced, not listed yet.
    pub retired_last: Option<Value>,
    /// Earlier commits that can be read for longer.
    pub held: Vec<Held>,
    /// What is written but not flushed.
    pub buffer: Buffer,
}

/// What became of an attempt to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    /// It is not in this head.
    NotCommitted,
    /// Too many others have committed since to tell.
    Unknown,
}

impl Head {
    /// The head that follows, with what is written by the attempt.
    pub fn next(&self, writer: u64, attempt: u64, now: Duration, buffer: Buffer) -> Self {
        let commit = self.commit.wrapping_add(1);
        let mut writers = self.writers.clone();
        writers.retain(|last| last.writer != writer);
        if writers.len() >= MAX_WRITERS {
            writers.remove(0);
        }
        writers.push(LastCommit { writer, attempt, commit });
        let time = self.time_at(now);
        let held = self.held.iter().filter(|held| held.is_in_force(time)).copied().collect();
        Self { commit, time, writers, held, buffer, ..self.without_buffer() }
    }

    /// The same as the commit of a greater number.
    pub fn numbered(mut self, commit: u64) -> Self {
        self.commit = commit;
        if let Some(last) = self.writers.last_mut() {
            last.commit = commit;
        }
        self
    }

    /// The tree's time, in milliseconds since 1970, where a clock shows `now`. It goes on with the clock
    /// that is furthest ahead, so that it does not go back where writers' clocks differ.
    pub fn time_at(&self, now: Duration) -> u64 {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let believable = now.saturating_add(MAX_AHEAD.as_millis() as u64);
        if self.time <= believable { now.max(self.time) } else { now }
    }

    fn without_buffer(&self) -> Self {
        Self {
            buffer: Buffer::default(),
            writers: Vec::new(),
            retired_last: self.retired_last.clone(),
            held: Vec::new(),
            ..*self
        }
    }

    /// What became of an attempt that was made on the head of the commit numbered `base`.
    pub fn fate(&self, writer: u64, attempt: u64, base: u64) -> Fate {
        if let Some(last) = self.writers.iter().find(|last| last.writer == writer) {
            // An attempt is made when it is known what became of the one before.
            return if last.attempt == attempt { Fate::Committed } else { Fate::NotCommitted };
        }
        // Commits are forgotten oldest first: while one as old as `base` is remembered, none that was
        // made since `base` is missing.
        let is_complete = self.writers.len() < MAX_WRITERS;
        match is_complete || self.writers.first().is_some_and(|first| first.commit <= base) {
            true => Fate::NotCommitted,
            false => Fate::Unknown,
        }
    }

    /// Whether this head, of a later commit, may have come of the earlier one: it remembers its commit, as far as it
    /// can, and has its pages and what was buffered. Where a server takes over with less than the one before
    /// had, commits go on from there, and have numbers that were given already.
    pub fn continues(&self, earlier: &Self) -> bool {
        let has_pages = self.flush != earlier.flush
            || (self.root, self.retired) == (earlier.root, earlier.retired);
        let knows_commit = earlier.writers.last().is_none_or(|last| {
            match self.writers.iter().find(|it| it.writer == last.writer) {
                Some(it) => it.commit > last.commit || it == last,
                // It was forgotten, when all of them had committed since.
                None => {
                    let oldest = self.writers.first();
                    self.writers.len() >= MAX_WRITERS
                        && oldest.is_some_and(|oldest| oldest.commit > earlier.commit)
                }
            }
        });
        has_pages && knows_commit && earlier.buffer.is_continued_by(&self.buffer, self.flushed)
    }

    /// How many others than `writer` have made the latest `commits` commits; fewer, where numbers were
    /// left out. Those who only flush what others wrote, whose numbers are odd, do not count.
    pub fn rivals(&self, writer: u64, commits: u64) -> usize {
        let since = self.commit.saturating_sub(commits);
        let is_rival = |last: &&LastCommit| {
            last.writer != writer && last.writer & 1 == 0 && last.commit > since
        };
        self.writers.iter().filter(is_rival).count()
    }

    /// Whether a commit that is held, at the time, needs the pages which the flush of the number has replaced.
    pub fn needs_replaced_by(&self, flush: u64, now: u64) -> bool {
        self.held.iter().any(|held| held.flush < flush && held.is_in_force(now))
    }

    /// The bytes of the head of the generation, as the documentation of the crate says.
    pub fn encode(&self, generation: u64) -> Vec<u8> {
        let version = if self.held.is_empty() { VERSION } else { HOLDING };
        let mut bytes = begin(version, MAX_FIXED_BYTES + self.buffer.len());
        bytes.put_u64_le(self.commit);
        put_number(&mut bytes, self.time);
        put_number(&mut bytes, self.flush);
        put_number(&mut bytes, self.flushed);
        bytes.put_u8(
            u8::from(self.root.is_some()) * ROOT
                + u8::from(self.retired.is_some()) * RETIRED
                + u8::from(self.retired_last.is_some()) * RETIRED_LAST
                + u8::from(self.announced.is_some()) * ANNOUNCED
                + u8::from(!self.held.is_empty()) * HELD,
        );
        put_number(&mut bytes, self.writers.len() as u64);
        for last in &self.writers {
            bytes.put_u64_le(last.writer);
            put_number(&mut bytes, last.attempt);
            put_number(&mut bytes, self.commit.wrapping_sub(last.commit));
        }
        if let Some(writer) = self.announced {
            bytes.put_u64_le(writer);
        }
        for node in [&self.root, &self.retired].into_iter().flatten() {
            node.put(&mut bytes);
        }
        if let Some(value) = &self.retired_last {
            put_value(&mut bytes, value);
        }
        if !self.held.is_empty() {
            put_held(&mut bytes, &self.held);
        }
        bytes.put_slice(self.buffer.log());
        seal(bytes, generation)
    }

    /// Reads what [`encode`](Self::encode) made, behind its version; `known` is an earlier head of the
    /// tree, which makes it quicker.
    pub fn decode(
        version: u8,
        mut bytes: Bytes,
        generation: u64,
        known: Option<&Head>,
    ) -> Result<Self, Fault> {
        open(&mut bytes, generation)?;
        let commit = get_u64(&mut bytes)?;
        let time = get_number(&mut bytes)?;
        let flush = get_number(&mut bytes)?;
        let flushed = get_number(&mut bytes)?;
        let parts = get_u8(&mut bytes)?;
        if parts > ROOT + RETIRED + RETIRED_LAST + ANNOUNCED + HELD {
            return Err(Fault::Damaged("it has parts that do not exist"));
        }
        let has = |part: u8| parts & part != 0;
        if has(HELD) != (version == HOLDING) {
            return Err(Fault::Damaged("it is of another version than it says"));
        }
        let count = get_count(&mut bytes)?;
        if count > MAX_WRITERS {
            return Err(Fault::Damaged("it remembers too many writers"));
        }
        let mut writers = Vec::with_capacity(count);
        for _ in 0..count {
            let (writer, attempt) = (get_u64(&mut bytes)?, get_number(&mut bytes)?);
            let commit = commit.wrapping_sub(get_number(&mut bytes)?);
            writers.push(LastCommit { writer, attempt, commit });
        }
        let announced = has(ANNOUNCED).then(|| get_u64(&mut bytes)).transpose()?;
        let root = has(ROOT).then(|| Child::get(&mut bytes)).transpose()?;
        let retired = has(RETIRED).then(|| Child::get(&mut bytes)).transpose()?;
        let retired_last = has(RETIRED_LAST).then(|| get_value(&mut bytes)).transpose()?;
        // It shares the memory of the whole head otherwise.
        let retired_last = retired_last.map(|value| match value {
            Value::Inline(list) => Value::Inline(Bytes::copy_from_slice(&list)),
            paged => paged,
        });
        let held = if has(HELD) { get_held(&mut bytes)? } else { Vec::new() };
        let len = bytes.len();
        let log = get_slice(&mut bytes, len)?;
        let buffer = Buffer::decode(log, known.map(|known| &known.buffer))?;
        let head = Self { commit, time, flush, flushed, announced, writers, ..Self::default() };
        Ok(Self { root, retired, retired_last, held, buffer, ..head })
    }
}

/// The parts that a head may have.
const ROOT: u8 = 1;
const RETIRED: u8 = 2;
const RETIRED_LAST: u8 = 4;
const ANNOUNCED: u8 = 8;
const HELD: u8 = 16;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::super::buffer::tests::buffer;
    use super::super::held::MAX_HELD;
    use super::super::page::tests::{child, value};
    use super::super::value::PageId;
    use super::super::versions::decode_head;
    use super::*;

    fn head() -> impl Strategy<Value = Head> {
        let last = (any::<u64>(), any::<u64>(), any::<u64>())
            .prop_map(|(writer, attempt, commit)| LastCommit { writer, attempt, commit });
        let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
        let parts = (option::of(any::<u64>()), vec(last, 0..=MAX_WRITERS));
        let trees = (option::of(child()), option::of(child()), option::of(value()));
        let one = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>(), option::of(child()))
            .prop_map(|(id, commit, flush, until, root)| Held { id, commit, flush, until, root });
        let held = vec(one, 0..=MAX_HELD);
        (numbers, parts, trees, held, buffer()).prop_map(|(numbers, parts, trees, held, buffer)| {
            let (commit, time, flush, flushed) = numbers;
            let (announced, writers) = parts;
            let (root, retired, retired_last) = trees;
            let head = Head { commit, time, flush, flushed, announced, writers, ..Head::default() };
            Head { root, retired, retired_last, held, buffer, ..head }
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(head in head(), known in head()) {
            let bytes = Bytes::from(head.encode(7));
            prop_assert!(bytes.len() <= MAX_FIXED_BYTES + head.buffer.len());
            for known in [None, Some(&head), Some(&known)] {
                prop_assert_eq!(&decode_head(bytes.clone(), 7, known).unwrap(), &head);
            }
        }

        #[test]
        fn commits_differ_in_how_they_begin(head in head(), other in head()) {
            prop_assume!(head.commit != other.commit);
            let (head, other) = (head.encode(7), other.encode(7));
            prop_assert_eq!(&head[IDENTITY_BYTES - 8..IDENTITY_BYTES] , decode_head(head.clone().into(), 7, None).unwrap().commit.to_le_bytes());
            prop_assert_ne!(&head[..IDENTITY_BYTES], &other[..IDENTITY_BYTES]);
        }

        #[test]
        fn a_head_that_is_cut_changed_or_of_another_tree_is_damaged(
            head in head(),
            place: prop::sample::Index,
            change in 1..=u8::MAX,
        ) {
            let bytes = head.encode(7);
            let place = place.index(bytes.len());
            let cut = Bytes::copy_from_slice(&bytes[..place]);
            prop_assert!(matches!(decode_head(cut, 7, None), Err(Fault::Damaged(_))));
            prop_assert!(matches!(decode_head(bytes.clone().into(), 8, None), Err(Fault::Damaged(_))));
            let mut changed = bytes;
            changed[place] ^= change;
            prop_assert!(decode_head(changed.into(), 7, None).is_err());
        }
    }

    #[test]
    fn a_commit_is_known_until_too_many_others_wrote() {
        let base = Head::default().next(1, 1, Duration::ZERO, Buffer::default());
        let by = |head: &Head, writer, attempt| {
            head.next(writer, attempt, Duration::ZERO, Buffer::default())
        };
        assert_eq!(base.fate(1, 2, base.commit), Fate::NotCommitted);
        let (mut with, mut without) = (by(&base, 1, 2), base.clone());
        // However often a few of them write.
        for round in 0..100 {
            (with, without) =
                (by(&with, 2 + round % 14, round), by(&without, 2 + round % 14, round));
            assert_eq!(with.fate(1, 2, base.commit), Fate::Committed);
            assert_eq!(without.fate(1, 2, base.commit), Fate::NotCommitted);
        }
        assert_eq!(with.fate(99, 1, base.commit), Fate::NotCommitted, "nobody was forgotten");
        // The others are 15 now, and with one more there is no room.
        (with, without) = (by(&with, 20, 1), by(&without, 20, 1));
        assert_eq!(with.fate(1, 2, base.commit), Fate::Committed);
        assert_eq!(without.fate(1, 2, base.commit), Fate::NotCommitted, "its last one is known");
        (with, without) = (by(&with, 21, 1), by(&without, 21, 1));
        assert_eq!(with.writers.len(), MAX_WRITERS);
        assert_eq!(with.fate(1, 2, base.commit), Fate::Unknown);
        assert_eq!(without.fate(1, 2, base.commit), Fate::Unknown);
        assert_eq!(with.fate(1, 200, with.writers[0].commit), Fate::NotCommitted);
    }

    /// What follows `head` where the writer writes the value at the key.
    fn with(
        head: &Head,
        writer: u64,
        attempt: u64,
        key: &'static str,
        value: &'static str,
    ) -> Head {
        let (key, value) = (Bytes::from_static(key.as_bytes()), value.as_bytes());
        let writes = [(key, Some(Bytes::from_static(value)))].into_iter().collect();
        let buffer = head.buffer.with(head.commit + 1, &writes);
        head.next(writer, attempt, Duration::ZERO, buffer)
    }

    #[test]
    fn a_head_continues_those_that_it_has_come_of() {
        let mut heads = vec![Head::default()];
        for n in 0..60 {
            let key = ["a", "b", "c"][n % 3];
            let next = with(heads.last().unwrap(), n as u64 % 20, n as u64, key, "");
            heads.push(next);
        }
        for (place, head) in heads.iter().enumerate() {
            assert!(heads[..place].iter().all(|earlier| head.continues(earlier)), "{place}");
            // Of what was flushed, it need not know.
            let flush = head.flush + 1;
            let (buffer, flushed) = (Buffer::default(), head.commit);
            let next = Head { flush, flushed, ..head.next(99, 1, Duration::ZERO, buffer) };
            assert!(heads[..place].iter().all(|earlier| next.continues(earlier)), "{place}");
        }
    }

    #[test]
    fn a_head_does_not_continue_what_was_lost() {
        let base = with(&with(&Head::default(), 1, 1, "a", "1"), 2, 1, "b", "2");
        let lost = with(&base, 1, 2, "a", "3");
        let later = |head: &Head| with(&with(head, 2, 2, "c", ""), 2, 3, "c", "");
        assert!(later(&lost).continues(&lost));
        // Another one has committed instead: what was written is missing, or it is something else.
        assert!(!later(&base).continues(&lost));
        assert!(!later(&with(&base, 1, 3, "a", "3")).continues(&lost));
        let other = with(&base, 1, 2, "a", "4");
        assert!(!with(&other, 2, 2, "c", "").continues(&lost));
        // A commit of nothing, of which only its writer tells.
        let nothing = base.next(3, 1, Duration::ZERO, base.buffer.clone());
        assert!(later(&nothing).continues(&nothing));
        assert!(!later(&base).continues(&nothing));
        // As many flushes, but other pages.
        let root = |flush| {
            let id = PageId { flush, attempt: 1, index: 0 };
            Child { id, entries: 1, bytes: 1, paged_values: false }
        };
        let flushed = |flush| Head { flush: 1, root: Some(root(flush)), ..base.clone() };
        assert!(later(&flushed(1)).continues(&flushed(1)));
        assert!(!later(&flushed(2)).continues(&flushed(1)));
    }

    #[test]
    fn rivals_are_those_who_wrote_lately() {
        let mut head = Head::default();
        for writer in [2, 4, 6, 4, 5, 8, 2] {
            head = head.next(writer, 1, Duration::ZERO, Buffer::default());
        }
        assert_eq!((head.rivals(2, 3), head.rivals(2, 100), head.rivals(10, 1)), (1, 3, 1));
        let later = head.numbered(1000);
        assert_eq!((later.rivals(10, 1), later.rivals(10, 1000)), (1, 4), "its writer is the last");
    }

    #[test]
    fn time_does_not_go_back_unless_a_clock_was_wrong() {
        let at = |head: &Head, seconds| {
            head.next(1, 1, Duration::from_secs(seconds), Buffer::default()).time / 1000
        };
        let head = Head { time: 50_000_000, ..Head::default() };
        assert_eq!((at(&head, 50_300), at(&head, 49_700)), (50_300, 50_000));
        assert_eq!(at(&head, 40_000), 40_000);
    }
}
