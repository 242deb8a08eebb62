//! Commits: one swap of the head, with new pages written before it where the buffer is full.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::edit::{Change, edit};
use crate::group::Group;
use crate::head::{Buffer, Head, MAX_HEAD_BYTES};
use crate::page::{Page, PageId};
use crate::pages::{MAX_BATCH, Pages};
use crate::random::{jittered_pause, random_u64};
use crate::replaced::{self, Listing};
use crate::writer::Writer;
use crate::{Error, Kv, KvError, Tree};

/// How a commit ended.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// It is in the tree.
    Committed,
    /// Another writer was first; nothing of it is in the tree.
    Conflict,
    Failed(Error),
}

/// What is known of a swap.
enum Swap {
    Done,
    /// It did not happen and will not.
    Lost,
    /// It was answered with no, but too much has happened since to be sure.
    Unclear,
}

/// How recent a commit of another instance is if that is still about.
const OTHERS_ABOUT: Duration = Duration::from_secs(1);

/// How often the head is read to learn what came of a swap.
const SETTLE_ATTEMPTS: u32 = 10;

/// A longer list of replaced pages lies in a page of its own, not in the head.
const MAX_LIST_IN_HEAD: usize = 256;

impl<K: Kv> Tree<K> {
    /// Commits the group: in the head's buffer, or flushed to pages if it does not fit there.
    pub(crate) async fn commit(&self, group: Group<K>) -> Verdict {
        let commit = async {
            let id = random_u64()?;
            let next = group.head.next(id, self.store.kv().now(), group.snapshot.buffer.clone());
            match next.encoded_len() <= MAX_HEAD_BYTES {
                true => Ok(matches!(self.swap(group, id, &next).await?, Swap::Done)),
                false => {
                    let Some(group) = self.announce_flush(group).await? else { return Ok(false) };
                    let due = replaced::due(&group.snapshot.pages, &group.head).await?;
                    let due = if due.len() < replaced::WORTH_A_CALL { Vec::new() } else { due };
                    self.flush(group, due).await
                }
            }
        };
        match commit.await {
            Ok(true) => Verdict::Committed,
            Ok(false) => Verdict::Conflict,
            Err(error) => Verdict::Failed(error),
        }
    }

    /// Whether other instances write to the tree too, as far as the head shows.
    pub(crate) fn others_are_about(&self, head: &Head) -> bool {
        let own = self.store.writers(&self.name).last_commit.get();
        let age = self.store.kv().now().saturating_sub(Duration::from_millis(head.time));
        head.recent.last().copied() != own && age < OTHERS_ABOUT
    }

    /// Tells other instances that a flush begins, if there are any about. Where they all find the
    /// buffer full, all but one of them would write their pages in vain. Those who see the
    /// announcement wait for a while; nothing relies on that they do. Returns nothing if somebody
    /// else was first.
    pub(crate) async fn announce_flush(&self, group: Group<K>) -> Result<Option<Group<K>>, Error> {
        let kv = self.store.kv();
        let Group { head, .. } = &group;
        if head.flushing || !self.others_are_about(head) {
            return Ok(Some(group));
        }
        let id = random_u64()?;
        let next = Head { flushing: true, ..head.next(id, kv.now(), head.buffer.clone()) };
        let (pages, snapshot) = (group.snapshot.pages.clone(), group.snapshot.clone());
        let Swap::Done = self.swap(group, id, &next).await? else { return Ok(None) };
        let (value, watch) = kv.watch(&pages.head_key).await?;
        let head = value.map(|value| self.decode_head(&pages.head_key, value)).transpose()?;
        let head = head.filter(|head| head.recent.last() == Some(&id));
        Ok(head.map(|head| Group::new(head, Some(watch), snapshot)))
    }

