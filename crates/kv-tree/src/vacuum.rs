//! Finding and removing what a crash left behind, while the tree is in use.
//!
//! A page of a flush whose number the head has reached, which neither the tree's nodes nor the list of
//! retired pages lead to, is never led to again: that flush has won, or can never win. So, for some
//! pages at a time:
//!
//! 1. The keys of the store tell which pages there are.
//! 2. If the head has not reached their flush, a flush of nothing makes it.
//! 3. A page tells a key that leads to it, if anything does. Where it does not, and the page is not on
//!    the list either, it is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use crate::committing::swap::Outcome;
use crate::committing::writers::MAX_ATTEMPTS;
use crate::format::head::Head;
use crate::format::page::{MAX_LEVEL, Page, Way};
use crate::format::value::PageId;
use crate::reading::pages::Pages;
use crate::reading::walk::is_on_way;
use crate::writing::batches::delete_pages;
use crate::writing::retired::{self, Due};
use crate::{Error, Kv, Tree};

/// How many pages a step looks at.
const PAGES_A_STEP: usize = 1000;

/// How many flushes of a step delete retired pages.
const FLUSHES_A_STEP: u32 = 16;

/// What [`Tree::vacuum`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Pages that nothing referred to, of flushes that crashed.
    pub orphaned_pages: u64,
    /// Heads of attempts to create the tree that crashed.
    pub orphaned_heads: u64,
    /// Pages that had been retired long enough ago.
    pub retired_pages: u64,
    /// Pages that stay, because it cannot be told whether anything needs them: they are damaged, or
    /// are values that an earlier version wrote.
    pub unknown_pages: u64,
}

/// How far a vacuum has come. As text, it can be kept by whoever runs the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VacuumCursor(PageId);

impl fmt::Display for VacuumCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.suffix())
    }
}

/// A text is not that of a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no cursor of a vacuum: that is <flush>.<attempt>.<index>, in hexadecimal digits")]
pub struct NoCursor(String);

impl FromStr for VacuumCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        PageId::parse(text).map(Self).ok_or_else(|| NoCursor(text.to_owned()))
    }
}

/// Keys of a tree in the store, but for its anchor and its head.
#[derive(Default)]
struct Stored {
    /// The next pages, in order.
    pages: BTreeSet<PageId>,
    /// Whether there are more.
    has_more: bool,
    /// Keys of other generations: heads that lost the race to be the tree's.
    foreign: Vec<String>,
}

impl<K: Kv> Tree<K> {
    /// Removes pages that nothing needs. Other requests may read and write the tree meanwhile. A tree
    /// works without it; only a crash, or a failure of the store, leaves something for it to do.
    pub async fn vacuum(&self) -> Result<Vacuumed, Error> {
        let (mut all, mut cursor) = (Vacuumed::default(), None);
        loop {
            let (step, next) = self.vacuum_step(cursor).await?;
            all.orphaned_pages += step.orphaned_pages;
            all.orphaned_heads += step.orphaned_heads;
            all.retired_pages += step.retired_pages;
            all.unknown_pages += step.unknown_pages;
            if next.is_none() {
                return Ok(all);
            }
            cursor = next;
        }
    }

