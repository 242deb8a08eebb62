//! What is next for a subscription.
//!
//! What only a newer version can read is left to it. In the log, the subscription waits there. Of what
//! waits, its resource does: also where it is the next one of that, because what comes of an event makes
//! the next due. Whatever else there is to do is done first, and then that is the error.

use std::rc::Rc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Order, Snapshot};
use serde_json::Value;

use super::turn::Turn;
use crate::events::log;
use crate::events::occurrence::Occurrence;
use crate::events::progress::{Ended, Progress, Tries, place_in};
use crate::events::subscription::Subscription;
use crate::{Error, Ports};

/// How many events of the log are looked at together, and how many bytes of JSON they have, and one more.
const MAX_EVENTS: u64 = 64;
const MAX_BYTES: usize = 1 << 20;

/// How many events that wait are sent together: one of a resource.
const MAX_LANES: u64 = 16;

/// After how many events in a row that were not taken at their first try nothing is sent for a while but
/// one from time to time. Fewer may be the events' fault.
pub(super) const MAX_MISSES: u32 = 4;

/// What is next.
pub(super) enum Next {
    /// Nothing until then, or at all.
    Nothing(Option<Timestamp>),
    /// Something is to be removed, or moved.
    Sweep(Sweep),
    /// Events are to be sent, or passed over.
    Batch(Batch),
}

/// What is to be removed, or moved.
pub(super) enum Sweep {
    /// Everything of a subscription that was deleted.
    All,
    /// What waits for one that has ended.
    Waiting,
    /// What was parked under a number, to be dropped or sent again.
    Parked { generation: u32, is_redriven: bool },
}

/// Some events.
pub(super) struct Batch {
    pub items: Vec<Item>,
    /// Whether one is sent to see whether the receiver is there.
    pub is_probe: bool,
}

/// An event, and what comes of it.
pub(super) struct Item {
    pub place: String,
    pub value: Bytes,
    pub source: Source,
    pub lane: String,
    /// The event with the whole resource; nothing if it is not wanted, or is damaged.
    pub event: Option<(Occurrence, Rc<Value>)>,
    pub came: Came,
}

impl Item {
    /// Whether it was not tried before.
    pub fn is_first_try(&self) -> bool {
        match self.source {
            Source::Log => true,
            Source::Waiting(_, tries) => tries.count == 0,
        }
    }
}

/// Where an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Log,
    /// It was tried, or waited for another one of its resource, and was due at the time.
    Waiting(Timestamp, Tries),
}

/// What comes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// Nothing yet.
    Open,
    /// It is not for this subscription.
    Unwanted,
    /// One of its resource before it waits.
    Behind,
    /// It is too late for it.
    Overdue,
    Delivered,
    Failed(String),
    /// The receiver wants no more.
    Gone,
}

/// Events that were found.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    /// How many bytes of JSON they have.
    bytes: usize,
    /// Why one was left to a newer version.
    newer: Option<Error>,
}

