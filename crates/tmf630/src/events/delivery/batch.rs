//! What is next for a subscription.

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
    /// The event with the whole resource; nothing if it is not wanted, or cannot be read.
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
    let items = match (is_gated, is_probe) {
        (true, _) => reader.overdue().await?,
        (false, false) => {
            let mut items = reader.due(MAX_LANES).await?;
            items.extend(reader.log(false, lanes).await?);
            items
        }
        // What is new may be taken where what was tried is not.
        (false, true) => match reader.log(true, lanes).await? {
            items if items.is_empty() => reader.due(1).await?,
            items => items,
        },
    };
    if items.is_empty() {
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
    async fn due(&self, limit: u64) -> Result<Vec<Item>, Error> {
        let keys = &self.turn.keys;
        let mut scan = self.snapshot.scan(KeyRange::prefix(keys.all_due()), Order::Ascending);
        scan = scan.limit(limit);
        let (mut items, mut bytes) = (Vec::new(), 0_usize);
        while bytes < MAX_BYTES
            && let Some((key, lane)) = scan.next().await?
        {
            let key = String::from_utf8_lossy(&key).into_owned();
            let Some((time, place)) = keys.due_at(&key) else { continue };
            if time > self.now {
                break;
            }
            let lane = String::from_utf8_lossy(&lane).into_owned();
            let value = self.snapshot.get(keys.waiting(&place)).await?.unwrap_or_default();
            let tries = self.snapshot.get(keys.lane(&lane, &place)).await?;
            let tries = tries.and_then(|tries| Tries::read(&tries));
            let tries = tries.unwrap_or(Tries::none(self.now));
            let item = self.item(place, value, Source::Waiting(time, tries), Some(lane));
            let len = item.event.as_ref().map_or(0, |(occurrence, _)| occurrence.len());
            bytes = bytes.saturating_add(len);
            items.push(item);
        }
        Ok(items)
    }

    /// The next events of the log: where one is sent to see what comes of it, up to that.
    async fn log(&self, is_probe: bool, lanes: Option<&str>) -> Result<Vec<Item>, Error> {
        let range = log::after(self.turn.post.api, &self.progress.cursor);
        let mut scan = self.snapshot.scan(range, Order::Ascending).limit(MAX_EVENTS);
        let (mut items, mut bytes) = (Vec::new(), 0_usize);
        while bytes < MAX_BYTES
            && let Some((key, value)) = scan.next().await?
        {
            let key = String::from_utf8_lossy(&key).into_owned();
            let mut item = self.item(place_in(&key).to_owned(), value, Source::Log, None);
            let len = item.event.as_ref().map_or(0, |(occurrence, _)| occurrence.len());
            bytes = bytes.saturating_add(len);
            if let Some(lanes) = lanes
                && item.came == Came::Open
            {
                let lane = KeyRange::prefix(format!("{lanes}{}/", item.lane));
                if self.snapshot.count(&lane).await? > 0 {
                    item.came = Came::Behind;
                }
            }
            let is_last = is_probe && item.came == Came::Open;
            items.push(item);
            // Others of the instance go on.
            self.turn.post.ports.yield_now().await;
            if is_last {
                break;
            }
        }
        Ok(items)
    }

    /// Events that were tried for long enough; and of the log, those that have been there for that time
    /// without anything being taken.
    async fn overdue(&self) -> Result<Vec<Item>, Error> {
        let give_up = self.turn.post.events.retry.give_up;
        let give_up = SignedDuration::try_from(give_up).unwrap_or(SignedDuration::MAX);
        let is_long_ago = |time: Timestamp| self.now.duration_since(time) >= give_up;
        let mut items = self.due(MAX_LANES).await?;
        items.retain(|item| match item.source {
            Source::Waiting(_, tries) => is_long_ago(tries.since),
            Source::Log => false,
        });
        if self.progress.failing_since.is_some_and(is_long_ago) {
            let mut log = self.log(false, None).await?;
            let is_overdue = |item: &Item| {
                let time = item.event.as_ref().map(|(occurrence, _)| occurrence.what.time);
                time.is_none_or(is_long_ago)
            };
            log.truncate(log.iter().position(|item| !is_overdue(item)).unwrap_or(log.len()));
            items.append(&mut log);
        }
        for item in &mut items {
            if item.came == Came::Open {
                item.came = Came::Overdue;
            }
        }
        Ok(items)
    }

    /// An event; its lane need only be given where it may be one that cannot be read any more.
    fn item(&self, place: String, value: Bytes, source: Source, lane: Option<String>) -> Item {
        let event = self.wanted(&place, &value).unwrap_or_else(|error| {
            self.turn.note(&format!("the event at {place} cannot be read and is left out"), &error);
            None
        });
        let own = event.as_ref().map(|(occurrence, _)| occurrence.lane());
        let came = if event.is_some() { Came::Open } else { Came::Unwanted };
        Item { place, value, source, lane: lane.or(own).unwrap_or_default(), event, came }
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
