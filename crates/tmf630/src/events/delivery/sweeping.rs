//! Removing what nobody needs: events of the log that all have passed, and what was kept for a
//! subscription. Each step is bounded.

use bytes::Bytes;
use kv_tree::{KeyRange, Order, Snapshot, Transaction};

use super::batch::{Sweep, newer_at};
use super::record::first_of;
use super::turn::Turn;
use super::{MAX_SUBSCRIPTIONS, Post, subscriptions};
use crate::events::occurrence::Occurrence;
use crate::events::progress::{Ended, Progress, Tries, place_in};
use crate::events::{log, progress};
use crate::{Error, Ports};

/// How many keys a step removes.
const STEP: u64 = 256;

impl<P: Ports> Post<'_, P> {
    /// The keys of events of the log that all subscriptions have passed, where the one with the key has
    /// come as far as `cursor`.
    pub async fn passed(
        &self,
        snapshot: &Snapshot<P::Kv>,
        own: &str,
        cursor: &str,
    ) -> Result<Vec<Bytes>, Error> {
        let Some(cursors) = self.cursors(snapshot).await? else { return Ok(Vec::new()) };
        let is_own = |id: &str| progress::Keys::of(self.api, id).progress() == own;
        let others = cursors.into_iter().filter(|(id, _)| !is_own(id));
        let least = others.map(|(_, other)| other).fold(cursor.to_owned(), Ord::min);
        self.up_to(snapshot, Some(&least)).await
    }

    /// Removes from the log what all subscriptions have passed; where there is none, all of it: who begins
    /// to listen is told of what happens from then on.
    pub async fn sweep_log(&self) -> Result<(), Error> {
        while !self.is_over() {
            let snapshot = self.tree.snapshot().await?;
            let keys = self.passed_by_all(&snapshot).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let remove = async |transaction: &mut Transaction<P::Kv>| -> Result<(), Error> {
                keys.iter().for_each(|key| transaction.delete(key.clone()));
                Ok(())
            };
            self.tree.transact(remove).await?;
        }
        Ok(())
    }

    /// Keys of the log that all subscriptions have passed.
    pub async fn passed_by_all(&self, snapshot: &Snapshot<P::Kv>) -> Result<Vec<Bytes>, Error> {
        let Some(cursors) = self.cursors(snapshot).await? else { return Ok(Vec::new()) };
        let least = cursors.into_iter().map(|(_, cursor)| cursor).min();
        self.up_to(snapshot, least.as_deref()).await
    }

    /// The cursors of the subscriptions that the log is kept for, with their ids; nothing where that of
    /// one is not known.
    async fn cursors(
        &self,
        snapshot: &Snapshot<P::Kv>,
    ) -> Result<Option<Vec<(String, String)>>, Error> {
        let subscriptions = subscriptions(self.api, snapshot).await?;
        if subscriptions.len() as u64 >= MAX_SUBSCRIPTIONS {
            // There may be others.
            return Ok(None);
        }
        let mut cursors = Vec::new();
        for (id, progress) in subscriptions {
            let Some(progress) = progress else { return Ok(None) };
            if progress.ended.is_none() {
                cursors.push((id, progress.cursor));
            }
        }
        Ok(Some(cursors))
    }

    async fn up_to(
        &self,
        snapshot: &Snapshot<P::Kv>,
        place: Option<&str>,
    ) -> Result<Vec<Bytes>, Error> {
        let range = log::after(self.api, "");
        let mut scan = snapshot.scan(range, Order::Ascending).limit(STEP);
        let mut keys = Vec::new();
        while let Some((key, _)) = scan.next().await? {
            if place.is_some_and(|place| place_in(&String::from_utf8_lossy(&key)) > place) {
                break;
            }
            keys.push(key);
        }
        Ok(keys)
    }
}

