//! Flushes: what is buffered in the head is written to pages.
//!
//! A flush writes the pages that change, and then swaps the head for one that leads to them. Where
//! other instances write to the tree too, nobody waits for that: the commit that makes the buffer
//! full says in the head that it is being flushed, others go on adding to the buffer, and the swap
//! takes out of the buffer only what the pages have. If whoever flushes ends too early, the buffer
//! grows until somebody's commit has to be a flush.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::commit::Swap;
use crate::edit::{Change, edit};
use crate::group::Group;
use crate::head::{Buffer, Head, changes_between};
use crate::page::{Child, Page, PageId, Value};
use crate::pages::Pages;
use crate::random::random_u64;
use crate::replaced::{self, Listing};
use crate::walk::find;
use crate::writer::Writer;
use crate::{Error, Kv, Snapshot, Tree};

/// A longer list of replaced pages lies in a page of its own, not in the head.
const MAX_LIST_IN_HEAD: usize = 256;

/// How often a flush tries to swap the head while others do.
const MAX_SWAPS: u32 = 100;

/// How long a flush may take that others wait for.
const FLUSH_TIME: Duration = Duration::from_millis(500);

/// A commit whose buffer is full.
pub(crate) struct Full<K: Kv> {
    pub pages: Pages<K>,
    pub head: Head,
}

/// What a flush has written, and what a head says that leads to it.
struct Flushed {
    written: BTreeMap<PageId, Bytes>,
    flush: u64,
    root: Option<Child>,
    replaced: Option<Child>,
    replaced_last: Option<Value>,
}

impl Flushed {
    /// What `next` is where it leads to what is written: that is all of the commit numbered
    /// `flushed`, and of its own what is not in `buffer`.
    fn head(&self, next: Head, flushed: u64, buffer: Buffer) -> Head {
        Head {
            flush: self.flush,
            flushed,
            flushing: false,
            root: self.root,
            replaced: self.replaced,
            replaced_last: self.replaced_last.clone(),
            buffer: Rc::new(buffer),
            ..next
        }
    }
}

impl<K: Kv> Tree<K> {
    /// Whether somebody else is flushing what `head` has. Whoever begins that but does not come to
    /// its end is not waited for forever.
    pub(crate) fn is_being_flushed(&self, head: &Head) -> bool {
        let seen = &self.store.writers(&self.name).flush_seen;
        let now = self.store.kv().now();
        if !head.flushing {
            return false;
        }
        let since = match seen.get() {
            Some((flush, since)) if flush == head.flush => since,
            _ => now,
        };
        seen.set(Some((head.flush, since)));
        now.saturating_sub(since) < FLUSH_TIME
    }

    /// Tells other instances that a flush begins, so that they do not begin one too and their
    /// commits do not become too many. Returns whether nothing stands against it.
    pub(crate) async fn announce_flush(&self, group: &mut Group<K>) -> Result<bool, Error> {
        let id = random_u64()?;
        let Head { buffer, .. } = &group.head;
        let next = group.head.next(id, self.store.kv().now(), buffer.clone());
        let next = Head { flushing: true, ..next };
        Ok(self.swap(group, id, &next).await? == Swap::Done && self.move_up(group).await?)
    }

    /// Commits the group to pages, and deletes the pages that are due. What others commit meanwhile
    /// stays in the buffer.
    pub(crate) async fn flush(
        &self,
        group: &mut Group<K>,
        due: Vec<Listing>,
    ) -> Result<Swap, Error> {
        let pages = group.snapshot.pages.clone();
        let buffer = group.snapshot.buffer.clone();
        let before = group.head.clone();
        let flushed = self.write(&pages, &before, &buffer, due).await?;
        let mut swap = Swap::Lost;
        for _ in 0..MAX_SWAPS {
            if group.watch.is_some() {
                let id = random_u64()?;
                let next = group.head.next(id, self.store.kv().now(), Rc::default());
                let commit = if group.written.is_empty() { before.commit } else { next.commit };
                let rest = changes_between(&buffer, &group.snapshot.buffer);
                swap = self.swap(group, id, &flushed.head(next, commit, rest)).await?;
                if swap != Swap::Lost {
                    break;
                }
            }
            if !self.move_up(group).await? || group.head.flush != before.flush {
                break;
            }
        }
        self.conclude(&pages, flushed, swap).await;
        Ok(swap)
    }

