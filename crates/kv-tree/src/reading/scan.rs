//! Ranges of a snapshot: counting them, and reading them from either end.
//!
//! Pages and what is written on top are both ordered; a range of the whole is a sequence of
//! [`Segment`]s: runs of ranks in the pages, and single entries on top between them. How long the
//! segments are together is the exact count of the range; the entry at an offset is found by skipping
//! segments; reading backwards is going through them backwards.

use std::collections::VecDeque;
use std::ops::{Bound, Range, RangeBounds};

use bytes::Bytes;

use super::snapshot::{Entry, Snapshot};
use super::view::View;
use super::walk::{Found, find, slice, whole};
use crate::{Error, KeyRange, Kv, Order};

/// How many entries a scan without a limit fetches at a time.
const BATCH: u64 = 256;

/// A part of a range: ranks in the pages, or an entry on top.
#[derive(Debug, Clone)]
enum Segment {
    Paged(Range<u64>),
    Written(Bytes, Bytes),
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Self::Paged(ranks) => ranks.end.saturating_sub(ranks.start),
            Self::Written(..) => 1,
        }
    }

    /// Cuts up to `count` entries off the end that `order` begins with.
    fn take(&mut self, count: u64, order: Order) -> Self {
        let Self::Paged(ranks) = self else { return self.clone() };
        let count = count.min(ranks.end.saturating_sub(ranks.start));
        Self::Paged(match order {
            Order::Ascending => {
                let start = ranks.start;
                ranks.start += count;
                start..ranks.start
            }
            Order::Descending => {
                let end = ranks.end;
                ranks.end -= count;
                ranks.end..end
            }
        })
    }
}

/// Where a range and what is written in it are among the pages.
struct Places {
    ranks: Range<u64>,
    written: Vec<(Bytes, Option<Bytes>, Found)>,
}

impl<K: Kv> Snapshot<K> {
    /// How many keys lie in `range`.
    pub async fn count(&self, range: &KeyRange) -> Result<u64, Error> {
        if let Some(reads) = &self.reads {
            reads.range(range.clone());
        }
        Ok(self.segments(range).await?.iter().map(Segment::len).fold(0, u64::saturating_add))
    }

    /// Reads `range` in `order`. Nothing is read before the first [`next`](Scan::next).
    pub fn scan(&self, range: KeyRange, order: Order) -> Scan<'_, K> {
        Scan {
            snapshot: self,
            range,
            order,
            has_begun: false,
            offset: 0,
            limit: u64::MAX,
            left: VecDeque::new(),
            fetching: Vec::new(),
            batch: VecDeque::new(),
        }
    }

    async fn segments(&self, range: &KeyRange) -> Result<VecDeque<Segment>, Error> {
        if range.is_empty() {
            return Ok(VecDeque::new());
        }
        let written = self.written_in(range);
        let places =
            self.pages.resolve(self.head.flush, |view| self.places(view, range, &written)).await?;
        let mut segments = VecDeque::new();
        let mut start = places.ranks.start;
        for (key, value, found) in places.written {
            segments.push_back(Segment::Paged(start..found.rank));
            start = found.rank.saturating_add(u64::from(found.value.is_some()));
            if let Some(value) = value {
                segments.push_back(Segment::Written(key, value));
            }
        }
        segments.push_back(Segment::Paged(start..places.ranks.end));
        segments.retain(|segment| segment.len() > 0);
        Ok(segments)
    }

    fn places(
        &self,
        view: &mut View<'_>,
        range: &KeyRange,
        written: &[(Bytes, Option<Bytes>)],
    ) -> Places {
        let root = self.head.root;
        let mut find = |key: &[u8]| root.map_or_else(Found::default, |root| find(view, &root, key));
        let mut rank_after = |bound: Bound<&[u8]>, unbounded, excluded| match bound {
            Bound::Unbounded => unbounded,
            Bound::Included(key) | Bound::Excluded(key) => {
                let found = find(key);
                let past = found.value.is_some() && matches!(bound, Bound::Excluded(_)) == excluded;
                found.rank.saturating_add(u64::from(past))
            }
        };
        let entries = root.map_or(0, |root| root.entries);
        let start = rank_after(range.start_bound(), 0, true);
        let end = rank_after(range.end_bound(), entries, false);
        let written =
            written.iter().map(|(key, value)| (key.clone(), value.clone(), find(key))).collect();
        Places { ranks: start..end, written }
    }

    async fn entries(&self, segments: &[Segment]) -> Result<Vec<Entry>, Error> {
        let walk = |view: &mut View<'_>| {
            let mut entries = Vec::new();
            for segment in segments {
                match (segment, &self.head.root) {
                    (Segment::Written(key, value), _) => entries.push((key.clone(), value.clone())),
                    (Segment::Paged(ranks), Some(root)) => {
                        let mut paged = Vec::new();
                        slice(view, root, ranks, &mut paged);
                        for (key, value) in paged {
                            entries.extend(whole(view, value).map(|value| (key, value)));
                        }
                    }
                    (Segment::Paged(_), None) => {}
                }
            }
            entries
        };
        self.pages.resolve(self.head.flush, walk).await
    }
}

