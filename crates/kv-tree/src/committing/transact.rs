//! From a body to a commit.
//!
//! The transactions of a tree stand in line. The first one begins with the head, runs its body, and if
//! others wait by then, it passes its uncommitted result on instead of committing it; the next one
//! runs its body on top. The last in line commits for all of them. So they run one after the other,
//! each on what those before it left, and a single swap decides for all: the group commits whole, or
//! nothing of it did and all bodies run again.

use std::rc::Rc;
use std::time::Duration;

use super::attempts::Attempts;
use super::group::Group;
use super::queue::Place;
use super::swap::Outcome;
use super::transaction::Transaction;
use super::turns::answers_after;
use super::writers::Writers;
use crate::format::head::Head;
use crate::random::jittered_pause;
use crate::{Error, Kv};

/// How many transactions share a commit at most.
const MAX_MEMBERS: usize = 64;

/// What came of a transaction's part in a group.
enum Settled<'q, K: Kv> {
    Committed,
    /// Nothing: the bodies of all members have to run again. This one may still have the turn.
    Again(Option<Place<'q, Group<K>>>),
}

impl<K: Kv> Writers<K> {
    /// See [`Tree::transact`](crate::Tree::transact).
    pub async fn transact<T, E: From<Error>>(
        &self,
        mut body: impl AsyncFnMut(&mut Transaction<K>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut attempts = Attempts::begin(self.kv().elapsed());
        let mut kept = None;
        while !attempts.are_over(self.kv().elapsed()) {
            let turn = match kept.take() {
                Some(turn) => turn,
                None => self.queue.turn(self.kv()).await,
            };
            attempts.note();
            let mut group = match turn.take() {
                Some(group) => group,
                None => self.begin().await?,
            };
            let mut transaction = Transaction::on(&group, self.node_bytes);
            let mut outcome = body(&mut transaction).await;
            if outcome.is_ok() {
                match transaction.finish() {
                    Ok(left) => (group.snapshot, group.appended) = left,
                    Err(error) => outcome = Err(error.into()),
                }
            }
            let (writes, exists) = (&group.snapshot.writes, group.snapshot.pages.generation != 0);
            // There is nothing to delete in a tree that does not exist.
            if !writes.values().any(|value| exists || value.is_some()) {
                if self.still_holds(&mut group).await? {
                    return outcome;
                }
                kept = Some(turn);
                continue;
            }
            if !exists {
                self.create().await?;
                kept = Some(turn);
                continue;
            }
            // Even an error depends on the commit: it may have come of what others in the group wrote.
            match self.settle(turn, group, &mut attempts).await? {
                Settled::Committed => return outcome,
                Settled::Again(turn) => kept = turn,
            }
        }
        let tree = self.heads.name.as_str().into();
        Err(Error::Contended { tree, attempts: attempts.made }.into())
    }

    /// Whether what the group has read is what there is: of one that writes nothing, no swap tells.
    async fn still_holds(&self, group: &mut Group<K>) -> Result<bool, Error> {
        if !group.may_be_stale {
            return Ok(true);
        }
        self.be_quiet_for_a_call();
        self.rebase(group).await
    }

    /// Sees that the group is committed: by the next one in line, or here.
    async fn settle<'q>(
        &'q self,
        turn: Place<'q, Group<K>>,
        mut group: Group<K>,
        attempts: &mut Attempts,
    ) -> Result<Settled<'q, K>, Error> {
        let kv = self.kv();
        if turn.others_wait() && group.waiting() < MAX_MEMBERS {
            let verdict = group.join();
            let place = group.waiting();
            turn.leave(group);
            return match verdict.value(&self.queue, kv).await {
                Some(Ok(())) => {
                    if self.is_store_far() {
                        kv.pause(answers_after(place, self.call_takes())).await;
                    }
                    Ok(Settled::Committed)
                }
                Some(Err(error)) => Err(error),
                None => Ok(Settled::Again(None)),
            };
        }
        let waiting = group.waiting();
        let members = group.committing();
        let commit = match self.commit(&mut group, waiting, attempts).await {
            Ok(commit) => commit,
            Err(error) => {
                members.tell(&Err(error.clone()));
                return Err(error);
            }
        };
        match commit.outcome {
            Outcome::Done => {
                members.tell(&Ok(()));
                self.note_group(group.began, waiting > 0);
                drop(turn);
                if commit.fills_buffer {
                    // The others answer their clients first, but for those who answer apart.
                    kv.pause(Duration::ZERO).await;
                    let snapshot = group.snapshot;
                    self.flush_behind(snapshot.pages, snapshot.head).await;
                }
                Ok(Settled::Committed)
            }
            Outcome::Lost => {
                members.release();
                Ok(Settled::Again(Some(turn)))
            }
            Outcome::Unknown(cause) => {
                let tree = self.heads.name.as_str().into();
                let error = Error::OutcomeUnknown { tree, cause };
                members.tell(&Err(error.clone()));
                Err(error)
            }
        }
    }

    /// Whether the buffer of a head has become so large that others wait for the flush that is under way.
    pub fn is_crowded(&self, head: &Head) -> bool {
        head.buffer.len() > self.max_flushing_bytes() * 3 / 4
    }

    /// A new group: on the head that this instance has written last, if that is likely to be the newest, or else
    /// on the newest.
    async fn begin(&self) -> Result<Group<K>, Error> {
        // Requests that are ready get in line, so that they can share the commit.
        self.kv().pause(Duration::ZERO).await;
        if self.is_store_far()
            && self.rivals_are_about()
            && let Some(last) = self.heads.last()
        {
            self.yield_turn(&last).await?;
        }
        match self.begin_on_own_head() {
            Some(group) => Ok(group),
            None => self.begin_on_newest().await,
        }
    }

    /// A new group on the newest head.
    pub async fn begin_on_newest(&self) -> Result<Group<K>, Error> {
        let kv = self.kv();
        loop {
            let began = kv.elapsed();
            self.be_quiet_for_a_call();
            let watched = self.heads.watch().await?;
            self.note_call(began);
            let Some((pages, head, watch)) = watched else {
                return Ok(Group::new(self.heads.pages(0), Rc::default(), None));
            };
            self.see(&head);
            if self.is_crowded(&head) && self.is_being_flushed(&head)? {
                drop(watch);
                self.queue.pause(kv, jittered_pause(3)).await;
                continue;
            }
            return Ok(Group::new(pages, head, Some(watch)));
        }
    }
}
