//! The commit of a group, and rebasing it on the commits of others.
//!
//! Where other instances write too, their commits are taken in right before the swap, so that the time
//! in which yet another one can come is short. Where asking for them takes as long itself, they are not
//! asked for. Commits of others can be taken in unless they concern what the group has read: everything
//! that was written after the head which the group began with is still in the buffer, under the number
//! of its commit, or it cannot be told.

use std::rc::Rc;

use super::attempts::Attempts;
use super::group::Group;
use super::swap::Outcome;
use super::writers::{RECENT_COMMITS, Writers};
use crate::format::buffer::record_len;
use crate::format::head::{Head, MAX_FIXED_BYTES};
use crate::reading::reads::Reads;
use crate::writing::retired::Due;
use crate::{Error, Event, Kv};

/// How large a buffer becomes before it is flushed to pages: where one instance writes to a store that is
/// near, a head is less than 16 KiB then.
const MAX_BUFFER_BYTES: usize = (16 << 10) - 384;

/// How large it may become while somebody flushes it; and where the store is far, so that this takes long.
const MAX_FLUSHING_BYTES: usize = 64 << 10;
const MAX_FLUSHING_FAR_BYTES: usize = 128 << 10;

/// A group's commit, as far as it has come.
pub(crate) struct Commit {
    pub outcome: Outcome,
    /// It has filled the buffer, which is to be flushed now.
    pub fills_buffer: bool,
}

impl From<Outcome> for Commit {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, fills_buffer: false }
    }
}

impl<K: Kv> Writers<K> {
    /// Commits the group. [`Outcome::Lost`] means that the bodies of its members have to run again, or
    /// that there is no attempt left. So many members wait for it.
    pub async fn commit(
        &self,
        group: &mut Group<K>,
        waiting: usize,
        attempts: &mut Attempts,
    ) -> Result<Commit, Error> {
        let mut tried = 0;
        loop {
            if self.is_rebase_due(group) {
                if group.told.is_none() {
                    self.be_quiet_for_a_call();
                }
                if !self.rebase(group).await? {
                    self.back_off(group, waiting).await?;
                    return Ok(Outcome::Lost.into());
                }
            }
            tried += 1;
            let commit = self.attempt(group).await?;
            match commit.outcome {
                Outcome::Done => {
                    self.backoff.ease();
                    self.turns.committed(group.snapshot.head.commit);
                    let rivals = group.snapshot.head.rivals(self.id()?, RECENT_COMMITS);
                    let requests = waiting + 1;
                    self.kv().observe(&Event::Committed { requests, attempts: tried, rivals });
                    return Ok(commit);
                }
                Outcome::Unknown(_) => return Ok(commit),
                Outcome::Lost => {}
            }
            attempts.note();
            if attempts.are_over(self.kv().elapsed()) {
                return Ok(commit);
            }
            self.back_off(group, waiting).await?;
        }
    }

    /// Whether the newest head is to be read before a swap.
    pub fn is_rebase_due(&self, group: &Group<K>) -> bool {
        // Of a store that is far, the swap itself tells as soon whether somebody was first.
        group.watch.is_none() || self.rivals_are_about() && !self.is_store_far()
    }

    /// Pauses after an attempt that failed: where the store is far, unless it is this instance's turn;
    /// elsewhere the less, the more wait for the next one.
    async fn back_off(&self, group: &Group<K>, waiting: usize) -> Result<(), Error> {
        if self.is_store_far() {
            let told = group.told.as_ref().map(|(newest, _)| newest);
            return self.yield_turn(told.unwrap_or(&group.snapshot.head)).await;
        }
        self.backoff.rise();
        let share = u32::try_from(waiting + 1).unwrap_or(u32::MAX);
        self.queue.pause(self.kv(), self.backoff.pause() / share).await;
        Ok(())
    }

    /// Lets others go first, if it is their turn.
    pub async fn yield_turn(&self, newest: &Head) -> Result<(), Error> {
        let pause = self.turns.pause(newest, self.id()?, self.call_takes());
        self.queue.pause(self.kv(), pause).await;
        Ok(())
    }

    /// How large the buffer may become while somebody flushes it.
    pub fn max_flushing_bytes(&self) -> usize {
        if self.is_store_far() { MAX_FLUSHING_FAR_BYTES } else { MAX_FLUSHING_BYTES }
    }

