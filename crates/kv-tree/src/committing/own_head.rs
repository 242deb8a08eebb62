//! Beginning without asking.
//!
//! Where the store is far, reading the head takes as long as the commit itself. So if no other instance is
//! about, a group begins with the head that this one has written last, if that was just now. If somebody has
//! committed since nevertheless, the swap tells, and the group is rebased as ever. Whoever writes nothing
//! has no swap that tells, and asks afterwards whether what it has read still holds.

use std::rc::Rc;
use std::time::Duration;

use super::group::Group;
use super::writers::Writers;
use crate::Kv;
use crate::format::head::Head;
use crate::reading::pages::Pages;

/// How long ago a head was written at most with which a group begins. Pages that were replaced since are kept
/// for a minute.
const JUST_NOW: Duration = Duration::from_secs(1);

/// How many groups in a row begin so. Who never reads leaves no time in which somebody else could commit.
const IN_A_ROW: u32 = 7;

/// A head that this instance has written, and what it takes to swap it.
pub(crate) struct OwnHead<W> {
    generation: u64,
    head: Rc<Head>,
    watch: W,
    /// When it was written.
    written: Duration,
}

impl<K: Kv> Writers<K> {
    /// Notes a head that this instance has just written; to a store that is near, it is not kept.
    pub fn keep_own_head(&self, pages: &Pages<K>, head: &Rc<Head>, watch: K::Watch) {
        if self.is_store_far() {
            let (generation, head, written) = (pages.generation, head.clone(), self.kv().elapsed());
            self.own_head.replace(Some(OwnHead { generation, head, watch, written }));
        }
    }

    /// A group on the head that this instance has written last, if that is likely to be the newest.
    pub fn begin_on_own_head(&self) -> Option<Group<K>> {
        let own = self.own_head.take()?;
        let is_new = self.kv().elapsed().saturating_sub(own.written) < JUST_NOW;
        // Somebody here may have read a newer one.
        let is_last = self.heads.last().is_some_and(|last| Rc::ptr_eq(&last, &own.head));
        let is_likely = is_new && is_last && !self.rivals_are_about();
        let in_a_row = self.begun_in_a_row.replace(0);
        if !is_likely || in_a_row >= IN_A_ROW || !self.is_store_far() || self.is_crowded(&own.head)
        {
            return None;
        }
        self.begun_in_a_row.set(in_a_row + 1);
        let pages = self.heads.pages(own.generation);
        let mut group = Group::new(pages, own.head, Some(own.watch));
        group.may_be_stale = true;
        Some(group)
    }
}
