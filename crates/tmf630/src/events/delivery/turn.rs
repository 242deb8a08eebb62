//! Working at a subscription: what is next, again and again, until nothing is or the time is over.

use std::cell::Cell;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kv_tree::{Snapshot, Transaction};

use super::batch::{self, Next};
use super::{Delivered, Post};
use crate::events::hub;
use crate::events::progress::{Ended, Keys, LastError, Lease, Progress};
use crate::events::subscription::Subscription;
use crate::jobs::note_failure;
use crate::storage::record::Record;
use crate::{Error, Ports};

/// For how long others leave a subscription alone, beside what an answer may take.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// How often it is looked whether something has come when nothing is left, and after which time: whoever
/// changes one thing often changes another.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Somebody who works at a subscription.
pub(super) struct Turn<'t, P: Ports> {
    pub post: &'t Post<'t, P>,
    pub keys: Keys,
    id: &'t str,
    /// Who: a random number.
    worker: u64,
    pub delivered: Cell<u64>,
    pub failed: Cell<u64>,
}

impl<'t, P: Ports> Turn<'t, P> {
    pub fn new(post: &'t Post<'t, P>, id: &'t str) -> Self {
        // The last bits of an id are random.
        let worker = post.ports.new_id().as_u64_pair().1;
        let (delivered, failed) = Default::default();
        Self { post, keys: Keys::of(post.api, id), id, worker, delivered, failed }
    }

    /// What came of it, where there is something to do again at that time.
    pub fn count(&self, next: Option<Timestamp>) -> Delivered {
        Delivered { delivered: self.delivered.get(), failed: self.failed.get(), broken: 0, next }
    }

    /// Works at the subscription, unless somebody else does. When there is something to do again.
    pub async fn run(&self) -> Result<Option<Timestamp>, Error> {
        loop {
            let snapshot = self.post.tree.snapshot().await?;
            let Some(progress) = self.progress(&snapshot).await? else { return Ok(None) };
            if self.is_held(&progress) {
                return Ok(self.at_once());
            }
            // Most of the time there is nothing to do, and nothing is written to find that out.
            let subscription = match self.subscription(&snapshot).await {
                Ok(Ok(subscription)) => subscription,
                _ if progress.ended.is_some() => return Ok(None),
                Ok(Err(damage)) => return self.end(damage).await,
                // A newer program can read it, or this one later.
                Err(error) => return Err(error),
            };
            let next = batch::next(self, &snapshot, &progress, subscription.as_ref()).await?;
            if let Next::Nothing(next) = next {
                return Ok(next);
            }
            if self.post.is_over() || !self.take().await? {
                return Ok(self.at_once());
            }
            let outcome = self.work().await;
            let is_left = self.leave().await?;
            outcome?;
            if !is_left || self.post.is_over() {
                return Ok(self.at_once());
            }
            // What has come since others were last told to leave it alone is looked for again.
        }
    }

    fn at_once(&self) -> Option<Timestamp> {
        Some(self.post.ports.now())
    }

    /// Does what is next as long as there is something. When there is something again.
    async fn work(&self) -> Result<Option<Timestamp>, Error> {
        let mut looks = 0;
        loop {
            let snapshot = self.post.tree.snapshot().await?;
            let Some(progress) = self.progress(&snapshot).await? else { return Ok(None) };
            if !self.holds(&progress) {
                return Ok(self.at_once());
            }
            let subscription = self.subscription(&snapshot).await??;
            let next = batch::next(self, &snapshot, &progress, subscription.as_ref()).await?;
            let is_written = match (next, &subscription) {
                (Next::Nothing(Some(next)), _) => return Ok(Some(next)),
                (Next::Nothing(None), _) if looks >= LOOKS || self.post.is_over() => {
                    return Ok(None);
                }
                (Next::Nothing(None), _) => {
                    looks += 1;
                    self.post.ports.pause(BETWEEN_LOOKS).await;
                    continue;
                }
                (Next::Sweep(sweep), _) => self.sweep(&sweep).await?,
                (Next::Batch(batch), Some(subscription)) => {
                    looks = 0;
                    let sent = self.send(subscription, &progress, batch).await?;
                    self.record(&snapshot, sent).await?
                }
                (Next::Batch(_), None) => return Ok(None),
            };
            if !is_written || self.post.is_over() {
                return Ok(self.at_once());
            }
            self.post.ports.yield_now().await;
        }
    }

