//! Reads that may be older than what was written, as where `consistent_read` is not set.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_tree::{Kv, KvError, Limits, Swapped, Watched};

use crate::kv::{DynamoKv, Watch};

/// What a key had, and since when.
type Past = Vec<(Instant, Option<Bytes>)>;

/// A store of which all but what is read in order to be swapped may be older than it is. Clones share
/// what there was.
#[derive(Clone)]
pub struct Stale {
    kv: DynamoKv,
    /// How old at most.
    by: Duration,
    past: Rc<RefCell<HashMap<String, Past>>>,
    /// How many reads were.
    count: Rc<Cell<u32>>,
}

impl Stale {
    pub fn new(kv: DynamoKv, by: Duration) -> Self {
        Self { kv, by, past: Rc::default(), count: Rc::default() }
    }

    /// How many reads were older than what was written.
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    fn note(&self, key: &str, value: Option<Bytes>) {
        self.past.borrow_mut().entry(key.to_owned()).or_default().push((Instant::now(), value));
    }

    /// What the key had at a random time.
    fn some_time_ago(&self, key: &str, now: Option<Bytes>) -> Option<Bytes> {
        let time = Instant::now().checked_sub(self.by.mul_f64(fastrand::f64())).unwrap();
        let past = self.past.borrow();
        let Some(past) = past.get(key) else { return now };
        let at = past.iter().rev().find(|(at, _)| *at <= time);
        let then = at.and_then(|(_, value)| value.clone());
        self.count.set(self.count.get() + u32::from(then != now));
        then
    }
}

impl Kv for Stale {
    type Watch = (String, Watch);

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        Ok(self.some_time_ago(key, self.kv.get(key).await?))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let values = self.kv.get_many(keys).await?;
        Ok(keys.iter().zip(values).map(|(key, value)| self.some_time_ago(key, value)).collect())
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.kv.put_many(entries.clone()).await?;
        entries.into_iter().for_each(|(key, value)| self.note(&key, Some(value.into())));
        Ok(())
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.kv.delete_many(keys.clone()).await?;
        keys.iter().for_each(|key| self.note(key, None));
        Ok(())
    }

    async fn watch(&self, key: &str) -> Result<Watched<Self::Watch>, KvError> {
        let (value, watch) = self.kv.watch(key).await?;
        Ok((value, (key.to_owned(), watch)))
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.kv.watch_again(&mut watch.1).await
    }

    async fn swap(&self, (key, watch): Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let swapped = self.kv.swap(watch, value.clone()).await?;
        if swapped == Swapped::Done {
            self.note(&key, Some(value.into()));
        }
        Ok(swapped)
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.kv.create_zero(key).await?;
        self.note(key, self.kv.get(key).await?);
        Ok(())
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.kv.keys(prefix, visit).await
    }

    async fn pause(&self, duration: Duration) {
        self.kv.pause(duration).await;
    }

    fn now(&self) -> Duration {
        self.kv.now()
    }

    fn elapsed(&self) -> Duration {
        self.kv.elapsed()
    }

    fn limits(&self) -> Limits {
        self.kv.limits()
    }
}
