//! Sending a batch of events: several at once, and of one resource one after the other.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::batch::{Batch, Came, Item, MAX_MISSES};
use super::concurrently;
use super::turn::Turn;
use crate::events::progress::Progress;
use crate::events::subscription::Subscription;
use crate::ports::Notification;
use crate::{Error, Ports};

/// For how long a batch is begun with further events: what came of those before is to be written down.
const TIME: SignedDuration = SignedDuration::from_secs(1);

/// How often it is looked whether the subscription is still there.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_millis(50);

/// The status with which a receiver wants no more.
const GONE: u16 = 410;

impl<P: Ports> Turn<'_, P> {
    /// Sends the events that are wanted, as far as that is possible.
    pub async fn send(
        &self,
        subscription: &Subscription,
        progress: &Progress,
        batch: Batch,
    ) -> Result<Batch, Error> {
        let Batch { items, is_probe } = batch;
        let mut lanes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut order = Vec::new();
        for (index, item) in items.iter().enumerate().filter(|(_, item)| item.came == Came::Open) {
            let lane = lanes.entry(item.lane.clone()).or_default();
            if lane.is_empty() {
                order.push(item.lane.clone());
            }
            lane.push(index);
        }
        let mut order = order.into_iter();
        let next = RefCell::new(|| order.next().and_then(|lane| lanes.remove(&lane)));
        let items = RefCell::new(items);
        let (misses, is_gone) = (Cell::new(progress.misses), Cell::new(false));
        let end = self.post.ports.now().checked_add(TIME).unwrap_or(Timestamp::MAX);
        let is_over = || {
            let is_missed = !is_probe && misses.get() >= MAX_MISSES;
            is_gone.get() || is_missed || self.post.ports.now() > end || self.post.is_over()
        };
        let looked = Cell::new(self.post.ports.now());
        let sender = async || {
            loop {
                let Some(lane) = (next.borrow_mut())() else { return };
                for index in lane {
                    if is_over() || self.is_deleted(&looked).await {
                        return;
                    }
                    let (came, is_first) = self.try_one(subscription, &items, index).await;
                    match &came {
                        Came::Gone => is_gone.set(true),
                        Came::Failed(_) if is_first || is_probe => misses.set(misses.get() + 1),
                        Came::Failed(_) => {}
                        _ => misses.set(0),
                    }
                    let is_taken = came == Came::Delivered;
                    if let Some(item) = items.borrow_mut().get_mut(index) {
                        item.came = came;
                    }
                    if !is_taken {
                        break;
                    }
                }
            }
        };
        let count = if is_probe { 1 } else { self.post.events.concurrency };
        concurrently((0..count).map(|_| sender()).collect()).await;
        Ok(Batch { items: items.into_inner(), is_probe })
    }

    /// Whether the subscription was deleted meanwhile, which is looked at from time to time.
    async fn is_deleted(&self, looked: &Cell<Timestamp>) -> bool {
        let now = self.post.ports.now();
        if now.duration_since(looked.get()).abs() < BETWEEN_LOOKS {
            return false;
        }
        looked.set(now);
        let Ok(snapshot) = self.post.tree.snapshot().await else { return false };
        let progress = self.progress(&snapshot).await.ok().flatten();
        progress.is_none_or(|progress| progress.ended.is_some())
    }

    /// Sends one event, and says whether that was its first try.
    async fn try_one(
        &self,
        subscription: &Subscription,
        items: &RefCell<Vec<Item>>,
        index: usize,
    ) -> (Came, bool) {
        let (notification, is_first) = {
            let items = items.borrow();
            let Some(item) = items.get(index) else { return (Came::Unwanted, false) };
            (self.notification(subscription, item), item.is_first_try())
        };
        let answer = match notification {
            Ok(notification) => self.post.ports.notify(notification).await,
            Err(fault) => Err(fault),
        };
        let came = match answer {
            Ok(200..=299) => Came::Delivered,
            Ok(GONE) => Came::Gone,
            Ok(status @ 300..=399) => {
                Came::Failed(format!("it answered {status}: redirections are not followed"))
            }
            Ok(status) => Came::Failed(format!("it answered {status}")),
            Err(fault) => Came::Failed(fault),
        };
        (came, is_first)
    }

    /// What is sent of an event, or what is wrong with where.
    fn notification(
        &self,
        subscription: &Subscription,
        item: &Item,
    ) -> Result<Notification, String> {
        let Some((occurrence, event)) = &item.event else { return Err("it is not wanted".into()) };
        let events = self.post.events;
        // What was right when it was registered need not be now.
        events.check(&subscription.callback).map_err(|fault| format!("the callback {fault}"))?;
        let event_type = event.get("eventType").and_then(serde_json::Value::as_str);
        let event_type = event_type.unwrap_or_default().to_owned();
        let body = subscription.body(self.post.api, self.post.settings, event, occurrence);
        let body: Bytes = body.map_err(|error| error.told())?;
        let url = match events.appends_listener {
            true => subscription.callback.with_listener(&event_type),
            false => subscription.callback.as_str().to_owned(),
        };
        let secret = &subscription.kept.secret;
        let signature = webhook::signature(secret, self.post.ports.now().as_second(), &body);
        let what = &occurrence.what;
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-signature", signature),
            ("x-event-id", what.event.clone()),
            ("x-event-type", event_type),
        ];
        headers.extend(what.request.iter().map(|id| ("x-correlation-id", id.clone())));
        if let Some(trace) = &what.trace {
            // The last bits of an id are random.
            headers.extend(trace.headers(self.post.ports.new_id().as_u64_pair().1));
        }
        Ok(Notification { url, headers, body, patience: events.timeout })
    }
}