/// A scan under way: [`next`](Scan::next) yields the entries one after the other.
pub struct Scan<'s, K: Kv> {
    snapshot: &'s Snapshot<K>,
    range: KeyRange,
    order: Order,
    has_begun: bool,
    offset: u64,
    limit: u64,
    /// What is left to fetch, in the order of keys.
    left: VecDeque<Segment>,
    /// What is being fetched, in the order of keys: it stays here if that fails or is given up.
    fetching: Vec<Segment>,
    /// What was fetched, in the order of the scan.
    batch: VecDeque<Entry>,
}

impl<K: Kv> Scan<'_, K> {
    /// Begins with the `offset`-th entry of the range; 0 is the first.
    pub fn offset(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Ends after `limit` entries. They are fetched together.
    pub fn limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// The next entry, or `None` at the end of the range.
    pub async fn next(&mut self) -> Result<Option<Entry>, Error> {
        if !self.has_begun && self.limit > 0 {
            self.left = self.snapshot.segments(&self.range).await?;
            self.cut(self.offset);
            self.has_begun = true;
            if self.left.is_empty() {
                self.note(None);
            }
        }
        if self.batch.is_empty() && self.fetching.is_empty() && self.limit > 0 {
            self.fetching = self.cut(self.limit.min(BATCH));
        }
        if !self.fetching.is_empty() {
            let mut entries = self.snapshot.entries(&self.fetching).await?;
            self.fetching.clear();
            self.limit = self.limit.saturating_sub(entries.len() as u64);
            if self.order == Order::Descending {
                entries.reverse();
            }
            let is_whole = self.left.is_empty() && self.limit > 0;
            self.note(entries.last().filter(|_| !is_whole).map(|(key, _)| &key[..]));
            self.batch = entries.into();
        }
        Ok(self.batch.pop_front())
    }

    /// Notes what the scan depends on: everything up to the last key that it has come to, or the whole
    /// range if it has come to its end.
    fn note(&self, last: Option<&[u8]>) {
        let Some(reads) = &self.snapshot.reads else { return };
        let range = self.range.clone();
        reads.range(match (last, self.order) {
            (None, _) => range,
            (Some(last), Order::Ascending) => range.up_to(last),
            (Some(last), Order::Descending) => range.down_to(last),
        });
    }

    /// Takes segments with `count` entries off the end that the scan has come to, and returns them
    /// in the order of keys.
    fn cut(&mut self, mut count: u64) -> Vec<Segment> {
        let mut taken = Vec::new();
        while count > 0 {
            let next = match self.order {
                Order::Ascending => self.left.pop_front(),
                Order::Descending => self.left.pop_back(),
            };
            let Some(mut segment) = next else { break };
            let cut = segment.take(count, self.order);
            count -= cut.len();
            taken.push(cut);
            if matches!(segment, Segment::Paged(_)) && segment.len() > 0 {
                match self.order {
                    Order::Ascending => self.left.push_front(segment),
                    Order::Descending => self.left.push_back(segment),
                }
            }
        }
        if self.order == Order::Descending {
            taken.reverse();
        }
        taken
    }
}
