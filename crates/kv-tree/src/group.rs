//! Transactions of one instance share their commits.
//!
//! The transactions of a tree stand in line. The first one reads the head, runs its body, and if
//! others wait by then, it passes its uncommitted result on instead of committing it; the next one
//! runs its body on top. The last in line commits for all of them. So they run one after the other,
//! each on what those before it left, and a single swap decides for all: the group commits whole, or
//! nothing of it did and all bodies run again.

use std::time::Duration;

use crate::commit::Verdict;
use crate::head::Head;
use crate::line::{Awaited, Promise, promise};
use crate::random::jittered_pause;
use crate::tree::MAX_ATTEMPTS;
use crate::{Error, Kv, KvError, Snapshot, Transaction, Tree, root};

/// How many transactions share a commit at most.
const MAX_MEMBERS: usize = 64;

/// How long a group gathers before it begins, where other instances write too. While it waits, the
/// host can give this instance more requests, which join the group, instead of starting another
/// instance that competes with it.
const GATHER_TIME: Duration = Duration::from_millis(2);

/// How long others wait for a flush that was announced.
const FLUSH_TIME: Duration = Duration::from_millis(500);

/// Transactions that will be committed together, on the head that they began with.
pub(crate) struct Group<K: Kv> {
    pub head: Head,
    /// What it takes to swap the head; `None` if the tree does not exist yet.
    pub watch: Option<K::Watch>,
    /// The head's commit with the members' writes on top.
    pub snapshot: Snapshot<K>,
    changed: bool,
    members: Vec<Promise<Verdict>>,
}

/// The members of a group that is being committed. If the request that commits ends before it knows
/// the outcome, nobody does, and they learn that.
struct Committing(Vec<Promise<Verdict>>);

impl Committing {
    fn announce(&mut self, verdict: &Verdict) {
        for member in self.0.drain(..) {
            member.keep(verdict.clone());
        }
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        let error = KvError::new("swap", "the request that committed for this one has ended");
        self.announce(&Verdict::Failed(error.into()));
    }
}

impl<K: Kv> Group<K> {
    pub(crate) fn new(head: Head, watch: Option<K::Watch>, snapshot: Snapshot<K>) -> Self {
        Self { head, watch, snapshot, changed: false, members: Vec::new() }
    }

    fn join(&mut self) -> Awaited<Verdict> {
        let (promise, awaited) = promise();
        self.members.push(promise);
        awaited
    }
}

impl<K: Kv> Tree<K> {
    /// Runs `body` on a transaction and commits what it wrote, atomically, unless it fails. When
    /// another writer was first, `body` runs again on the newer state: it must have no effects
    /// besides the transaction, and it must not wait for another transaction. A body that writes
    /// nothing costs no write.
    pub async fn transact<T, E: From<Error>>(
        &self,
        mut body: impl AsyncFnMut(&mut Transaction<K>) -> Result<T, E>,
    ) -> Result<T, E> {
        let writers = self.store.writers(&self.name);
        let kv = self.store.kv();
        let mut attempts = 0..MAX_ATTEMPTS;
        'line: loop {
            let turn = writers.line.turn(kv).await;
            for attempt in attempts.by_ref() {
                let mut group = match turn.take() {
                    Some(group) => group,
                    // The pause before another attempt was time to gather.
                    None => self.begin(attempt > 0).await?,
                };
                let mut transaction = Transaction::on(group.snapshot.clone());
                let mut outcome = body(&mut transaction).await;
                let written = match &outcome {
                    Ok(_) => transaction.written(&self.name).unwrap_or_else(|error| {
                        outcome = Err(error.into());
                        None
                    }),
                    Err(_) => None,
                };
                if let Some(snapshot) = written {
                    group.snapshot = snapshot;
                    group.changed = true;
                }
                if !group.changed {
                    return outcome;
                }
                if group.watch.is_none() {
                    root::create(&self.store, &self.name).await?;
                    continue;
                }
                // From here on even an error depends on the commit: it may have come of what others
                // in the group wrote.
                if turn.others_wait() && group.members.len() < MAX_MEMBERS {
                    let verdict = group.join();
                    turn.leave(group);
                    match verdict.value(kv).await {
                        Some(Verdict::Committed) => return outcome,
                        Some(Verdict::Failed(error)) => return Err(error.into()),
                        Some(Verdict::Conflict) | None => continue 'line,
                    }
                }
                let mut members = Committing(std::mem::take(&mut group.members));
                let verdict = self.commit(group).await;
                members.announce(&verdict);
                match verdict {
                    Verdict::Committed => return outcome,
                    Verdict::Failed(error) => return Err(error.into()),
                    Verdict::Conflict => kv.pause(jittered_pause(attempt)?).await,
                }
            }
            return Err(self.name.contended().into());
        }
    }

    /// A new group on the newest head. Where other instances write too, it gathers for a while, unless
    /// it has.
    pub(crate) async fn begin(&self, mut gathered: bool) -> Result<Group<K>, Error> {
        let kv = self.store.kv();
        // Requests that are ready get in line, so that they can share the commit.
        kv.pause(Duration::ZERO).await;
        let mut announced: Option<(u64, Duration)> = None;
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
                    let head = self.decode_head(&root.head_key, value)?;
                    if head.flushing {
                        // Every flush gets its time, also one that begins while another is waited for.
                        let same = announced.filter(|(commit, _)| *commit == head.commit);
                        let (_, seen) = *announced.insert(same.unwrap_or((head.commit, kv.now())));
                        if kv.now().saturating_sub(seen) < FLUSH_TIME {
                            kv.pause(jittered_pause(3)?).await;
                            continue;
                        }
                    }
                    if !gathered && self.others_are_about(&head) {
                        gathered = true;
                        kv.pause(GATHER_TIME).await;
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