    /// Flushes what is committed already.
    pub(crate) async fn flush_behind(&self, full: Full<K>) -> Result<(), Error> {
        let Full { pages, head } = full;
        let due = replaced::worth_deleting(&pages, &head).await?;
        let snapshot = Snapshot::new(pages, &head);
        self.flush(&mut Group::new(head, None, snapshot), due).await?;
        Ok(())
    }

    /// Writes the pages that come of those of `head` and of `buffer`, and deletes those that are due.
    async fn write(
        &self,
        pages: &Pages<K>,
        head: &Head,
        buffer: &Buffer,
        due: Vec<Listing>,
    ) -> Result<Flushed, Error> {
        // Deleted first and dropped from the list by the commit: a crash in between leaves pages on
        // the list that are gone already, which the next one to delete them does not mind.
        let delete: Vec<_> = due.iter().flat_map(|listing| &listing.pages).copied().collect();
        self.delete_pages(pages, &delete).await?;

        let listed = replaced::key(self.store.kv().now(), head.flush);
        let lists = list_changes(&due, &listed, head);
        // Nearly all pages that are needed are fetched first, because what is computed while some
        // are missing is computed in vain.
        pages
            .resolve(|view| {
                let entries = buffer.keys().map(|key| (&head.root, key));
                let lists = lists.iter().map(|(key, _)| (&head.replaced, key));
                for (root, key) in entries.chain(lists) {
                    let _ = root.as_ref().map(|root| find(view, root, key));
                }
            })
            .await?;
        let flush = head.flush.wrapping_add(1);
        let attempt = random_u64()?;
        let (mut writer, root, replaced) = pages
            .resolve(|view| {
                let mut writer = Writer::new(self.store.node_bytes(), flush, attempt);
                let changes = changes(&mut writer, buffer);
                let root = edit(view, &mut writer, head.root, &changes);
                let replaced = edit(view, &mut writer, head.replaced, &lists);
                (writer, root, replaced)
            })
            .await?;
        let list = replaced::encode(writer.replaced());
        let replaced_last = list.map(|list| writer.value_inline_to(&list, MAX_LIST_IN_HEAD));

        let written = writer.into_written();
        let entries = written.iter().map(|(id, page)| (id.key(&pages.head_key), page.to_vec()));
        if !written.is_empty()
            && let Err(error) = self.store.kv().put_many(entries.collect()).await
        {
            // What can be is cleaned up; vacuum finds the rest.
            let ids: Vec<_> = written.into_keys().collect();
            let _ = self.delete_pages(pages, &ids).await;
            return Err(error.into());
        }
        Ok(Flushed { written, flush, root, replaced, replaced_last })
    }

    /// Remembers the pages that were written, or deletes them if no head will ever lead to them.
    async fn conclude(&self, pages: &Pages<K>, flushed: Flushed, swap: Swap) {
        match swap {
            Swap::Done => {
                for (id, page) in flushed.written {
                    if let Ok(page) = Page::decode(page) {
                        self.store.pages().insert(pages.generation, id, Rc::new(page));
                    }
                }
            }
            Swap::Lost => {
                let ids: Vec<_> = flushed.written.into_keys().collect();
                // Vacuum finds what is left.
                let _ = self.delete_pages(pages, &ids).await;
            }
            Swap::Unclear => {}
        }
    }
}

/// What is buffered, as changes of pages.
fn changes(writer: &mut Writer, buffer: &Buffer) -> Vec<Change> {
    let change = |(key, value): (&Bytes, &Option<Bytes>)| {
        (key.clone(), value.as_ref().map(|value| writer.value(value)))
    };
    buffer.iter().map(change).collect()
}

/// The changes of the list of replaced pages: what the flush before this one replaced is entered,
/// and what is deleted is dropped. That flush is known to have happened, so whoever reads from now
/// on, reads what it left.
fn list_changes(due: &[Listing], key: &Bytes, head: &Head) -> Vec<Change> {
    let mut changes: Vec<Change> = due.iter().map(|listing| (listing.key.clone(), None)).collect();
    changes.extend(head.replaced_last.clone().map(|list| (key.clone(), Some(list))));
    changes.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    changes
}
