//! The list of retired pages.
//!
//! A flush replaces pages that older snapshots still read. They are listed in a small tree of its
//! own in the same head: under the time at which they were listed and the number of the flush, the
//! ids of the pages that the flush replaced. The last flush's pages are kept in the head and listed by
//! the next flush, because only then is it certain when that commit was in effect. What has been on
//! the list for [`GRACE`] is deleted by a later flush, unless a commit that is held needs it.
//!
//! Times are those of the tree, see [`Head::time_at`]: nothing depends on them but how long a snapshot
//! can be read, and a snapshot that cannot be read is told so.

use std::ops::Range;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};

use crate::format::codec::{Fault, VERSION, finish, get_count, get_version, put_number};
use crate::format::head::{Head, MAX_AHEAD};
use crate::format::value::{PageId, get_id, put_id};
use crate::reading::pages::Pages;
use crate::reading::walk::{reach, slice, whole};
use crate::{Error, Kv};

/// How long retired pages stay.
const GRACE: Duration = Duration::from_secs(60);

/// The ranks of all entries.
const ALL: Range<u64> = 0..u64::MAX;

/// How many flushes' pages are deleted at once, of either end of the list at most.
const MAX_DUE: u64 = 8;

/// How many flushes' pages should be due before a call is spent on deleting them.
const WORTH_A_CALL: usize = 4;

/// Which of the pages that are due are deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Due {
    All,
    /// All, if they are worth a call; otherwise none.
    WorthACall,
}

/// An entry of the list.
#[derive(Debug)]
pub(crate) struct Listing {
    pub key: Bytes,
    pub pages: Vec<PageId>,
}

impl Listing {
    /// The number of the flush that replaced the pages; or of a later one, where listing them failed at first:
    /// then they stay longer than need be.
    fn flush(&self) -> u64 {
        self.key.get(8..).and_then(|mut key| key.try_get_u64().ok()).unwrap_or(u64::MAX)
    }

    /// Whether nobody can need the pages any more at the time, in milliseconds since 1970.
    fn is_due(&self, now: u64) -> bool {
        let listed = (&self.key[..]).try_get_u64().unwrap_or_default();
        let after =
            |duration: Duration, time: u64| time.saturating_add(duration.as_millis() as u64);
        after(GRACE, listed) <= now || after(MAX_AHEAD, now) <= listed
    }
}

/// The key under which the pages that a flush replaced are listed: the time in milliseconds since
/// 1970 and the number of the flush, 8 bytes each, big-endian.
pub(crate) fn key(time: u64, flush: u64) -> Bytes {
    let mut key = Vec::with_capacity(16);
    key.put_u64(time);
    key.put_u64(flush);
    key.into()
}

/// The bytes of a list, unless it is empty: version, number of ids, and the ids.
pub(crate) fn encode(pages: &[PageId]) -> Option<Bytes> {
    if pages.is_empty() {
        return None;
    }
    let mut bytes = vec![VERSION];
    put_number(&mut bytes, pages.len() as u64);
    pages.iter().for_each(|id| put_id(&mut bytes, *id));
    Some(bytes.into())
}

/// Reads what [`encode`] made.
pub(crate) fn decode(mut bytes: Bytes) -> Result<Vec<PageId>, Fault> {
    get_version(&mut bytes)?;
    let count = get_count(&mut bytes)?;
    let pages = (0..count).map(|_| get_id(&mut bytes)).collect::<Result<_, _>>()?;
    finish(&bytes)?;
    Ok(pages)
}

/// Entries at the ends of the list, as far as nobody can need their pages any more.
pub(crate) async fn due<K: Kv>(
    pages: &Pages<K>,
    head: &Head,
    which: Due,
) -> Result<Vec<Listing>, Error> {
    let now = head.time_at(pages.kv.now());
    // The oldest; and the newest, which may be of a clock that was wrong.
    let entries = head.retired.map_or(0, |root| root.entries);
    let newest = MAX_DUE.max(entries.saturating_sub(MAX_DUE));
    let mut listings = listings(pages, head, &[0..MAX_DUE, newest..entries]).await?;
    listings.retain(|listing| listing.is_due(now) && !head.needs_replaced_by(listing.flush(), now));
    if matches!(which, Due::WorthACall) && listings.len() < WORTH_A_CALL {
        listings.clear();
    }
    Ok(listings)
}

/// The entries of the list with the ranks.
async fn listings<K: Kv>(
    pages: &Pages<K>,
    head: &Head,
    ranks: &[Range<u64>],
) -> Result<Vec<Listing>, Error> {
    let Some(root) = head.retired else { return Ok(Vec::new()) };
    let lists = pages
        .resolve(head.flush, |view| {
            let mut lists = Vec::new();
            ranks.iter().for_each(|ranks| slice(view, &root, ranks, &mut lists));
            let whole = |(key, list)| Some((key, whole(view, list)?));
            lists.into_iter().filter_map(whole).collect::<Vec<_>>()
        })
        .await?;
    let listing = |(key, list)| match decode(list) {
        Ok(pages) => Ok(Listing { key, pages }),
        Err(fault) => Err(pages.damaged(root.id, fault)),
    };
    lists.into_iter().map(listing).collect()
}

/// The ids of all pages that have to do with the list: those on it, and those that it is made of.
pub(crate) async fn pages<K: Kv>(pages: &Pages<K>, head: &Head) -> Result<Vec<PageId>, Error> {
    let mut ids = Vec::new();
    for listing in listings(pages, head, &[ALL]).await? {
        ids.extend(listing.pages);
    }
    if let Some(root) = head.retired {
        let made_of = pages.resolve(head.flush, |view| {
            let mut ids = Vec::new();
            reach(view, &root, &ALL, &mut ids);
            ids
        });
        ids.extend(made_of.await?);
    }
    if let Some(last) = &head.retired_last {
        let read = pages.resolve(head.flush, |view| (whole(view, last.clone()), last.page()));
        let (list, id) = read.await?;
        ids.extend(id);
        if let Some(list) = list {
            ids.extend(decode(list).map_err(|fault| pages.damaged_head(fault))?);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_were_written() {
        let ids = [1, 2, 3].map(|index| PageId { flush: 300, attempt: u64::MAX, index });
        assert_eq!(decode(encode(&ids).unwrap()), Ok(ids.to_vec()));
        assert_eq!(encode(&[]), None);
        let cut = Bytes::from_static(&[VERSION, 9]);
        assert!(matches!(decode(cut), Err(Fault::Damaged(_))));
        assert_eq!(decode(Bytes::from_static(&[7])), Err(Fault::Newer(7)));
    }

    #[test]
    fn the_list_is_in_the_order_of_time() {
        let at = |seconds: u64, flush| key(1000 * seconds, flush);
        assert!(at(1, 9) < at(2, 1) && at(2, 1) < at(2, 2));
    }

    #[test]
    fn what_was_listed_a_minute_ago_or_by_a_wrong_clock_is_due() {
        let is_due = |listed: u64| {
            let listing = Listing { key: key(1000 * listed, 1), pages: Vec::new() };
            listing.is_due(1000 * 10_000)
        };
        assert!(is_due(0) && is_due(9940) && is_due(10_000 + 3600));
        assert!(!is_due(9941) && !is_due(10_000) && !is_due(10_000 + 3599));
    }
}
