//! When a flush happens, and how its swap comes about.
//!
//! Where other instances write to the tree too, or the store is far, hardly anybody waits for a flush: the
//! commit that makes the buffer full says in the head who is going to flush it, others go on adding to the
//! buffer, and the swap takes out of the buffer only what was written up to the commit that the flush began
//! with. If whoever flushes ends too early, the next one whose commit makes the buffer full takes over
//! after half a second; those who find it crowded wait until then.

use std::rc::Rc;
use std::time::Duration;

use super::group::Group;
use super::swap::Outcome;
use super::writers::Writers;
use crate::format::head::Head;
use crate::join::join;
use crate::random::jittered_pause;
use crate::reading::pages::Pages;
use crate::writing::flush::{Flushed, report};
use crate::writing::retired::Due;
use crate::{Error, Kv};

/// How often a flush tries to swap the head while others do.
const MAX_SWAPS: u32 = 100;

/// How long a flush may take that others wait for.
const FLUSH_TIME: Duration = Duration::from_millis(500);

impl<K: Kv> Writers<K> {
    /// Whether somebody is flushing what `head` has. Whoever begins that but does not come to its end
    /// is not waited for forever.
    pub fn is_being_flushed(&self, head: &Head) -> Result<bool, Error> {
        if self.is_flushing.get() {
            return Ok(true);
        }
        let Some(writer) = head.announced else { return Ok(false) };
        if writer == self.id()? {
            return Ok(false);
        }
        let now = self.kv().elapsed();
        let since = match self.announcement_seen.get() {
            Some((by, flush, since)) if (by, flush) == (writer, head.flush) => since,
            _ => now,
        };
        self.announcement_seen.set(Some((writer, head.flush, since)));
        Ok(now.saturating_sub(since) < FLUSH_TIME)
    }

    /// Tells other instances that a flush begins, so that they do not begin one too and their
    /// commits do not become too many.
    pub async fn announce_flush(&self, group: &mut Group<K>) -> Result<Outcome, Error> {
        let (id, attempt) = (self.id()?, self.next_attempt());
        let head = group.snapshot.head.clone();
        let next = head.next(id, attempt, self.kv().now(), head.buffer.clone());
        self.swap(group, (id, attempt), Head { announced: Some(id), ..next }).await
    }

    /// Commits the group to pages, together with what is buffered, in the name of `writer`. What others
    /// commit meanwhile stays in the buffer.
    pub async fn flush(
        &self,
        group: &mut Group<K>,
        writer: u64,
        deletes: Due,
    ) -> Result<Outcome, Error> {
        let pages = group.snapshot.pages.clone();
        let base = group.snapshot.head.clone();
        group.reserve_number();
        let numbered = group.appended.clone();
        let flushed = match Flushed::make(&group.snapshot, self.node_bytes, deletes).await {
            // Somebody else has flushed meanwhile.
            Err(Error::Expired { .. }) => return Ok(Outcome::Lost),
            flushed => flushed?,
        };
        // Where the store is far, the newest head is read meanwhile.
        let is_due = self.is_store_far() && self.is_rebase_due(group);
        let newest = async {
            match is_due {
                true => Some(self.rebase(group).await),
                false => None,
            }
        };
        let (written, mut rebased) = join(flushed.write(&pages), newest).await;
        written?;
        let mut outcome = Ok(Outcome::Lost);
        for round in 0..MAX_SWAPS {
            if rebased.is_none() && self.is_rebase_due(group) {
                rebased = Some(self.rebase(group).await);
            }
            if let Some(rebased) = rebased.take() {
                match rebased {
                    Ok(true)
                        if group.snapshot.head.flush == base.flush
                            && group.appended == numbered => {}
                    Ok(_) => break,
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                }
            }
            let head = group.snapshot.head.clone();
            let writes = &group.snapshot.writes;
            // What was written meanwhile stays, unless the group has overwritten it since.
            let rest = head
                .buffer
                .retaining(|entry| entry.stamp > base.commit && !writes.contains_key(&entry.key));
            let attempt = self.next_attempt();
            let next = head.next(writer, attempt, self.kv().now(), rest.clone());
            let next = next.numbered(group.number());
            let covered = if writes.is_empty() { base.commit } else { next.commit };
            let mut next = flushed.head(next, covered, rest);
            if let Some(hold) = group.hold.filter(|_| writes.is_empty()) {
                next.held.push(flushed.held(hold, base.commit));
            }
            outcome = self.swap(group, (writer, attempt), next).await;
            match outcome {
                Ok(Outcome::Lost) => self.kv().pause(jittered_pause(round / 8)).await,
                _ => break,
            }
        }
        match &outcome {
            Ok(Outcome::Done) => flushed.keep(&pages),
            Ok(Outcome::Lost) | Err(_) => flushed.discard(&pages).await,
            // They may be in use.
            Ok(Outcome::Unknown(_)) => {}
        }
        outcome
    }

    /// Flushes what `head` has, which is committed already. If that fails, somebody else does it. An
    /// instance does one at a time: what became of an attempt can only be told while its writer makes no
    /// other one, and they all are the same writer.
    pub async fn flush_behind(&self, pages: Pages<K>, head: Rc<Head>) {
        if self.is_flushing.get() {
            return;
        }
        let _flushing = Flushing::begin(self);
        let flush = async {
            let mut group = Group::new(pages.clone(), head, None);
            self.flush(&mut group, self.id()? | 1, Due::WorthACall).await
        };
        let error = match flush.await {
            Ok(Outcome::Done | Outcome::Lost) => return,
            Ok(Outcome::Unknown(cause)) => {
                Error::OutcomeUnknown { tree: pages.tree.as_str().into(), cause }
            }
            Err(error) => error,
        };
        report(&pages, "flushing", &error);
    }
}

/// Tells the instance's other requests that a flush is under way, as long as it lives.
struct Flushing<'w, K: Kv>(&'w Writers<K>);

impl<'w, K: Kv> Flushing<'w, K> {
    fn begin(writers: &'w Writers<K>) -> Self {
        writers.is_flushing.set(true);
        Self(writers)
    }
}

impl<K: Kv> Drop for Flushing<'_, K> {
    fn drop(&mut self) {
        self.0.is_flushing.set(false);
    }
}