    /// A part of a [`vacuum`](Tree::vacuum): the next thousand pages or so, from the beginning without
    /// a cursor. Returns where the next step begins, or `None` when all is done. A step lists the keys
    /// of the store and reads the pages that it looks at. The first one deletes retired pages, too, by
    /// 16 flushes at most.
    pub async fn vacuum_step(
        &self,
        from: Option<VacuumCursor>,
    ) -> Result<(Vacuumed, Option<VacuumCursor>), Error> {
        let heads = self.heads();
        if from.is_none() {
            // If the store was replaced, the generation that is remembered is not the tree's, and its
            // head would be taken for one that nobody needs.
            heads.forget_generation();
        }
        let Some(anchored) = heads.anchored().await? else {
            return Ok((Vacuumed::default(), None));
        };
        let retired_pages = match from {
            None => self.delete_retired().await?,
            Some(_) => 0,
        };
        let from = from.map(|cursor| cursor.0);
        let mut stored = self.stored(&anchored.pages.head_key, from).await?;
        let last = stored.pages.last().copied();
        let mut number = last.map_or(0, |id| id.flush);
        let mut flushes = 0;
        let (pages, head, listed) = loop {
            let (pages, head) = self.reach_flush(number).await?;
            match retired::pages(&pages, &head).await {
                Ok(listed) => break (pages, head, listed),
                // A flush gives up a list that cannot be read, once what was retired last is in it.
                Err(Error::Damaged { .. } | Error::Newer { .. }) if flushes < 2 => {
                    flushes += 1;
                    number = head.flush.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
        };
        stored.pages.retain(|id| id.flush <= head.flush);
        listed.iter().for_each(|id| {
            stored.pages.remove(id);
        });
        let (orphans, unknown_pages) = self.orphans(&pages, &head, stored.pages).await?;
        delete_pages(&pages, &orphans).await?;
        let orphaned_heads = stored.foreign.len() as u64;
        for batch in stored.foreign.chunks(self.kv().limits().write_batch.max(1)) {
            self.kv().delete_many(batch.to_vec()).await?;
        }
        let orphaned_pages = orphans.len() as u64;
        let step = Vacuumed { orphaned_pages, orphaned_heads, retired_pages, unknown_pages };
        Ok((step, last.filter(|_| stored.has_more).map(VacuumCursor)))
    }

    /// Sees that the head has reached the number of flushes, which is no more than one ahead of it
    /// if a flush wrote it. Returns a head that has.
    async fn reach_flush(&self, number: u64) -> Result<(Pages<K>, Rc<Head>), Error> {
        let writers = &self.writers;
        let mut ahead = None;
        for _ in 0..MAX_ATTEMPTS {
            let turn = writers.queue.turn(self.kv()).await;
            let mut group = self.begin_alone(&turn).await?;
            let reached = group.snapshot.head.flush;
            let number = number.min(*ahead.get_or_insert(reached.saturating_add(1)));
            if reached >= number {
                return Ok((group.snapshot.pages, group.snapshot.head));
            }
            writers.flush(&mut group, writers.id()?, Due::WorthACall).await?;
        }
        Err(self.contended())
    }

    /// Deletes retired pages that are due, and returns how many.
    async fn delete_retired(&self) -> Result<u64, Error> {
        let writers = &self.writers;
        let mut deleted = 0;
        for _ in 0..FLUSHES_A_STEP {
            let turn = writers.queue.turn(self.kv()).await;
            let mut group = self.begin_alone(&turn).await?;
            let (pages, head) = (group.snapshot.pages.clone(), group.snapshot.head.clone());
            let due = match retired::due(&pages, &head, Due::All).await {
                Ok(due) if !due.is_empty() => due,
                // A list that cannot be read is given up by the next flush.
                Ok(_) | Err(Error::Damaged { .. } | Error::Newer { .. }) => break,
                Err(error) => return Err(error),
            };
            let ids: Vec<_> = due.iter().flat_map(|listing| &listing.pages).collect();
            delete_pages(&pages, ids.iter().copied()).await?;
            // They are dropped from the list by a flush.
            if let Outcome::Done = writers.flush(&mut group, writers.id()?, Due::All).await? {
                deleted += ids.len() as u64;
            }
        }
        Ok(deleted)
    }

    async fn stored(&self, head_key: &str, from: Option<PageId>) -> Result<Stored, Error> {
        let mut stored = Stored::default();
        let prefix = format!("{}:", self.heads().name.as_str());
        let visit = |key: &str| {
            if let Some(suffix) = key.strip_prefix(head_key) {
                let id = suffix.strip_prefix(':').and_then(PageId::parse);
                if let Some(id) = id.filter(|id| from.is_none_or(|from| *id > from)) {
                    stored.pages.insert(id);
                    if stored.pages.len() > PAGES_A_STEP {
                        stored.pages.pop_last();
                        stored.has_more = true;
                    }
                }
            } else if key.strip_prefix(&prefix).is_some_and(is_generation) {
                stored.foreign.push(key.to_owned());
            }
        };
        self.kv().keys(&prefix, visit).await?;
        Ok(stored)
    }

    /// Which of the pages the tree does not lead to, and of how many that cannot be told.
    async fn orphans(
        &self,
        pages: &Pages<K>,
        head: &Head,
        ids: BTreeSet<PageId>,
    ) -> Result<(Vec<PageId>, u64), Error> {
        let (mut keys, mut orphans, mut unknown) = (Vec::new(), Vec::new(), 0);
        // Each page, and the one to read to know what leads to it.
        let mut asked: Vec<_> = ids.into_iter().map(|id| (id, id)).collect();
        for _ in 0..=MAX_LEVEL {
            let mut below = Vec::new();
            for batch in asked.chunks(self.kv().limits().read_batch.max(1)) {
                // Several may be told of by one.
                let read: BTreeSet<_> = batch.iter().map(|(_, read)| *read).collect();
                let read: Vec<_> = read.into_iter().collect();
                let read_pages: BTreeMap<_, _> =
                    read.iter().copied().zip(pages.read(&read).await?).collect();
                for (id, read) in batch {
                    let page = read_pages.get(read).cloned().flatten();
                    let page = page.and_then(|page| Page::decode(*read, page).ok());
                    match page.map(|page| page.way()) {
                        Some(Way::Key(key)) => keys.push((*id, key)),
                        Some(Way::As(page)) => below.push((*id, page)),
                        Some(Way::Unknown) | None => unknown += 1,
                    }
                }
            }
            asked = below;
        }
        for batch in keys.chunks(self.kv().limits().read_batch.max(1)) {
            let Some(root) = head.root else {
                orphans.extend(batch.iter().map(|(id, _)| *id));
                continue;
            };
            let found = pages.resolve(head.flush, |view| {
                let mut lost = Vec::new();
                for (id, key) in batch {
                    if !is_on_way(view, &root, key, *id) {
                        lost.push(*id);
                    }
                }
                lost
            });
            orphans.extend(found.await?);
        }
        Ok((orphans, unknown))
    }
}

/// Whether a key, behind the name of the tree, is that of a head.
fn is_generation(suffix: &str) -> bool {
    suffix.len() == 16 && u64::from_str_radix(suffix, 16).is_ok()
}