impl<P: Ports> Turn<'_, P> {
    /// Removes, or moves, a part. Whether there may be more.
    pub async fn sweep(&self, sweep: &Sweep) -> Result<bool, Error> {
        let swept = self
            .change(async |progress, transaction| {
                if !self.holds(progress) {
                    return Ok(false);
                }
                match sweep {
                    Sweep::All => self.remove_all(progress, transaction).await?,
                    Sweep::Waiting => self.remove_waiting(transaction).await?,
                    Sweep::Parked { generation, is_redriven } => {
                        self.sweep_parked(*generation, *is_redriven, progress, transaction).await?;
                    }
                };
                progress.lease = Some(self.lease());
                Ok(true)
            })
            .await?;
        if matches!(sweep, Sweep::All) {
            return self.forget().await;
        }
        Ok(swept)
    }

    async fn remove_all(
        &self,
        progress: &mut Progress,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<(), Error> {
        progress.ended = Some(Ended::Deleted);
        self.remove_below(&self.keys.events(), transaction).await
    }

    /// Removes some events that wait. Of what is left, the first of each resource is due.
    async fn remove_waiting(&self, transaction: &mut Transaction<P::Kv>) -> Result<(), Error> {
        let [waiting, lanes, due, _] = self.keys.events();
        let range = KeyRange::prefix(lanes.as_str());
        let mut scan = transaction.scan(range, Order::Ascending).limit(STEP);
        let mut found = Vec::new();
        while let Some((key, tries)) = scan.next().await? {
            found.push((String::from_utf8_lossy(&key).into_owned(), tries));
        }
        if found.is_empty() {
            // What has no lane was never going to be sent.
            return self.remove_below(&[waiting, due], transaction).await;
        }
        let last = found.last().map(|(key, _)| key.clone()).unwrap_or_default();
        for (key, tries) in found {
            let place = place_in(&key).to_owned();
            transaction.delete(self.keys.waiting(&place));
            if let Some(due) = Tries::read(&key, &tries)?.and_then(|tries| tries.due) {
                transaction.delete(self.keys.due(due, &place));
            }
            transaction.delete(key);
        }
        let lane = last.strip_prefix(&lanes).and_then(|rest| rest.rsplit_once('/'));
        let Some((lane, _)) = lane else { return Ok(()) };
        let first = first_of(transaction, &self.keys.lane(lane, "")).await?;
        if let Some((key, tries)) = first {
            let now = self.post.ports.now();
            let tries = Tries::read(&key, &tries)?.unwrap_or(Tries::none(now));
            let tries = Tries { due: Some(now), ..tries };
            transaction.put(self.keys.due(now, place_in(&key)), lane.to_owned());
            transaction.put(key, tries.to_value()?);
        }
        Ok(())
    }

    /// Forgets the subscription if nothing is left of it. Whether something is.
    async fn forget(&self) -> Result<bool, Error> {
        let forget = async |transaction: &mut Transaction<P::Kv>| -> Result<bool, Error> {
            let key = self.keys.progress();
            let value = transaction.get(&key).await?;
            let progress = value.map(|value| Progress::read(&key, &value)).transpose()?;
            let progress = progress.unwrap_or_default();
            if !self.holds(&progress) || progress.ended != Some(Ended::Deleted) {
                return Ok(false);
            }
            for prefix in self.keys.events() {
                if transaction.count(&KeyRange::prefix(prefix)).await? > 0 {
                    return Ok(true);
                }
            }
            transaction.delete(key);
            Ok(false)
        };
        self.post.tree.transact(forget).await
    }

    async fn remove_below(
        &self,
        prefixes: &[String],
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<(), Error> {
        for prefix in prefixes {
            let range = KeyRange::prefix(prefix.as_str());
            let mut scan = transaction.scan(range, Order::Ascending).limit(STEP);
            let mut keys = Vec::new();
            while let Some((key, _)) = scan.next().await? {
                keys.push(key);
            }
            keys.into_iter().for_each(|key| transaction.delete(key));
        }
        Ok(())
    }

    /// Drops what was parked, or lets it wait for another try.
    async fn sweep_parked(
        &self,
        generation: u32,
        is_redriven: bool,
        progress: &mut Progress,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<(), Error> {
        let range = KeyRange::prefix(self.keys.parked(generation, ""));
        let mut scan = transaction.scan(range.clone(), Order::Ascending).limit(STEP);
        let mut parked = Vec::new();
        while let Some(entry) = scan.next().await? {
            parked.push(entry);
        }
        for (key, value) in parked {
            let place = place_in(&String::from_utf8_lossy(&key)).to_owned();
            transaction.delete(key);
            match is_redriven {
                // It is not sent any more: it stays parked.
                true if progress.ended.is_some() => {
                    let key = self.keys.parked(progress.generation, &place);
                    transaction.put(key, value);
                }
                true => self.redrive(&place, &value, transaction).await?,
                false => {}
            }
        }
        if transaction.count(&range).await? == 0 {
            progress.redriven.retain(|other| *other != generation);
        }
        if is_redriven {
            // Whoever asks for it knows that the receiver is there again.
            (progress.misses, progress.tries) = (0, 0);
            (progress.next, progress.failing_since) = (None, None);
        }
        Ok(())
    }

    /// Lets an event wait that was parked. It goes before what waits of its resource. If only a newer
    /// version can read the one or the other, nothing is done: that is the error.
    async fn redrive(
        &self,
        place: &str,
        value: &Bytes,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<(), Error> {
        let occurrence = match Occurrence::decode(value) {
            Ok(occurrence) => occurrence,
            Err(error) if error.is_newer() => return Err(newer_at(place, &error)),
            // What is damaged cannot be sent.
            Err(_) => return Ok(()),
        };
        let (keys, lane, now) = (&self.keys, occurrence.lane(), self.post.ports.now());
        let first = first_of(transaction, &keys.lane(&lane, "")).await?;
        transaction.put(keys.waiting(place), value.clone());
        let is_first = first.as_ref().is_none_or(|(first, _)| place_in(first) > place);
        let due = is_first.then_some(now);
        transaction.put(keys.lane(&lane, place), Tries { due, ..Tries::none(now) }.to_value()?);
        if !is_first {
            return Ok(());
        }
        if let Some((first, tries)) = first
            && let Some(tries) = Tries::read(&first, &tries)?
            && let Some(due) = tries.due
        {
            transaction.delete(keys.due(due, place_in(&first)));
            transaction.put(first, Tries { due: None, ..tries }.to_value()?);
        }
        transaction.put(keys.due(now, place), lane);
        Ok(())
    }
}
