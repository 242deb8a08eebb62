//! A node, as its trees see it: a store that all share, at a distance.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use kv_tree::{Event, Kv, KvError, Memory, Swapped, Watched};

use super::executor::Clock;

/// By which part of it a way to the store takes longer or shorter, at most. Without that, nodes would walk
/// in step.
const JITTER: f64 = 0.1;

/// What nodes have done since some time.
#[derive(Default)]
pub struct Counts {
    pub since: Duration,
    /// Calls to the store.
    pub calls: Cell<u64>,
    pub commits: Cell<u64>,
    /// How many swaps were tried for these commits.
    pub attempts: Cell<u64>,
    /// How many requests these commits were for.
    pub committed: Cell<u64>,
}

/// A node's way to the store that it shares with others. A call takes a round trip and has its effect in
/// the middle of it; any number of them are under way at once.
pub struct Node {
    store: Memory,
    clock: Clock,
    /// What time it was, since 1970, when the clock began.
    begin: Duration,
    round_trip: Duration,
    random: RefCell<fastrand::Rng>,
    counts: Rc<Counts>,
}

impl Node {
    /// A node that is `round_trip` away from the store; `seed` decides how long each way takes.
    pub fn new(
        store: Memory,
        clock: Clock,
        round_trip: Duration,
        seed: u64,
        counts: Rc<Counts>,
    ) -> Self {
        let (begin, random) = (store.now(), fastrand::Rng::with_seed(seed).into());
        Self { store, clock, begin, round_trip, random, counts }
    }

    /// Half of a round trip.
    async fn way(&self) {
        let part = 1.0 - JITTER + 2.0 * JITTER * self.random.borrow_mut().f64();
        self.clock.sleep(self.round_trip.mul_f64(part / 2.0)).await;
    }

    async fn call<T>(&self, effect: impl Future<Output = T>) -> T {
        self.count(|counts| &counts.calls, 1);
        self.way().await;
        let outcome = effect.await;
        self.way().await;
        outcome
    }

    fn count(&self, what: impl Fn(&Counts) -> &Cell<u64>, number: u64) {
        if self.clock.now() >= self.counts.since {
            let count = what(&self.counts);
            count.set(count.get() + number);
        }
    }
}

impl Kv for Node {
    type Watch = <Memory as Kv>::Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.call(self.store.get(key)).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.call(self.store.get_many(keys)).await
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        self.call(self.store.get_knowing(keys, known)).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.call(self.store.put_many(entries)).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.call(self.store.delete_many(keys)).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.call(self.store.watch(key)).await
    }

    async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<Watched<Self::Watch>, KvError> {
        self.call(self.store.watch_knowing(key, known)).await
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.call(self.store.watch_again(watch)).await
    }

    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.call(self.store.swap(watch, value)).await
    }

    async fn swap_and_watch(
        &self,
        watch: Self::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Self::Watch>>), KvError> {
        self.call(self.store.swap_and_watch(watch, value)).await
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.call(self.store.create_zero(key)).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.call(self.store.keys(prefix, visit)).await
    }

    async fn pause(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.begin + self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.clock.now()
    }

    fn observe(&self, event: &Event<'_>) {
        if let Event::Committed { requests, attempts, .. } = event {
            self.count(|counts| &counts.commits, 1);
            self.count(|counts| &counts.attempts, u64::from(*attempts));
            self.count(|counts| &counts.committed, *requests as u64);
        }
    }
}
