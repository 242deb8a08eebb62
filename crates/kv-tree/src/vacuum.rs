//! Finding and removing what a crash left behind, while the tree is in use.
//!
//! A page in the store is in use if the tree's nodes lead to it, or if it is on the list of replaced
//! pages. Every other page is of a flush that failed or is still under way. A flush that is under
//! way writes pages of a number that the head has not reached; once the head has reached it, that
//! flush has won or can never win. So: all pages are listed; where the list has pages of a number
//! that the head has not reached, a flush of nothing makes it reach it; and what of the list is not
//! in use now, and not on the list of replaced pages then, will never be needed.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::codec::Fault;
use crate::commit::Swap;
use crate::page::PageId;
use crate::pages::Pages;
use crate::replaced;
use crate::walk::{find, reach, slice};
use crate::{Error, Kv, Tree, root};

/// How many entries' pages are looked for on one snapshot, which must not become too old.
const ENTRIES_AT_ONCE: u64 = 50_000;

/// What [`Tree::vacuum`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Pages that nothing referred to, of flushes that crashed.
    pub orphaned_pages: u64,
    /// Heads of attempts to create the tree that crashed.
    pub orphaned_heads: u64,
    /// Pages that had been replaced long enough ago.
    pub replaced_pages: u64,
}

/// The keys of a tree in the store, but for its root and its head.
#[derive(Default)]
struct Stored {
    pages: BTreeSet<PageId>,
    /// Keys of other generations: heads that lost the race to be the tree's.
    foreign: Vec<String>,
}

impl<K: Kv> Tree<K> {
    /// Removes pages that nothing needs. Other requests may read and write the tree meanwhile. It
    /// lists all keys of the store and reads all branches of the tree, so it is for times of little
    /// load; a tree works without it, only a crash leaves something for it to do.
    pub async fn vacuum(&self) -> Result<Vacuumed, Error> {
        // If the store was replaced, the generation that is remembered is not the tree's, and its
        // head would be taken for one that nobody needs.
        self.store.forget_generation(&self.name);
        let Some(root) = root::find(&self.store, &self.name).await? else {
            return Ok(Vacuumed::default());
        };
        let replaced_pages = self.delete_replaced().await?;
        let mut stored = self.stored(&root.head_key).await?;
        let newest = stored.pages.last().map_or(0, |id| id.flush);
        let (pages, reached) = self.reach_flush(newest).await?;
        stored.pages.retain(|id| id.flush <= reached);
        self.forget_reachable(&mut stored.pages).await?;
        self.forget_listed(&mut stored.pages).await?;

        let orphans: Vec<_> = stored.pages.into_iter().collect();
        self.delete_pages(&pages, &orphans).await?;
        let orphaned_heads = stored.foreign.len() as u64;
        if orphaned_heads > 0 {
            self.store.kv().delete_many(stored.foreign).await?;
        }
        Ok(Vacuumed { orphaned_pages: orphans.len() as u64, orphaned_heads, replaced_pages })
    }

    /// Sees that the head has reached the number of flushes, which is no more than one ahead of it
    /// if a flush wrote it. Returns the number that the head has.
    async fn reach_flush(&self, number: u64) -> Result<(Pages<K>, u64), Error> {
        let writers = self.store.writers(&self.name);
        let mut ahead = None;
        loop {
            let turn = writers.line.turn(self.store.kv()).await;
            // The members of a group that was left to this turn try again.
            drop(turn.take());
            let mut group = self.begin(false).await?;
            let reached = group.head.flush;
            let number = number.min(*ahead.get_or_insert(reached.saturating_add(1)));
            if reached >= number {
                return Ok((group.snapshot.pages, reached));
            }
            self.flush(&mut group, Vec::new()).await?;
        }
    }

    /// Deletes all replaced pages that are due, and returns how many.
    async fn delete_replaced(&self) -> Result<u64, Error> {
        let writers = self.store.writers(&self.name);
        let (mut deleted, mut last) = (0, None);
        loop {
            let turn = writers.line.turn(self.store.kv()).await;
            drop(turn.take());
            let mut group = self.begin(false).await?;
            let due = replaced::due(&group.snapshot.pages, &group.head).await?;
            let Some(oldest) = due.first().map(|listing| listing.key.clone()) else {
                return Ok(deleted);
            };
            if last.as_ref() == Some(&oldest) {
                let fault =
                    Fault::Damaged("an entry of its list of replaced pages cannot be found");
                return Err(group.snapshot.pages.damaged_head(fault));
            }
            let pages = due.iter().map(|listing| listing.pages.len() as u64).sum::<u64>();
            if self.flush(&mut group, due).await? == Swap::Done {
                deleted += pages;
                last = Some(oldest);
            }
        }
    }

    async fn stored(&self, head_key: &str) -> Result<Stored, Error> {
        let mut stored = Stored::default();
        let prefix = format!("{}:", self.name.as_str());
        let visit = |key: &str| {
            if let Some(suffix) = key.strip_prefix(head_key) {
                stored.pages.extend(suffix.strip_prefix(':').and_then(PageId::parse));
            } else if key.strip_prefix(&prefix).is_some_and(is_generation) {
                stored.foreign.push(key.to_owned());
            }
        };
        self.store.kv().keys(&prefix, visit).await?;
        Ok(stored)
    }

    /// Drops from `ids` what the nodes of the tree lead to. A page that is in use all the while is
    /// seen on whichever snapshot its entries are come to.
    async fn forget_reachable(&self, ids: &mut BTreeSet<PageId>) -> Result<(), Error> {
        let mut from = Some(Bytes::new());
        while let Some(key) = from.take() {
            let (pages, head) = self.head(None).await?;
            let Some(root) = head.root else { break };
            let walk = pages.resolve(|view| {
                let start = find(view, &root, &key).rank;
                let end = start.saturating_add(ENTRIES_AT_ONCE);
                let mut reached = Vec::new();
                reach(view, &root, &(start..end), &mut reached);
                let mut next = Vec::new();
                slice(view, &root, &(end..end.saturating_add(1)), &mut next);
                (reached, next.pop().map(|(key, _)| key))
            });
            let (reached, next) = walk.await?;
            reached.iter().for_each(|id| {
                ids.remove(id);
            });
            from = next;
        }
        Ok(())
    }

    /// Drops from `ids` the pages on the list of replaced pages, and those of the list itself.
    async fn forget_listed(&self, ids: &mut BTreeSet<PageId>) -> Result<(), Error> {
        let (pages, head) = self.head(None).await?;
        for id in replaced::pages(&pages, &head).await? {
            ids.remove(&id);
        }
        Ok(())
    }
}

/// Whether a key, behind the name of the tree, is that of a head.
fn is_generation(suffix: &str) -> bool {
    suffix.len() == 16 && u64::from_str_radix(suffix, 16).is_ok()
}
