//! Reading one commit of a tree.
//!
//! A commit is the tree's pages with the head's buffer on top. Both are ordered; a range of the
//! whole is a sequence of [`Segment`]s: runs of ranks in the pages, and single buffered entries
//! between them. How long the segments are together is the exact count of the range; the entry at an
//! offset is found by skipping segments; reading backwards is going through them backwards.

use std::collections::VecDeque;
use std::ops::{Bound, Range, RangeBounds};
use std::rc::Rc;

use bytes::Bytes;

use crate::head::{Buffer, Head};
use crate::page::Child;
use crate::pages::{Pages, View};
use crate::reads::Reads;
use crate::walk::{Found, find, slice, whole};
use crate::{Error, KeyRange, Kv, Order};

/// A key and its value. Both share the memory of what was read, so keeping one keeps that.
pub type Entry = (Bytes, Bytes);

/// How many entries a scan without a limit fetches at a time.
const BATCH: u64 = 256;

/// One commit of a tree, whole, whatever happens to the tree meanwhile. It can be read for 30
/// seconds; after that, what was changed meanwhile may be [`Expired`](Error::Expired).
pub struct Snapshot<K: Kv> {
    pub(crate) pages: Pages<K>,
    pub(crate) root: Option<Child>,
    pub(crate) buffer: Rc<Buffer>,
    /// Where what is read is noted, for a transaction.
    pub(crate) reads: Option<Reads>,
}

impl<K: Kv> Clone for Snapshot<K> {
    fn clone(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            root: self.root,
            buffer: self.buffer.clone(),
            reads: self.reads.clone(),
        }
    }
}

/// A part of a range: ranks in the pages, or a buffered entry.
#[derive(Debug, Clone)]
enum Segment {
    Paged(Range<u64>),
    Buffered(Bytes, Bytes),
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Self::Paged(ranks) => ranks.end.saturating_sub(ranks.start),
            Self::Buffered(..) => 1,
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

impl<K: Kv> Snapshot<K> {
    pub(crate) fn new(pages: Pages<K>, head: &Head) -> Self {
        Self { pages, root: head.root, buffer: head.buffer.clone(), reads: None }
    }

    /// The value of `key`.
    pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, Error> {
        Ok(self.get_many([key]).await?.pop().flatten())
    }

    /// The values of `keys`, in their order.
    pub async fn get_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Vec<Option<Bytes>>, Error> {
        let keys: Vec<_> = keys.into_iter().collect();
        if let Some(reads) = &self.reads {
            keys.iter().for_each(|key| reads.key(key.as_ref()));
        }
        let get = |view: &mut View<'_>, key: &[u8]| match (self.buffer.get(key), &self.root) {
            (Some(value), _) => value.clone(),
            (None, Some(root)) => {
                let value = find(view, root, key).value;
                value.and_then(|value| whole(view, value))
            }
            (None, None) => None,
        };
        self.pages.resolve(|view| keys.iter().map(|key| get(view, key.as_ref())).collect()).await
    }

    /// How many keys lie in `range`.
    pub async fn count(&self, range: &KeyRange) -> Result<u64, Error> {
        Ok(self.segments(range).await?.iter().map(Segment::len).fold(0, u64::saturating_add))
    }

    /// Reads `range` in `order`. Nothing is read before the first [`next`](Scan::next).
    pub fn scan(&self, range: KeyRange, order: Order) -> Scan<'_, K> {
        Scan {
            snapshot: self,
            range: Some(range),
            order,
            offset: 0,
            limit: u64::MAX,
            left: VecDeque::new(),
            batch: VecDeque::new(),
        }
    }

    async fn segments(&self, range: &KeyRange) -> Result<VecDeque<Segment>, Error> {
        if range.is_empty() {
            return Ok(VecDeque::new());
        }
        if let Some(reads) = &self.reads {
            reads.range(range);
        }
        let places = self.pages.resolve(|view| self.places(view, range)).await?;
        let mut segments = VecDeque::new();
        let mut start = places.ranks.start;
        for (key, value, found) in places.buffered {
            segments.push_back(Segment::Paged(start..found.rank));
            start = found.rank.saturating_add(u64::from(found.value.is_some()));
            if let Some(value) = value {
                segments.push_back(Segment::Buffered(key, value));
            }
        }
        segments.push_back(Segment::Paged(start..places.ranks.end));
        segments.retain(|segment| segment.len() > 0);
        Ok(segments)
    }

    fn places(&self, view: &mut View<'_>, range: &KeyRange) -> Places {
        let mut find =
            |key: &[u8]| self.root.map_or_else(Found::default, |root| find(view, &root, key));
        let mut rank_after = |bound: Bound<&[u8]>, unbounded, excluded| match bound {
            Bound::Unbounded => unbounded,
            Bound::Included(key) | Bound::Excluded(key) => {
                let found = find(key);
                let past = found.value.is_some() && matches!(bound, Bound::Excluded(_)) == excluded;
                found.rank.saturating_add(u64::from(past))
            }
        };
        let entries = self.root.map_or(0, |root| root.entries);
        let start = rank_after(range.start_bound(), 0, true);
        let end = rank_after(range.end_bound(), entries, false);
        let buffered = self
            .buffer
            .range::<[u8], _>(range)
            .map(|(key, value)| (key.clone(), value.clone(), find(key)));
        Places { ranks: start..end, buffered: buffered.collect() }
    }

    async fn entries(&self, segments: &[Segment]) -> Result<Vec<Entry>, Error> {
        self.pages
            .resolve(|view| {
                let mut entries = Vec::new();
                for segment in segments {
                    match (segment, &self.root) {
                        (Segment::Buffered(key, value), _) => {
                            entries.push((key.clone(), value.clone()))
                        }
                        (Segment::Paged(ranks), Some(root)) => {
                            let mut paged = Vec::new();
                            slice(view, root, ranks, &mut paged);
                            entries.extend(
                                paged
                                    .into_iter()
                                    .filter_map(|(key, value)| Some((key, whole(view, value)?))),
                            );
                        }
                        (Segment::Paged(_), None) => {}
                    }
                }
                entries
            })
            .await
    }
}

/// Where a range and the buffered keys in it are among the pages.
struct Places {
    ranks: Range<u64>,
    buffered: Vec<(Bytes, Option<Bytes>, Found)>,
}

/// A scan under way: [`next`](Scan::next) yields the entries one after the other.
pub struct Scan<'s, K: Kv> {
    snapshot: &'s Snapshot<K>,
    /// The range, until the scan begins.
    range: Option<KeyRange>,
    order: Order,
    offset: u64,
    limit: u64,
    /// What is left to fetch, in the order of keys.
    left: VecDeque<Segment>,
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
        if let Some(range) = self.range.take() {
            self.left = self.snapshot.segments(&range).await?;
            self.cut(self.offset);
        }
        if self.batch.is_empty() && self.limit > 0 && !self.left.is_empty() {
            let segments = self.cut(self.limit.min(BATCH));
            let mut entries = self.snapshot.entries(&segments).await?;
            self.limit = self.limit.saturating_sub(entries.len() as u64);
            if self.order == Order::Descending {
                entries.reverse();
            }
            self.batch = entries.into();
        }
        Ok(self.batch.pop_front())
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
