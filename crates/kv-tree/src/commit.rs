//! Commits: one swap of the head.

use std::rc::Rc;
use std::time::Duration;

use crate::flush::Full;
use crate::group::Group;
use crate::head::{Head, MAX_FLUSHING_HEAD_BYTES, MAX_HEAD_BYTES, change, changes_between};
use crate::page::PageId;
use crate::pages::{MAX_BATCH, Pages};
use crate::random::{jittered_pause, random_u64};
use crate::{Error, Kv, KvError, Swapped, Tree, replaced};

/// How an attempt to commit ended.
pub(crate) enum Attempt<K: Kv> {
    /// It is in the tree. The second part is what to flush now.
    Committed(Option<Box<Full<K>>>),
    /// Another writer was first; nothing of it is in the tree, but it may still be put on top of
    /// what is there now.
    Overtaken,
    /// It may be in the tree or not; too much has happened since to tell.
    Unclear,
}

/// What is known of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swap {
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

impl<K: Kv> Tree<K> {
    /// Commits the group: in the head's buffer, or flushed to pages if it does not fit there. Where
    /// others write too, a buffer that is full is not flushed by the commit but after it.
    pub(crate) async fn commit(&self, group: &mut Group<K>) -> Result<Attempt<K>, Error> {
        let id = random_u64()?;
        let next = group.head.next(id, self.store.kv().now(), group.snapshot.buffer.clone());
        let len = next.encoded_len();
        let is_flushed = self.is_being_flushed(&group.head);
        let others = is_flushed || self.others_are_about(&group.head);
        if len <= if others { MAX_FLUSHING_HEAD_BYTES } else { MAX_HEAD_BYTES } {
            let is_full = len > MAX_HEAD_BYTES && !is_flushed;
            let next = Head { flushing: is_flushed || is_full, ..next };
            return Ok(match self.swap(group, id, &next).await? {
                Swap::Done => {
                    let pages = group.snapshot.pages.clone();
                    Attempt::Committed(is_full.then(|| Box::new(Full { pages, head: next })))
                }
                Swap::Lost => Attempt::Overtaken,
                Swap::Unclear => Attempt::Unclear,
            });
        }
        if is_flushed || (others && !self.announce_flush(group).await?) {
            return Ok(Attempt::Overtaken);
        }
        let due = replaced::worth_deleting(&group.snapshot.pages, &group.head).await?;
        Ok(match self.flush(group, due).await? {
            Swap::Done => Attempt::Committed(None),
            Swap::Lost => Attempt::Overtaken,
            Swap::Unclear => Attempt::Unclear,
        })
    }

    /// Puts what the group wrote on top of the newest commit, unless something has changed that the
    /// group has read, or it cannot be told because too much was flushed meanwhile.
    pub(crate) async fn move_up(&self, group: &mut Group<K>) -> Result<bool, Error> {
        let Group { head, snapshot, written, .. } = group;
        let (value, watch) = self.store.kv().watch(&snapshot.pages.head_key).await?;
        let Some(value) = value else { return Ok(false) };
        let newest = self.decode_head(&snapshot.pages.head_key, value)?;
        let mut changed = changes_between(&head.buffer, &newest.buffer);
        if newest.flush != head.flush {
            if newest.flushed > head.commit {
                return Ok(false);
            }
            // What has left the buffer is in the pages, unchanged.
            changed.retain(|key, _| newest.buffer.contains_key(key));
        }
        let reads = snapshot.reads.as_ref();
        if changed.keys().any(|key| reads.is_none_or(|reads| reads.include(key))) {
            return Ok(false);
        }
        let mut buffer = newest.buffer.clone();
        for key in written.iter() {
            let value = snapshot.buffer.get(key).cloned().flatten();
            change(Rc::make_mut(&mut buffer), newest.root.is_some(), key.clone(), value);
        }
        snapshot.root = newest.root;
        snapshot.buffer = buffer;
        group.watch = Some(watch);
        group.head = newest;
        Ok(true)
    }

    /// Whether other instances write to the tree too, as far as the head shows.
    pub(crate) fn others_are_about(&self, head: &Head) -> bool {
        let own = self.store.writers(&self.name).last_commit.get();
        let age = self.store.kv().now().saturating_sub(Duration::from_millis(head.time));
        head.recent.last().copied() != own && age < OTHERS_ABOUT
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
    pub(crate) async fn swap(
        &self,
        group: &mut Group<K>,
        id: u64,
        next: &Head,
    ) -> Result<Swap, Error> {
        let Some(watch) = group.watch.take() else { return Ok(Swap::Lost) };
        let kv = self.store.kv();
        let last_commit = &self.store.writers(&self.name).last_commit;
        let encoded = next.encode();
        let answer = kv.swap(watch, encoded.clone()).await;
        match answer {
            Ok(Swapped::Done) => {
                last_commit.set(Some(id));
                self.store.remember_head(&self.name, encoded.into(), next);
                return Ok(Swap::Done);
            }
            Ok(Swapped::NotTried) => return Ok(Swap::Lost),
            Ok(Swapped::Refused) | Err(_) => {}
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
                    if let Ok(Swapped::Done) = kv.swap(watch, nothing.encode()).await {
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
