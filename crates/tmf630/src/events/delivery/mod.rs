//! Sending events: by the instance that has made them, after its response, and by maintenance.
//!
//! Who works at a subscription says so with it, for some seconds, so that others leave it alone. What came
//! of a try is written in a transaction that finds that still so. So if two are at it, because one was
//! taken for dead or clocks differ by more than that, events are sent twice, and none is lost.
//!
//! # Layout
//!
//! * `turn` – working at a subscription: what is next, again and again.
//! * `batch` – what is next; `known` – events that several look at.
//! * `sending` – sending it.
//! * `record` – writing down what came of it.
//! * `sweeping` – removing what nobody needs.

mod batch;
mod known;
mod record;
mod sending;
mod sweeping;
mod turn;

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use access::Tenant;
use jiff::Timestamp;
use known::KnownEvents;
use kv_tree::{KeyRange, Order, Snapshot, TreeName};
use turn::Turn;

use super::progress::{self, Ended, Progress, place_in};
use super::settings::EventSettings;
use crate::jobs::note_failure;
use crate::model::api::Api;
use crate::{Error, Ports, Settings};

/// How many subscriptions are worked at at once. One whose receiver hangs is left alone after some tries.
const AT_ONCE: usize = 32;

/// How many subscriptions are looked at.
const MAX_SUBSCRIPTIONS: u64 = 2_000;

/// What came of sending the events of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many were taken.
    pub delivered: u64,
    /// How many tries have failed.
    pub failed: u64,
    /// For how many subscriptions it could not be told what to do; the log says why.
    pub broken: u64,
    /// When there is something to do again, as far as is known.
    pub next: Option<Timestamp>,
}

impl Delivered {
    /// Adds what came of other events.
    pub(crate) fn add(&mut self, other: Self) {
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.failed = self.failed.saturating_add(other.failed);
        self.broken = self.broken.saturating_add(other.broken);
        self.next = [self.next, other.next].into_iter().flatten().min();
    }

    /// Whether anything has happened.
    pub(crate) fn is_any(&self) -> bool {
        self.delivered > 0 || self.failed > 0 || self.broken > 0
    }
}

/// Sends the events of an API that are due in a tenant, until none is, or for a time.
pub async fn deliver<P: Ports>(
    api: &'static Api,
    settings: &Settings,
    ports: &P,
    tenant: &Tenant,
    time: Duration,
) -> Result<Delivered, Error> {
    let events = EventSettings::of(settings).map_err(Error::internal)?;
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let tree = store.tree(TreeName::new(tenant.as_str())?);
    let end = ports.now().checked_add(time).unwrap_or(Timestamp::MAX);
    let known = KnownEvents::default();
    let post = Post { api, settings, events: &events, ports, tenant, tree: &tree, end, known };
    let snapshot = tree.snapshot().await?;
    let subscriptions = subscriptions(api, &snapshot).await?;
    let is_any_needless = !post.passed_by_all(&snapshot).await?.is_empty();
    let mut subscriptions = subscriptions.into_iter();
    let delivered = RefCell::new(Delivered::default());
    let next = RefCell::new(&mut subscriptions);
    let worker = async || {
        loop {
            let Some((id, _)) = next.borrow_mut().next() else { return };
            if post.is_over() {
                delivered.borrow_mut().next = Some(ports.now());
                return;
            }
            let turn = Turn::new(&post, &id);
            let came = turn.run().await;
            let mut delivered = delivered.borrow_mut();
            match came {
                Ok(next) => delivered.add(turn.count(next)),
                Err(error) => {
                    // A newer program can go on at once, and has to be called for that.
                    let next = error.is_newer().then(|| ports.now());
                    delivered.add(turn.count(next));
                    delivered.broken += 1;
                    note_failure(
                        ports,
                        tenant,
                        Some(&format!("events/{}/{id}", api.number)),
                        &error,
                    );
                }
            }
        }
    };
    concurrently((0..AT_ONCE).map(|_| worker()).collect()).await;
    let delivered = delivered.into_inner();
    if delivered.is_any() || is_any_needless {
        post.sweep_log().await?;
    }
    Ok(delivered)
}

/// The same until nothing is due, for nobody who waits: the log is told if it fails.
pub async fn finish<P: Ports>(api: &'static Api, settings: &Settings, ports: &P, tenant: &Tenant) {
    if let Err(error) = deliver(api, settings, ports, tenant, Duration::MAX).await {
        note_failure(ports, tenant, None, &error);
    }
}

/// The subscriptions of an API, and how far they have come; nothing where only a newer version knows that.
/// One whose progress is damaged is as if it had ended: nothing is kept for it.
pub(super) async fn subscriptions<K: kv_tree::Kv>(
    api: &Api,
    snapshot: &Snapshot<K>,
) -> Result<Vec<(String, Option<Progress>)>, Error> {
    let range = KeyRange::prefix(progress::Keys::all(api));
    let mut scan = snapshot.scan(range, Order::Ascending).limit(MAX_SUBSCRIPTIONS);
    let mut subscriptions = Vec::new();
    while let Some((key, value)) = scan.next().await? {
        let key = String::from_utf8(key.to_vec()).map_err(Error::internal)?;
        let progress = match Progress::read(&key, &value) {
            Ok(progress) => Some(progress),
            Err(error) if error.is_newer() => None,
            Err(_) => Some(Progress { ended: Some(Ended::Gone), ..Progress::default() }),
        };
        subscriptions.push((place_in(&key).to_owned(), progress));
    }
    Ok(subscriptions)
}

/// What sending the events of a tenant has to do with.
struct Post<'p, P: Ports> {
    api: &'static Api,
    settings: &'p Settings,
    events: &'p EventSettings,
    ports: &'p P,
    tenant: &'p Tenant,
    tree: &'p kv_tree::Tree<P::Kv>,
    /// When the time is over.
    end: Timestamp,
    known: KnownEvents,
}

impl<P: Ports> Post<'_, P> {
    /// Whether others have to go on.
    fn is_over(&self) -> bool {
        self.ports.now() >= self.end || !self.ports.can_go_on()
    }
}

/// Goes on with all of the futures until all are done. There are few, so each looks whenever one is to.
async fn concurrently<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        match futures.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}
