//! Stores whose clocks can be moved: retired pages are deleted after a minute, and that is to be measured
//! too.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use kv_tree::{Event, Kv, KvError, Limits, Memory, Swapped, Watched};
use sqlite_store::NativeKv;

/// A store whose clock can be moved.
pub trait Clock: Kv {
    /// Moves it forward.
    fn advance(&self, duration: Duration);
}

impl Clock for Memory {
    fn advance(&self, duration: Duration) {
        Memory::advance(self, duration);
    }
}

impl Clock for NativeKv {
    fn advance(&self, duration: Duration) {
        NativeKv::advance(self, duration);
    }
}

/// Makes a store one whose clock can be moved.
pub struct Movable<K> {
    kv: K,
    /// How far its clocks are ahead of the store's.
    ahead: Cell<Duration>,
}

impl<K> Movable<K> {
    /// Wraps `kv`.
    pub fn new(kv: K) -> Self {
        Self { kv, ahead: Cell::default() }
    }
}

impl<K: Kv> Clock for Movable<K> {
    fn advance(&self, duration: Duration) {
        self.ahead.set(self.ahead.get().saturating_add(duration));
    }
}

impl<K: Kv> Kv for Movable<K> {
    type Watch = K::Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.kv.get(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.kv.get_many(keys).await
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        self.kv.get_knowing(keys, known).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.kv.put_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.kv.delete_many(keys).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, K::Watch), KvError> {
        self.kv.watch(key).await
    }

    async fn watch_knowing(&self, key: &str, known: &Bytes) -> Result<Watched<K::Watch>, KvError> {
        self.kv.watch_knowing(key, known).await
    }

    async fn watch_again(&self, watch: &mut K::Watch) -> Result<Option<Bytes>, KvError> {
        self.kv.watch_again(watch).await
    }

    async fn swap(&self, watch: K::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.kv.swap(watch, value).await
    }

    async fn swap_and_watch(
        &self,
        watch: K::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<K::Watch>>), KvError> {
        self.kv.swap_and_watch(watch, value).await
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.kv.create_zero(key).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.kv.keys(prefix, visit).await
    }

    async fn pause(&self, duration: Duration) {
        self.kv.pause(duration).await;
    }

    fn now(&self) -> Duration {
        self.kv.now().saturating_add(self.ahead.get())
    }

    fn elapsed(&self) -> Duration {
        self.kv.elapsed().saturating_add(self.ahead.get())
    }

    fn limits(&self) -> Limits {
        self.kv.limits()
    }

    fn observe(&self, event: &Event<'_>) {
        self.kv.observe(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_move() {
        let memory = Memory::default();
        let kv = Movable::new(memory.clone());
        kv.advance(Duration::from_secs(2));
        kv.advance(Duration::from_secs(3));
        memory.advance(Duration::from_secs(1));
        assert_eq!(kv.elapsed(), Duration::from_secs(6));
        assert_eq!(kv.now(), memory.now() + Duration::from_secs(5));
    }
}
