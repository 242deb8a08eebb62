//! Keeping a commit readable for longer than a minute: for who reads so much of it that later ones replace
//! its pages meanwhile, one request after the other.
//!
//! The head says which commits are held. A flush writes all of one into pages, and as long as it is held, no
//! flush deletes what has replaced any of them since. So holding costs what is written meanwhile, and nothing
//! else. A hold ends by itself, lest the store grow without end for somebody who never comes back.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use crate::committing::swap::Outcome;
use crate::committing::writers::MAX_ATTEMPTS;
use crate::format::head::Head;
use crate::format::held::{Held, Hold, MAX_HELD};
use crate::random::{jittered_pause, random_u64};
use crate::writing::retired::Due;
use crate::{Error, Kv, Snapshot, Tree};

/// Names a commit that is held. As text, it can be kept by whoever goes on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldId(u64);

impl fmt::Display for HoldId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// A text does not name a commit that is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no commit that is held: that takes 16 hexadecimal digits, in lower case")]
pub struct NoHoldId(String);

impl FromStr for HoldId {
    type Err = NoHoldId;

    fn from_str(text: &str) -> Result<Self, NoHoldId> {
        let id = u64::from_str_radix(text, 16).map(Self).ok();
        id.filter(|id| id.to_string() == text).ok_or_else(|| NoHoldId(text.to_owned()))
    }
}

impl<K: Kv> Tree<K> {
    /// Holds the newest commit: it can be read for so long. `None` where the tree does not exist yet.
    ///
    /// What is buffered is flushed for it. Two commits of a tree can be held at a time, or it ends with
    /// [`Error::TooManyHeld`]; where others were faster each time, with [`Error::Contended`].
    pub async fn hold(&self, time: Duration) -> Result<Option<HoldId>, Error> {
        let (writers, id) = (&self.writers, random_u64()?);
        for attempt in 0..MAX_ATTEMPTS {
            let turn = writers.queue.turn(self.kv()).await;
            let mut group = self.begin_alone(&turn).await?;
            if group.snapshot.pages.generation == 0 {
                return Ok(None);
            }
            let head = group.snapshot.head.clone();
            let now = head.time_at(self.kv().now());
            if head.held.iter().any(|held| held.id == id) {
                // It was not known what came of an attempt.
                return Ok(Some(HoldId(id)));
            }
            if head.held.iter().filter(|held| held.is_in_force(now)).count() >= MAX_HELD {
                let tree = self.heads().name.as_str().into();
                return Err(Error::TooManyHeld { tree, limit: MAX_HELD });
            }
            if writers.is_being_flushed(&head)? {
                drop((group, turn));
                self.kv().pause(jittered_pause(attempt)).await;
                continue;
            }
            if writers.rivals_are_about() {
                let announced = writers.announce_flush(&mut group).await?;
                if !matches!(announced, Outcome::Done) || !writers.rebase(&mut group).await? {
                    continue;
                }
            }
            group.hold = Some(Hold { id, until: after(now, time) });
            match writers.flush(&mut group, writers.id()?, Due::WorthACall).await? {
                Outcome::Done => return Ok(Some(HoldId(id))),
                Outcome::Lost | Outcome::Unknown(_) => {}
            }
        }
        Err(self.contended())
    }

    /// The commit that is held under the name, or `None` if it is not held any more. To read it can end with
    /// [`Error::Expired`] where the clock of another instance is ahead, by which it is not.
    pub async fn held(&self, id: HoldId) -> Result<Option<Snapshot<K>>, Error> {
        let (pages, head) = self.heads().newest(None).await?;
        let now = head.time_at(self.kv().now());
        let held = head.held.iter().find(|held| held.id == id.0 && held.is_in_force(now));
        Ok(held.map(|&Held { commit, flush, root, .. }| {
            let head = Head { commit, flush, flushed: commit, root, ..Head::default() };
            Snapshot::new(pages, Rc::new(head))
        }))
    }

    /// Holds it for so long from now on, unless more than half of that is left: then nothing is written. Tells
    /// whether it was still held.
    pub async fn hold_longer(&self, id: HoldId, time: Duration) -> Result<bool, Error> {
        self.change_held(id, |held, now| {
            let is_worth_it = held.until < after(now, time / 2);
            let until = if is_worth_it { after(now, time) } else { held.until };
            Some(Held { until, ..held })
        })
        .await
    }

    /// Holds it no longer. Tells whether it was still held, as far as that can be known.
    pub async fn release(&self, id: HoldId) -> Result<bool, Error> {
        self.change_held(id, |_, _| None).await
    }

    /// Changes what the head says of what is held, by a commit of nothing else.
    async fn change_held(
        &self,
        id: HoldId,
        change: impl Fn(Held, u64) -> Option<Held>,
    ) -> Result<bool, Error> {
        let writers = &self.writers;
        for attempt in 0..MAX_ATTEMPTS {
            let turn = writers.queue.turn(self.kv()).await;
            let mut group = self.begin_alone(&turn).await?;
            let head = group.snapshot.head.clone();
            let now = head.time_at(self.kv().now());
            let is_kept = |held: &&Held| held.id == id.0 && held.is_in_force(now);
            let Some(held) = head.held.iter().find(is_kept).copied() else {
                return Ok(false);
            };
            let changed = change(held, now);
            if changed == Some(held) {
                return Ok(true);
            }
            let (writer, number) = (writers.id()?, writers.next_attempt());
            let mut next = head.next(writer, number, self.kv().now(), head.buffer.clone());
            next.held.retain(|held| held.id != id.0);
            next.held.extend(changed);
            // Where it is not known what came of it, the next look tells.
            if let Outcome::Done = writers.swap(&mut group, (writer, number), next).await? {
                return Ok(true);
            }
            drop((group, turn));
            self.kv().pause(jittered_pause(attempt)).await;
        }
        Err(self.contended())
    }
}

/// The time so long after `now`, in milliseconds.
fn after(now: u64, time: Duration) -> u64 {
    now.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
