//! Transactions of one instance share their commits.
//!
//! The transactions of a tree stand in line. The first one reads the head, runs its body, and if
//! others wait by then, it passes its uncommitted result on instead of committing it; the next one
//! runs its body on top. The last in line commits for all of them. So they run one after the other,
//! each on what those before it left, and a single swap decides for all: the group commits whole, or
//! it is put on top of what another instance has committed, or nothing of it did and all bodies run
//! again.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use crate::commit::Attempt;
use crate::head::{Head, MAX_HEAD_BYTES};
use crate::line::{Awaited, Place, Promise, promise};
use crate::random::jittered_pause;
use crate::reads::Reads;
use crate::tree::MAX_ATTEMPTS;
use crate::{Error, Kv, KvError, Snapshot, Transaction, Tree, root};

/// How many transactions share a commit at most.
const MAX_MEMBERS: usize = 64;

/// How large a head becomes before others wait for the flush that is under way.
const CROWDED_HEAD_BYTES: usize = MAX_HEAD_BYTES * 3 / 2;

/// What the members of a group learn, unless their bodies have to run again.
type Verdict = Result<(), Error>;

/// What came of a group.
enum Settled<'l, K: Kv> {
    Committed,
    /// Nothing: the bodies of all members have to run again. This one may still have the turn.
    Again(Option<Place<'l, Group<K>>>),
}

/// Transactions that will be committed together, on the head that they began with.
pub(crate) struct Group<K: Kv> {
    pub head: Head,
    /// What it takes to swap the head; `None` if the tree does not exist yet.
    pub watch: Option<K::Watch>,
    /// The head's commit with the members' writes on top.
    pub snapshot: Snapshot<K>,
    /// The keys that the members put or deleted.
    pub written: BTreeSet<Bytes>,
    members: Vec<Promise<Verdict>>,
}

/// The members of a group that is being committed. If the request that commits ends before it knows
/// the outcome, nobody does, and they learn that.
struct Committing(Vec<Promise<Verdict>>);

impl Committing {
    fn announce(mut self, verdict: &Verdict) {
        for member in self.0.drain(..) {
            member.keep(verdict.clone());
        }
    }

    /// Nothing of the group is committed, as far as is known.
    fn release(mut self) -> Vec<Promise<Verdict>> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        let error = KvError::new("swap", "the request that committed for this one has ended");
        for member in self.0.drain(..) {
            member.keep(Err(error.clone().into()));
        }
    }
}

impl<K: Kv> Group<K> {
    pub(crate) fn new(head: Head, watch: Option<K::Watch>, mut snapshot: Snapshot<K>) -> Self {
        snapshot.reads = Some(Reads::default());
        Self { head, watch, snapshot, written: BTreeSet::new(), members: Vec::new() }
    }

    /// Adds what another member wrote.
    fn add(&mut self, snapshot: Snapshot<K>, mut written: BTreeSet<Bytes>) {
        self.snapshot = snapshot;
        self.written.append(&mut written);
    }

    fn join(&mut self) -> Awaited<Verdict> {
        let (promise, awaited) = promise();
        self.members.push(promise);
        awaited
    }
}

impl<K: Kv> Tree<K> {
    /// Runs `body` on a transaction and commits what it wrote, atomically, unless it fails. When
    /// another writer has changed what it read, `body` runs again on the newer state: it must have no
    /// effects besides the transaction, and it must not wait for another transaction. A body that
    /// writes nothing costs no write.
    pub async fn transact<T, E: From<Error>>(
        &self,
        mut body: impl AsyncFnMut(&mut Transaction<K>) -> Result<T, E>,
    ) -> Result<T, E> {
        let writers = self.store.writers(&self.name);
        let mut attempts = 0..MAX_ATTEMPTS;
        let mut kept = None;
        while let Some(attempt) = attempts.next() {
            let turn = match kept.take() {
                Some(turn) => turn,
                None => writers.line.turn(self.store.kv()).await,
            };
            let mut group = match turn.take() {
                Some(group) => group,
                // The pause before another attempt was time to gather.
                None => self.begin(attempt > 0).await?,
            };
            let mut transaction = Transaction::on(group.snapshot.clone());
            let mut outcome = body(&mut transaction).await;
            if outcome.is_ok() {
                match transaction.finish(&self.name) {
                    Ok((snapshot, written)) => group.add(snapshot, written),
                    Err(error) => outcome = Err(error.into()),
                }
            }
            if group.written.is_empty() {
                return outcome;
            }
            if group.watch.is_none() {
                root::create(&self.store, &self.name).await?;
                kept = Some(turn);
                continue;
            }
            // Even an error depends on the commit: it may have come of what others in the group wrote.
            match self.settle(turn, group, &mut attempts).await? {
                Settled::Committed => return outcome,
                Settled::Again(turn) => kept = turn,
            }
        }
        Err(self.name.contended().into())
    }