impl Found {
    /// Adds an event, if this program can read it. Whether it can.
    fn add(&mut self, item: Result<Item, Error>) -> Result<bool, Error> {
        match item {
            Ok(item) => {
                let len = item.event.as_ref().map_or(0, |(occurrence, _)| occurrence.len());
                self.bytes = self.bytes.saturating_add(len);
                self.items.push(item);
                Ok(true)
            }
            Err(error) if error.is_newer() => {
                self.newer.get_or_insert(error);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// With others behind them.
    fn and(mut self, others: Self) -> Self {
        self.items.extend(others.items);
        self.newer = self.newer.or(others.newer);
        self
    }
}

/// What is next for the subscription, as the snapshot has it.
pub(super) async fn next<P: Ports>(
    turn: &Turn<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    progress: &Progress,
    subscription: Option<&Subscription>,
) -> Result<Next, Error> {
    let keys = &turn.keys;
    let Some(subscription) = subscription.filter(|_| progress.ended != Some(Ended::Deleted)) else {
        return Ok(Next::Sweep(Sweep::All));
    };
    let [waiting, lanes, ..] = keys.events();
    let waiting = snapshot.count(&KeyRange::prefix(waiting)).await?;
    let mut parked = snapshot.scan(KeyRange::prefix(keys.all_parked()), Order::Ascending).limit(1);
    if let Some((key, _)) = parked.next().await? {
        let key = String::from_utf8_lossy(&key).into_owned();
        let generation = keys.generation_in(&key);
        if let Some(generation) = generation.filter(|it| *it < progress.generation) {
            let is_redriven = progress.redriven.contains(&generation);
            return Ok(Next::Sweep(Sweep::Parked { generation, is_redriven }));
        }
    }
    if progress.ended.is_some() {
        return Ok(match waiting {
            0 => Next::Nothing(None),
            _ => Next::Sweep(Sweep::Waiting),
        });
    }
    let now = turn.post.ports.now();
    let is_gated = progress.next.is_some_and(|next| next > now);
    let is_probe = progress.misses >= MAX_MISSES;
    let reader = Reader { turn, snapshot, progress, subscription, now };
    let lanes = (waiting > 0).then_some(lanes.as_str());
    let Found { items, newer, .. } = match (is_gated, is_probe) {
        (true, _) => reader.overdue().await?,
        (false, false) => reader.due(MAX_LANES).await?.and(reader.log(false, lanes).await?),
        // What is new may be taken where what was tried is not.
        (false, true) => match reader.log(true, lanes).await? {
            log if log.items.is_empty() => log.and(reader.due(1).await?),
            log => log,
        },
    };
    if items.is_empty() {
        if let Some(newer) = newer {
            return Err(newer);
        }
        let mut due = snapshot.scan(KeyRange::prefix(keys.all_due()), Order::Ascending).limit(1);
        let due = due
            .next()
            .await?
            .and_then(|(key, _)| Some(keys.due_at(&String::from_utf8_lossy(&key))?.0));
        let gate = progress.next.filter(|_| is_gated);
        return Ok(Next::Nothing(gate.or(due)));
    }
    Ok(Next::Batch(Batch { items, is_probe }))
}

/// Says of which event it is that only a newer version can read it.
pub(super) fn newer_at(place: &str, error: &Error) -> Error {
    let cause = error.cause().unwrap_or_default();
    Error::newer(format!("the event at {place} cannot be read: {cause}"))
}

/// Reads what is next.
struct Reader<'r, P: Ports> {
    turn: &'r Turn<'r, P>,
    snapshot: &'r Snapshot<P::Kv>,
    progress: &'r Progress,
    subscription: &'r Subscription,
    now: Timestamp,
}

impl<P: Ports> Reader<'_, P> {
    /// Events whose next try is due, the first of each resource.
    async fn due(&self, limit: u64) -> Result<Found, Error> {
        let keys = &self.turn.keys;
        let mut scan = self.snapshot.scan(KeyRange::prefix(keys.all_due()), Order::Ascending);
        scan = scan.limit(limit);
        let mut found = Found::default();
        while found.bytes < MAX_BYTES
            && let Some((key, lane)) = scan.next().await?
        {
            let key = String::from_utf8_lossy(&key).into_owned();
            let Some((time, place)) = keys.due_at(&key) else { continue };
            if time > self.now {
                break;
            }
            let lane = String::from_utf8_lossy(&lane).into_owned();
            let value = self.snapshot.get(keys.waiting(&place)).await?.unwrap_or_default();
            let item = self.tries(&lane, &place).await.and_then(|tries| {
                self.item(place, value, Source::Waiting(time, tries), Some(lane))
            });
            found.add(item)?;
        }
        Ok(found)
    }

    /// How often the event was tried that is the first of its lane, if that can be read of the one behind
    /// it too.
    async fn tries(&self, lane: &str, place: &str) -> Result<Tries, Error> {
        let range = KeyRange::prefix(self.turn.keys.lane(lane, ""));
        let mut scan = self.snapshot.scan(range, Order::Ascending).limit(2);
        let mut own = Tries::none(self.now);
        while let Some((key, value)) = scan.next().await? {
            let key = String::from_utf8_lossy(&key);
            if let Some(tries) = Tries::read(&key, &value)?
                && place_in(&key) == place
            {
                own = tries;
            }
        }
        Ok(own)
    }

    /// The next events of the log: where one is sent to see what comes of it, up to that.
    async fn log(&self, is_probe: bool, lanes: Option<&str>) -> Result<Found, Error> {
        let range = log::after(self.turn.post.api, &self.progress.cursor);
        let mut scan = self.snapshot.scan(range, Order::Ascending).limit(MAX_EVENTS);
        let mut found = Found::default();
        while found.bytes < MAX_BYTES
            && let Some((key, value)) = scan.next().await?
        {
            let key = String::from_utf8_lossy(&key).into_owned();
            let mut item = self.item(place_in(&key).to_owned(), value, Source::Log, None);
            if let (Some(lanes), Ok(item)) = (lanes, &mut item)
                && item.came == Came::Open
            {
                let lane = KeyRange::prefix(format!("{lanes}{}/", item.lane));
                if self.snapshot.count(&lane).await? > 0 {
                    item.came = Came::Behind;
                }
            }
            let is_open = item.as_ref().is_ok_and(|item| item.came == Came::Open);
            let is_last = !found.add(item)? || (is_probe && is_open);
            // Others of the instance go on.
            self.turn.post.ports.yield_now().await;
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Events that were tried for long enough; and of the log, those that have been there for that time
    /// without anything being taken.
    async fn overdue(&self) -> Result<Found, Error> {
        let give_up = self.turn.post.events.retry.give_up;
        let give_up = SignedDuration::try_from(give_up).unwrap_or(SignedDuration::MAX);
        let is_long_ago = |time: Timestamp| self.now.duration_since(time) >= give_up;
        let mut found = self.due(MAX_LANES).await?;
        found.items.retain(|item| match item.source {
            Source::Waiting(_, tries) => is_long_ago(tries.since),
            Source::Log => false,
        });
        if self.progress.failing_since.is_some_and(is_long_ago) {
            let mut log = self.log(false, None).await?;
            let is_overdue = |item: &Item| {
                let time = item.event.as_ref().map(|(occurrence, _)| occurrence.what.time);
                time.is_none_or(is_long_ago)
            };
            if let Some(end) = log.items.iter().position(|item| !is_overdue(item)) {
                log.items.truncate(end);
                log.newer = None;
            }
            found = found.and(log);
        }
        for item in &mut found.items {
            if item.came == Came::Open {
                item.came = Came::Overdue;
            }
        }
        Ok(found)
    }

    /// An event; its lane need only be given where it may be damaged.
    fn item(
        &self,
        place: String,
        value: Bytes,
        source: Source,
        lane: Option<String>,
    ) -> Result<Item, Error> {
        let event = match self.wanted(&place, &value) {
            Ok(event) => event,
            Err(error) if error.is_newer() => return Err(newer_at(&place, &error)),
            Err(error) => {
                let what = format!("the event at {place} cannot be read and is left out");
                self.turn.note(&what, &error);
                None
            }
        };
        let own = event.as_ref().map(|(occurrence, _)| occurrence.lane());
        let came = if event.is_some() { Came::Open } else { Came::Unwanted };
        Ok(Item { place, value, source, lane: lane.or(own).unwrap_or_default(), event, came })
    }

    fn wanted(&self, place: &str, value: &Bytes) -> Result<Option<(Occurrence, Rc<Value>)>, Error> {
        let occurrence = Occurrence::decode(value)?;
        let super::Post { api, settings, tenant, known, .. } = self.turn.post;
        let version = self.subscription.version;
        let whole = || known.whole(api, version, place, &occurrence);
        let event = self.subscription.wants(api, settings, tenant, &occurrence, whole)?;
        Ok(event.map(|event| (occurrence, event)))
    }
}