    /// Commits the group to pages, which leaves the buffer empty, and deletes the pages that are
    /// due. Returns whether nobody else was first.
    pub(crate) async fn flush(&self, group: Group<K>, due: Vec<Listing>) -> Result<bool, Error> {
        let pages = group.snapshot.pages.clone();
        // Deleted first and dropped from the list by the commit: a crash in between leaves pages on
        // the list that are gone already, which the next one to delete them does not mind.
        let delete: Vec<_> = due.iter().flat_map(|listing| &listing.pages).copied().collect();
        self.delete_pages(&pages, &delete).await?;

        let id = random_u64()?;
        let listed = replaced::key(self.store.kv().now(), group.head.flush);
        let flush = pages
            .resolve(|view| {
                let mut writer =
                    Writer::new(self.store.node_bytes(), group.head.flush.wrapping_add(1), id);
                let changes = changes(&mut writer, &group.snapshot.buffer);
                let root = edit(view, &mut writer, group.head.root, &changes);
                let lists = list_changes(&due, &listed, &group.head);
                let replaced = edit(view, &mut writer, group.head.replaced, &lists);
                (writer, root, replaced)
            })
            .await?;
        let (mut writer, root, replaced) = flush;
        let list = replaced::encode(writer.replaced());
        let replaced_last = list.map(|list| writer.value_inline_to(&list, MAX_LIST_IN_HEAD));
        let next = Head {
            flush: group.head.flush.wrapping_add(1),
            root,
            replaced,
            replaced_last,
            ..group.head.next(id, self.store.kv().now(), Rc::default())
        };

        let written = writer.into_written();
        let ids: Vec<_> = written.keys().copied().collect();
        let entries = written.iter().map(|(id, page)| (id.key(&pages.head_key), page.to_vec()));
        if !ids.is_empty()
            && let Err(error) = self.store.kv().put_many(entries.collect()).await
        {
            // What can be is cleaned up; vacuum finds the rest.
            let _ = self.delete_pages(&pages, &ids).await;
            return Err(error.into());
        }
        match self.swap(group, id, &next).await? {
            Swap::Done => {
                for (id, page) in written {
                    if let Ok(page) = Page::decode(page) {
                        self.store.pages().insert(pages.generation, id, Rc::new(page));
                    }
                }
                Ok(true)
            }
            Swap::Lost => {
                let _ = self.delete_pages(&pages, &ids).await;
                Ok(false)
            }
            Swap::Unclear => Ok(false),
        }
    }

    /// Deletes pages that nothing refers to.
    pub(crate) async fn delete_pages(
        &self,
        pages: &Pages<K>,
        ids: &[PageId],
    ) -> Result<(), KvError> {
        for batch in ids.chunks(MAX_BATCH) {
            let keys = batch.iter().map(|id| id.key(&pages.head_key)).collect();
            self.store.kv().delete_many(keys).await?;
        }
        Ok(())
    }

    /// Swaps the group's head for `next`, and does not return before it is known what came of it.
    async fn swap(&self, mut group: Group<K>, id: u64, next: &Head) -> Result<Swap, Error> {
        let Some(watch) = group.watch.take() else { return Ok(Swap::Lost) };
        let kv = self.store.kv();
        let last_commit = &self.store.writers(&self.name).last_commit;
        let answer = kv.swap(watch, next.encode()).await;
        if let Ok(true) = answer {
            last_commit.set(Some(id));
            return Ok(Swap::Done);
        }
        // No answer, or a no that may be the answer to a second try of the store's own client. The
        // head remembers the latest commits.
        let head_key = &group.snapshot.pages.head_key;
        for attempt in 0..SETTLE_ATTEMPTS {
            let Ok((value, watch)) = kv.watch(head_key).await else {
                kv.pause(jittered_pause(attempt)?).await;
                continue;
            };
            let Some(value) = value else { break };
            let head = self.decode_head(head_key, value)?;
            match head.has_committed(id, &group.head) {
                Some(true) => {
                    last_commit.set(Some(id));
                    return Ok(Swap::Done);
                }
                None => break,
                Some(false) if answer.is_ok() || head.commit != group.head.commit => {
                    return Ok(Swap::Lost);
                }
                // The swap may still be on its way. A commit of nothing keeps it from happening.
                Some(false) => {
                    let nothing = head.next(random_u64()?, kv.now(), head.buffer.clone());
                    if let Ok(true) = kv.swap(watch, nothing.encode()).await {
                        return Ok(Swap::Lost);
                    }
                }
            }
        }
        match answer {
            Ok(_) => Ok(Swap::Unclear),
            Err(error) => Err(error.into()),
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