    /// Sees that the group is committed: by the next one in line, or here.
    async fn settle<'l>(
        &self,
        turn: Place<'l, Group<K>>,
        mut group: Group<K>,
        attempts: &mut Range<u32>,
    ) -> Result<Settled<'l, K>, Error> {
        let (kv, writers) = (self.store.kv(), self.store.writers(&self.name));
        loop {
            if turn.others_wait() && group.members.len() < MAX_MEMBERS {
                let verdict = group.join();
                turn.leave(group);
                return match verdict.value(kv).await {
                    Some(Ok(())) => Ok(Settled::Committed),
                    Some(Err(error)) => Err(error),
                    None => Ok(Settled::Again(None)),
                };
            }
            let members = Committing(std::mem::take(&mut group.members));
            match self.commit(&mut group).await {
                Ok(Attempt::Committed(full)) => {
                    members.announce(&Ok(()));
                    writers.pressure.ease();
                    drop(turn);
                    if let Some(full) = full {
                        // It is committed already. If this fails, somebody else flushes it.
                        let _ = self.flush_behind(*full).await;
                    }
                    return Ok(Settled::Committed);
                }
                Err(error) => {
                    members.announce(&Err(error.clone()));
                    return Err(error);
                }
                Ok(Attempt::Overtaken) => group.members = members.release(),
                Ok(Attempt::Unclear) => {
                    members.release();
                    return Ok(Settled::Again(Some(turn)));
                }
            }
            writers.pressure.rise();
            // The more there are in the group, the less it can wait.
            let share = u32::try_from(group.members.len() + 1).unwrap_or(u32::MAX);
            kv.pause(writers.pressure.pause()? / share).await;
            if attempts.next().is_none() || !self.move_up(&mut group).await? {
                // The members learn it from their promises, which are broken.
                return Ok(Settled::Again(Some(turn)));
            }
        }
    }

    /// A new group on the newest head. Where other instances write too, it gathers for a while, unless
    /// it has.
    pub(crate) async fn begin(&self, gathered: bool) -> Result<Group<K>, Error> {
        let kv = self.store.kv();
        // Requests that are ready get in line, so that they can share the commit.
        kv.pause(Duration::ZERO).await;
        let last = self.store.last_head(&self.name);
        if !gathered && last.is_some_and(|last| self.others_are_about(&last)) {
            kv.pause(self.store.writers(&self.name).pressure.pause()?).await;
        }
        loop {
            let Some(root) = root::find(&self.store, &self.name).await? else {
                let head = Head::default();
                let snapshot = Snapshot::new(self.no_pages(), &head);
                return Ok(Group::new(head, None, snapshot));
            };
            let pages = self.pages(&root);
            let (value, watch) = kv.watch(&root.head_key).await?;
            match value {
                Some(value) => {
                    let is_crowded = value.len() > CROWDED_HEAD_BYTES;
                    let head = self.decode_head(&root.head_key, value)?;
                    if is_crowded && self.is_being_flushed(&head) {
                        kv.pause(jittered_pause(3)?).await;
                        continue;
                    }
                    let snapshot = Snapshot::new(pages, &head);
                    return Ok(Group::new(head, Some(watch), snapshot));
                }
                None => root.head_is_missing(&self.store, &self.name)?,
            }
        }
    }
}
