//! Beginning without asking.
//!
//! Where the store is far, reading the head takes as long as the commit itself. So if no other instance is
//! about, a group begins with the head that this one has seen last, if that was just now and it has what it
//! takes to swap it. If somebody has committed since nevertheless, the swap tells, and the group is rebased
//! as ever. Whoever writes nothing has no swap that tells, and asks afterwards whether what it has read
//! still holds.

use std::rc::Rc;
use std::time::Duration;

use super::group::Group;
use super::writers::Writers;
use crate::Kv;
use crate::format::head::Head;
use crate::reading::pages::Pages;

/// How old a head may be with which a group begins. Pages that a newer one does not have are kept for much
/// longer.
const JUST_NOW: Duration = Duration::from_secs(1);

/// A head, and what it takes to swap it.
pub(crate) struct Known<W> {
    generation: u64,
    head: Rc<Head>,
    watch: W,
    /// When it was seen.
    seen: Duration,
}

impl<K: Kv> Writers<K> {
    /// Notes a head that can be swapped; of a store that is near, one is not kept.
    pub fn keep_known(&self, pages: &Pages<K>, head: &Rc<Head>, watch: K::Watch) {
        if self.is_store_far() {
            let (generation, head, seen) = (pages.generation, head.clone(), self.kv().elapsed());
            self.known.replace(Some(Known { generation, head, watch, seen }));
        }
    }

    /// A group on the head that was seen last, if that is likely to be the newest.
    pub fn begin_on_known(&self) -> Option<Group<K>> {
        let known = self.known.take()?;
        let age = self.kv().elapsed().saturating_sub(known.seen);
        let is_likely = age < JUST_NOW && !self.rivals_are_about();
        if !is_likely || !self.is_store_far() || self.is_crowded(&known.head) {
            return None;
        }
        let pages = self.heads.pages(known.generation);
        let mut group = Group::new(pages, known.head, Some(known.watch));
        group.is_guess = true;
        Some(group)
    }
}
