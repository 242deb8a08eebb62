//! Writing down what came of a batch, in a transaction that finds whoever has sent it still at it.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Kv, Order, Snapshot, Transaction};

use super::batch::{Batch, Came, Item, MAX_MISSES, Source};
use super::turn::Turn;
use crate::events::progress::{Ended, LastError, Progress, Tries, place_in};
use crate::{Error, Ports};

impl<P: Ports> Turn<'_, P> {
    /// Writes down what came of a batch that was read from the snapshot. Whether this one still is at it.
    pub async fn record(&self, snapshot: &Snapshot<P::Kv>, batch: Batch) -> Result<bool, Error> {
        let has_come = |came: fn(&Came) -> bool| batch.items.iter().any(|item| came(&item.came));
        let is_gone = has_come(|came| *came == Came::Gone);
        // What was only passed over says nothing of the receiver.
        let has_failed = has_come(|came| matches!(came, Came::Failed(_)));
        // Of the log, everything up to the last event that something came of; what was left out before
        // that waits.
        let is_done = |item: &Item| item.source == Source::Log && item.came != Came::Open;
        let log = batch.items.iter().rposition(is_done);
        let cursor = log.and_then(|last| batch.items.get(last)).map(|item| item.place.clone());
        let items: Vec<_> = batch
            .items
            .into_iter()
            .enumerate()
            .filter(|(index, item)| match item.source {
                Source::Log => log.is_some_and(|last| *index <= last),
                Source::Waiting(..) => true,
            })
            .map(|(_, item)| item)
            .collect();
        let needless = match &cursor {
            Some(cursor) => self.post.passed(snapshot, &self.keys.progress(), cursor).await?,
            None => Vec::new(),
        };
        let random = self.post.ports.new_id().as_u64_pair().1;
        let written = self
            .change(async |progress, transaction| {
                if !self.holds(progress) || progress.ended.is_some() {
                    return Ok(false);
                }
                let mut writer = Writer { turn: self, transaction, progress, random };
                for item in &items {
                    writer.write(item).await?;
                }
                if has_failed {
                    writer.gate();
                }
                if is_gone {
                    writer.end().await?;
                }
                if let Some(cursor) = &cursor {
                    progress.cursor.clone_from(cursor);
                }
                progress.lease = Some(self.lease());
                needless.iter().for_each(|key| transaction.delete(key.clone()));
                Ok(true)
            })
            .await?;
        if written {
            for item in &items {
                let count = match item.came {
                    Came::Delivered => &self.delivered,
                    Came::Failed(_) | Came::Gone => &self.failed,
                    _ => continue,
                };
                count.set(count.get().saturating_add(1));
            }
        }
        Ok(written)
    }
}

/// What operators are told of an answer that ends a subscription.
const TOLD_GONE: &str = "it answered 410: it wants no more";

/// Writes down what came of events.
struct Writer<'w, 't, P: Ports> {
    turn: &'w Turn<'t, P>,
    transaction: &'w mut Transaction<P::Kv>,
    progress: &'w mut Progress,
    random: u64,
}

impl<P: Ports> Writer<'_, '_, P> {
    async fn write(&mut self, item: &Item) -> Result<(), Error> {
        match &item.came {
            Came::Delivered => {
                self.progress.delivered = self.progress.delivered.saturating_add(1);
                let progress = &mut *self.progress;
                (progress.misses, progress.tries) = (0, 0);
                (progress.next, progress.failing_since) = (None, None);
            }
            Came::Failed(told) => self.count_failure(item, told),
            Came::Gone => self.count_failure(item, TOLD_GONE),
            Came::Open | Came::Unwanted | Came::Behind | Came::Overdue => {}
        }
        let now = self.now();
        match (&item.came, item.source) {
            (Came::Delivered | Came::Unwanted, Source::Log) => Ok(()),
            (Came::Delivered | Came::Unwanted, Source::Waiting(due, _)) => {
                self.remove(item, due);
                self.let_next_go_on(&item.lane).await
            }
            (Came::Overdue, Source::Waiting(due, _)) => {
                self.remove(item, due);
                self.park(item);
                self.let_next_go_on(&item.lane).await
            }
            (Came::Overdue, Source::Log) => {
                self.park(item);
                Ok(())
            }
            (Came::Failed(_), Source::Log) => {
                let tries = Tries { count: 1, ..Tries::none(now) };
                self.wait(item, tries, self.retry_of(1)).await
            }
            (Came::Behind | Came::Open, Source::Log) => {
                self.wait(item, Tries::none(now), now).await
            }
            (Came::Failed(_), Source::Waiting(due, tries)) => {
                let give_up = self.turn.post.events.retry.give_up;
                let give_up = SignedDuration::try_from(give_up).unwrap_or(SignedDuration::MAX);
                if now.duration_since(tries.since) >= give_up {
                    self.remove(item, due);
                    self.park(item);
                    return self.let_next_go_on(&item.lane).await;
                }
                let count = tries.count.saturating_add(1);
                self.transaction.delete(self.turn.keys.due(due, &item.place));
                let due = self.retry_of(count);
                self.put_due(&item.lane, &item.place, Tries { count, ..tries }, due)
            }
            // Nothing is sent any more.
            (Came::Gone, _) => Ok(()),
            (Came::Open | Came::Behind, Source::Waiting(..)) => Ok(()),
        }
    }