    pub async fn progress(&self, snapshot: &Snapshot<P::Kv>) -> Result<Option<Progress>, Error> {
        let key = self.keys.progress();
        let value = snapshot.get(&key).await?;
        value.map(|value| Progress::read(&key, &value)).transpose()
    }

    /// The subscription; nothing if it was deleted. The error inside is that of one that is damaged, which
    /// nobody can read any more.
    async fn subscription(
        &self,
        snapshot: &Snapshot<P::Kv>,
    ) -> Result<Result<Option<Subscription>, Error>, Error> {
        let key = hub::keys_of(self.post.api).record(self.id);
        let value = match snapshot.get(key).await {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(Ok(None)),
            Err(damage @ kv_tree::Error::Damaged { .. }) => return Ok(Err(damage.into())),
            Err(error) => return Err(error.into()),
        };
        let document = Record::read(self.id, value).and_then(|record| record.document());
        match document.and_then(|document| Subscription::read(&document)) {
            Err(error) if error.is_newer() => Err(error),
            read => Ok(read.map(Some)),
        }
    }

    /// Tells the log of something that could not be done.
    pub fn note(&self, what: &str, error: &Error) {
        let Self { post, id, .. } = self;
        let subscription = format!("events/{}/{id}: {what}", post.api.number);
        note_failure(post.ports, post.tenant, Some(&subscription), error);
    }

    /// Ends a subscription that is damaged, so that nothing is kept for it.
    async fn end(&self, damage: Error) -> Result<Option<Timestamp>, Error> {
        self.change(async |progress, _| {
            progress.ended = Some(Ended::Gone);
            let message = "the subscription cannot be read any more".to_owned();
            progress.last_error = Some(LastError { time: self.post.ports.now(), message });
            Ok(true)
        })
        .await?;
        Err(damage)
    }

    /// Whether somebody else is at it.
    fn is_held(&self, progress: &Progress) -> bool {
        let term = LEASE.saturating_add(
            SignedDuration::try_from(self.post.events.timeout).unwrap_or(SignedDuration::MAX),
        );
        let now = self.post.ports.now();
        progress.lease.is_some_and(|lease| {
            lease.worker != self.worker && now.duration_since(lease.since).abs() < term
        })
    }

    /// Whether this one is at it.
    pub fn holds(&self, progress: &Progress) -> bool {
        progress.lease.is_some_and(|lease| lease.worker == self.worker)
    }

    /// Says that this one is at it from now on.
    pub fn lease(&self) -> Lease {
        Lease { worker: self.worker, since: self.post.ports.now() }
    }

    /// Takes the subscription, unless somebody else has it.
    async fn take(&self) -> Result<bool, Error> {
        self.change(async |progress, _| {
            if self.is_held(progress) {
                return Ok(false);
            }
            progress.lease = Some(self.lease());
            Ok(true)
        })
        .await
    }

    /// Leaves it to others, if this one still has it.
    async fn leave(&self) -> Result<bool, Error> {
        self.change(async |progress, _| {
            let holds = self.holds(progress);
            if holds {
                progress.lease = None;
            }
            Ok(holds)
        })
        .await
    }

    /// Changes the progress of the subscription, if it has one and `change` says so.
    pub async fn change(
        &self,
        change: impl AsyncFn(&mut Progress, &mut Transaction<P::Kv>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let key = self.keys.progress();
        let changed = async |transaction: &mut Transaction<P::Kv>| -> Result<bool, Error> {
            let Some(value) = transaction.get(&key).await? else { return Ok(false) };
            let mut progress = Progress::read(&key, &value)?;
            let is_changed = change(&mut progress, transaction).await?;
            if is_changed {
                transaction.put(key.clone(), progress.to_value()?);
            }
            Ok(is_changed)
        };
        self.post.tree.transact(changed).await
    }
}
