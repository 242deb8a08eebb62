//! A store that does anything a store may do, at random.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use kv_tree::{Event, Kv, KvError, Limits, Memory, Swapped, Watched};

/// A wrapper around a store, for one instance. Every call takes some steps before and after
/// its effect. Some fail, some lose their replies, and those take long to fail. Swaps go wrong twice as
/// often, and in two more ways: they are refused though done, or fail and have their effect while later
/// calls are made.
pub struct Chaotic<K: Kv = Memory> {
    kv: K,
    random: Cell<u64>,
    /// Of so many calls one fails, and one loses its reply.
    of: u64,
    late: RefCell<Vec<LateSwap<K>>>,
}

/// A swap that has failed, and happens when so many other calls have been made.
struct LateSwap<K: Kv> {
    calls_left: u64,
    watch: K::Watch,
    value: Vec<u8>,
}

impl<K: Kv> Chaotic<K> {
    /// `seed`, which is not 0, and `of` decide what goes wrong.
    pub fn new(kv: K, seed: u64, of: u64) -> Self {
        Self { kv, random: Cell::new(seed), of, late: RefCell::default() }
    }

    /// Lets all swaps happen that are still late.
    pub async fn deliver(&self) {
        for late in self.late.take() {
            self.kv.swap(late.watch, late.value).await.unwrap();
        }
    }

    fn below(&self, bound: u64) -> u64 {
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        self.random.set(random);
        (random >> 20) % bound
    }

    /// Takes fewer steps than `bound`.
    async fn idle(&self, bound: u64) {
        for _ in 0..self.below(bound) {
            self.kv.pause(Duration::ZERO).await;
        }
    }

    async fn begin(&self) {
        let mut waiting = self.late.take();
        waiting.iter_mut().for_each(|late| late.calls_left -= 1);
        let (due, waiting) = waiting.into_iter().partition(|late| late.calls_left == 0);
        self.late.replace(waiting);
        for LateSwap { watch, value, .. } in due {
            self.kv.swap(watch, value).await.unwrap();
        }
        self.idle(3).await;
    }

    async fn call<T>(
        &self,
        name: &'static str,
        effect: impl Future<Output = Result<T, KvError>>,
    ) -> Result<T, KvError> {
        self.begin().await;
        match self.below(self.of) {
            0 => {
                self.idle(8).await;
                Err(KvError::new(name, "failed"))
            }
            1 => {
                effect.await?;
                self.idle(40).await;
                Err(KvError::new(name, "the reply was lost"))
            }
            _ => {
                let answer = effect.await;
                self.idle(3).await;
                answer
            }
        }
    }
}

impl<K: Kv> Kv for Chaotic<K> {
    type Watch = K::Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.call("get", self.kv.get(key)).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.call("get_many", self.kv.get_many(keys)).await
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        self.call("get_knowing", self.kv.get_knowing(keys, known)).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.call("put_many", self.kv.put_many(entries)).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.call("delete_many", self.kv.delete_many(keys)).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.call("watch", self.kv.watch(key)).await
    }

    async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<Watched<Self::Watch>, KvError> {
        self.call("watch_knowing", self.kv.watch_knowing(key, known)).await
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.call("watch_again", self.kv.watch_again(watch)).await
    }

    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        Ok(self.swap_and_watch(watch, value).await?.0)
    }

    async fn swap_and_watch(
        &self,
        watch: Self::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Self::Watch>>), KvError> {
        self.begin().await;
        match self.below(self.of / 2) {
            0 => {
                self.idle(8).await;
                Err(KvError::new("swap", "failed"))
            }
            1 => {
                self.kv.swap(watch, value).await?;
                self.idle(60).await;
                Err(KvError::new("swap", "the reply was lost"))
            }
            2 => {
                self.kv.swap(watch, value).await?;
                self.idle(60).await;
                Ok((Swapped::Refused, None))
            }
            3 => {
                let calls_left = 1 + self.below(30);
                self.late.borrow_mut().push(LateSwap { calls_left, watch, value });
                self.idle(20).await;
                Err(KvError::new("swap", "it is late"))
            }
            _ => {
                let answer = self.kv.swap_and_watch(watch, value).await;
                self.idle(10).await;
                answer
            }
        }
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.call("create_zero", self.kv.create_zero(key)).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.call("keys", self.kv.keys(prefix, visit)).await
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

    fn observe(&self, event: &Event<'_>) {
        self.kv.observe(event);
    }
}