    fn count_failure(&mut self, item: &Item, told: &str) {
        let now = self.now();
        let is_first = item.is_first_try();
        let progress = &mut *self.progress;
        progress.failed = progress.failed.saturating_add(1);
        progress.last_error = Some(LastError { time: now, message: told.to_owned() });
        if is_first || progress.misses >= MAX_MISSES {
            progress.misses = progress.misses.saturating_add(1);
            progress.failing_since.get_or_insert(now);
        }
    }

    /// Sends nothing for a while where too many events in a row were not taken.
    fn gate(&mut self) {
        if self.progress.misses < MAX_MISSES {
            return;
        }
        if self.progress.next.is_none_or(|next| next <= self.now()) {
            self.progress.tries = self.progress.tries.saturating_add(1);
            self.progress.next = Some(self.retry_of(self.progress.tries));
        }
    }

    /// Ends the subscription, since its receiver wants no more.
    async fn end(&mut self) -> Result<(), Error> {
        self.progress.ended = Some(Ended::Gone);
        let Some(listens) = self.progress.listens.take() else { return Ok(()) };
        for key in listens.keys() {
            let value = self.transaction.get(&key).await?;
            match listens.counted(value.as_deref(), false) {
                Some(value) => self.transaction.put(key, value),
                None => self.transaction.delete(key),
            }
        }
        Ok(())
    }

    /// Lets an event of the log wait. Only the first of a resource is due at a time.
    async fn wait(&mut self, item: &Item, tries: Tries, due: Timestamp) -> Result<(), Error> {
        let keys = &self.turn.keys;
        let is_first = first_of(self.transaction, &keys.lane(&item.lane, "")).await?.is_none();
        self.transaction.put(keys.waiting(&item.place), item.value.clone());
        match is_first {
            true => self.put_due(&item.lane, &item.place, tries, due),
            false => {
                let key = keys.lane(&item.lane, &item.place);
                self.transaction.put(key, tries.to_value()?);
                Ok(())
            }
        }
    }

    /// Makes an event due that is the first of its lane.
    fn put_due(
        &mut self,
        lane: &str,
        place: &str,
        tries: Tries,
        due: Timestamp,
    ) -> Result<(), Error> {
        let keys = &self.turn.keys;
        let tries = Tries { due: Some(due), ..tries };
        self.transaction.put(keys.lane(lane, place), tries.to_value()?);
        self.transaction.put(keys.due(due, place), lane.to_owned());
        Ok(())
    }

    /// Removes an event that waits.
    fn remove(&mut self, item: &Item, due: Timestamp) {
        let keys = &self.turn.keys;
        self.transaction.delete(keys.waiting(&item.place));
        self.transaction.delete(keys.lane(&item.lane, &item.place));
        self.transaction.delete(keys.due(due, &item.place));
    }

    fn park(&mut self, item: &Item) {
        let key = self.turn.keys.parked(self.progress.generation, &item.place);
        self.transaction.put(key, item.value.clone());
    }

    /// Makes the next event due that waits in a lane, which this program knows ([`super::batch`]).
    async fn let_next_go_on(&mut self, lane: &str) -> Result<(), Error> {
        let first = first_of(self.transaction, &self.turn.keys.lane(lane, "")).await?;
        let Some((key, tries)) = first else { return Ok(()) };
        let tries = Tries::read(&key, &tries)?.unwrap_or(Tries::none(self.now()));
        self.put_due(lane, place_in(&key), tries, self.now())
    }

    fn now(&self) -> Timestamp {
        self.turn.post.ports.now()
    }

    /// The time of the next try of what was tried so often.
    fn retry_of(&self, tries: u32) -> Timestamp {
        let delay = self.turn.post.events.retry.delay(tries, self.random);
        let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
        self.now().checked_add(delay).unwrap_or(Timestamp::MAX)
    }
}

/// The first key that begins with the prefix, and its value.
pub(super) async fn first_of<K: Kv>(
    transaction: &Transaction<K>,
    prefix: &str,
) -> Result<Option<(String, Bytes)>, Error> {
    let mut scan = transaction.scan(KeyRange::prefix(prefix), Order::Ascending).limit(1);
    let found = scan.next().await?;
    Ok(found.map(|(key, value)| (String::from_utf8_lossy(&key).into_owned(), value)))
}
