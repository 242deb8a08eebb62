//! A store in memory, for tests.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;

use crate::{IDENTITY_BYTES, Kv, KvError, Swapped, Watched};

/// A store in memory that behaves as Spin's SQLite store does: the swap of a key that was absent
/// when watched is an unconditional write.
///
/// Clones share their data. Every call yields once before it takes effect, so that a test which
/// polls several futures decides the order of their effects.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    values: Arc<Mutex<BTreeMap<String, Bytes>>>,
    /// Microseconds since the store came into being.
    elapsed: Arc<AtomicU64>,
    /// By how many microseconds the caller's clock is wrong.
    ahead: Arc<AtomicI64>,
    /// How long a call of this caller takes.
    call_takes: Duration,
}

/// The time at which a store comes into being, since 1970.
const BEGIN: Duration = Duration::from_secs(1_800_000_000);

impl Memory {
    /// All keys and values, for a test to look at.
    pub fn contents(&self) -> BTreeMap<String, Bytes> {
        self.lock().clone()
    }

    /// Lets time go on, which stands still but for pauses.
    pub fn advance(&self, duration: Duration) {
        let duration = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.elapsed.fetch_add(duration, Ordering::Relaxed);
    }

    /// The same store, for a caller whose clock can be wrong by itself.
    pub fn with_own_clock(&self) -> Self {
        Self { ahead: Arc::default(), ..self.clone() }
    }

    /// The same store, for a caller that is so far away that a call takes the time.
    pub fn at_distance(&self, round_trip: Duration) -> Self {
        Self { call_takes: round_trip, ..self.clone() }
    }

    /// Lets others take their turn, and the time of a call pass.
    async fn reach(&self) {
        Yield::default().await;
        self.advance(self.call_takes);
    }

    /// Sets the clock of this caller, and its clones, so many seconds ahead of the right one.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.ahead.store(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        // No call can panic half-way through a change, so a poisoned map is still whole.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was read of a key in order to swap it.
#[derive(Debug)]
pub struct Watch {
    key: String,
    seen: Option<Bytes>,
}

/// The value, or the one that is known if it begins the same. A store that compares no more depends on their being the
/// same then.
fn unless_known(value: Bytes, known: &Bytes) -> Bytes {
    match value.get(..IDENTITY_BYTES) == known.get(..IDENTITY_BYTES) {
        true => {
            assert_eq!(value, known, "two values begin with the same bytes");
            known.clone()
        }
        false => value,
    }
}

impl Kv for Memory {
    type Watch = Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.reach().await;
        Ok(self.lock().get(key).cloned())
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.reach().await;
        let values = self.lock();
        Ok(keys.iter().map(|key| values.get(key).cloned()).collect())
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        let mut values = self.get_many(keys).await?;
        if let Some(Some(first)) = values.first_mut() {
            *first = unless_known(first.clone(), known);
        }
        Ok(values)
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.reach().await;
        self.lock().extend(entries.into_iter().map(|(key, value)| (key, value.into())));
        Ok(())
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.reach().await;
        let mut values = self.lock();
        for key in keys {
            values.remove(&key);
        }
        Ok(())
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Watch), KvError> {
        let seen = self.get(key).await?;
        Ok((seen.clone(), Watch { key: key.to_owned(), seen }))
    }

    async fn watch_knowing(&self, key: &str, known: &Bytes) -> Result<Watched<Watch>, KvError> {
        let (value, watch) = self.watch(key).await?;
        Ok((value.map(|value| unless_known(value, known)), watch))
    }

    async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        watch.seen = self.get(&watch.key).await?;
        Ok(watch.seen.clone())
    }

    async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        Ok(self.swap_and_watch(watch, value).await?.0)
    }

    async fn swap_and_watch(
        &self,
        watch: Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Watch>>), KvError> {
        self.reach().await;
        let mut values = self.lock();
        let now = values.get(&watch.key);
        if watch.seen.is_some() && now != watch.seen.as_ref() {
            let seen = now.cloned();
            return Ok((Swapped::Lost, Some((seen.clone(), Watch { seen, ..watch }))));
        }
        let value = Bytes::from(value);
        values.insert(watch.key.clone(), value.clone());
        let seen = Some(value);
        Ok((Swapped::Done, Some((seen.clone(), Watch { seen, ..watch }))))
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.reach().await;
        self.lock().entry(key.to_owned()).or_insert_with(|| Bytes::from_static(&[0; 8]));
        Ok(())
    }

    async fn keys(&self, prefix: &str, mut visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.reach().await;
        let keys: Vec<_> =
            self.lock().keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        keys.iter().for_each(|key| visit(key));
        Ok(())
    }

    async fn pause(&self, duration: Duration) {
        Yield::default().await;
        self.advance(duration);
    }

    fn now(&self) -> Duration {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let distance = Duration::from_micros(ahead.unsigned_abs());
        let right = BEGIN + self.elapsed();
        if ahead < 0 { right.saturating_sub(distance) } else { right + distance }
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed.load(Ordering::Relaxed))
    }
}

/// Pending once, then ready.
#[derive(Default)]
struct Yield {
    yielded: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