    /// Tries it once: in the head's buffer, or, if it does not fit there, in pages.
    async fn attempt(&self, group: &mut Group<K>) -> Result<Commit, Error> {
        let id = self.id()?;
        let head = group.snapshot.head.clone();
        let stamp = group.number();
        let is_being_flushed = self.is_being_flushed(&head)?;
        // Nobody waits for a flush beside others, or where it takes long.
        let is_flushed_behind = is_being_flushed || self.rivals_are_about() || self.is_store_far();
        let limit = if is_flushed_behind { self.max_flushing_bytes() } else { MAX_BUFFER_BYTES };
        let limit = limit.min(self.kv().limits().value_bytes.saturating_sub(MAX_FIXED_BYTES));
        let added = record_len(stamp, &group.snapshot.writes);
        let mut buffer = head.buffer.clone();
        if added + buffer.len() > MAX_BUFFER_BYTES.min(limit) {
            // What was overwritten since is dropped, if that makes room for more than this commit.
            let live = buffer.retaining(|entry| !group.snapshot.writes.contains_key(&entry.key));
            if added + live.len() < MAX_BUFFER_BYTES / 2 {
                buffer = live;
            }
        }
        let len = added + buffer.len();
        if len <= limit {
            let attempt = self.next_attempt();
            let fills_buffer = len > MAX_BUFFER_BYTES && !is_being_flushed;
            let buffer = buffer.with(stamp, &group.snapshot.writes);
            let next = head.next(id, attempt, self.kv().now(), buffer).numbered(stamp);
            let announced = if fills_buffer { Some(id) } else { head.announced };
            let next = Head { announced, ..next };
            // Not in `swap`: a flush beside others has not the turn.
            self.be_quiet_for_a_call();
            let outcome = self.swap(group, (id, attempt), next).await?;
            return Ok(Commit { outcome, fills_buffer });
        }
        if is_being_flushed {
            // The head is read again, to see when that is done.
            group.watch = None;
            return Ok(Outcome::Lost.into());
        }
        if is_flushed_behind && (head.announced != Some(id) || group.may_be_stale) {
            match self.announce_flush(group).await? {
                Outcome::Done if self.rebase(group).await? => {}
                Outcome::Done | Outcome::Lost => return Ok(Outcome::Lost.into()),
                // Nothing of the group was in it.
                Outcome::Unknown(_) => return Ok(Outcome::Lost.into()),
            }
        }
        Ok(self.flush(group, id, Due::WorthACall).await?.into())
    }

    /// Puts what the group wrote on top of the newest commit, unless something has changed that the
    /// group has read, or it cannot be told because too much was flushed meanwhile.
    pub async fn rebase(&self, group: &mut Group<K>) -> Result<bool, Error> {
        let snapshot = &mut group.snapshot;
        // What it takes to swap the newest head is only there where the group is based on it.
        let (newest, watch) = match group.told.take() {
            Some(told) => told,
            None => {
                let (value, watch) = match group.watch.take() {
                    Some(mut watch) => (self.kv().watch_again(&mut watch).await?, watch),
                    None => self.heads.watch_head(&snapshot.pages).await?,
                };
                let Some(value) = value else { return Ok(false) };
                (self.heads.decode(&snapshot.pages, value)?, watch)
            }
        };
        self.see(&newest);
        let base = snapshot.head.commit;
        let reads = snapshot.reads.as_ref();
        let concerns = |key| reads.is_none_or(|reads| reads.include(key));
        let holds = match newest.commit == base {
            // The same, unless an older state of the store was put back in its place.
            true => Rc::ptr_eq(&newest, &snapshot.head) || newest == snapshot.head,
            false if newest.commit < base || newest.flushed > base => false,
            // The store has lost what it began with.
            false if !newest.continues(&snapshot.head) => false,
            // It was told the number of a commit that was not the newest even then.
            false if group.may_be_stale && reads.is_none_or(Reads::include_commit) => false,
            false => !newest.buffer.changed_since(base).any(|key| concerns(key)),
        };
        if !holds {
            return Ok(false);
        }
        snapshot.head = newest;
        let follows = group.follow_head();
        group.watch = follows.then_some(watch);
        Ok(follows)
    }
}
