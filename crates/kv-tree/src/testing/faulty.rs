//! A store that fails when it is told to, for tests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::{Event, Kv, KvError, Limits, Swapped, Watched};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and has no effect.
    Fail,
    /// The call has its effect, but its answer is an error.
    LoseReply,
    /// A swap has its effect, but is refused, as by a store whose client sends again what was not
    /// answered. Other calls lose their replies.
    RefusedButDone,
    /// A swap fails, and has its effect after the caller's next call, if it still can. Other calls
    /// lose their replies.
    Late,
    /// The caller dies before the call: neither this one nor any later one has an effect.
    Crash,
    /// The caller dies after the call.
    CrashAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Fail,
        Self::LoseReply,
        Self::RefusedButDone,
        Self::Late,
        Self::Crash,
        Self::CrashAfter,
    ];
}

/// A wrapper around a store whose calls fail as planned. It stands for one caller; others reach the
/// store that it wraps by wrappers of their own.
pub struct Faulty<K: Kv> {
    kv: K,
    plan: RefCell<BTreeMap<u64, Fault>>,
    calls: Cell<u64>,
    crashed: Cell<bool>,
    late_swap: RefCell<Option<(K::Watch, Vec<u8>)>>,
}

impl<K: Kv> Faulty<K> {
    /// Wraps `kv`, with the faults by the number of the call; the first is call 0. Pauses and the
    /// clock are no calls.
    pub fn new(kv: K, plan: impl IntoIterator<Item = (u64, Fault)>) -> Self {
        Self {
            kv,
            plan: RefCell::new(plan.into_iter().collect()),
            calls: Cell::new(0),
            crashed: Cell::new(false),
            late_swap: RefCell::new(None),
        }
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// Whether the caller has died.
    pub fn has_crashed(&self) -> bool {
        self.crashed.get()
    }

    async fn call<T>(
        &self,
        name: &'static str,
        effect: impl Future<Output = Result<T, KvError>>,
    ) -> Result<T, KvError> {
        let failed = |words| Err(KvError::new(name, words));
        let fault = self.plan.borrow_mut().remove(&self.calls.get());
        self.calls.set(self.calls.get() + 1);
        if self.crashed.get() || fault == Some(Fault::Crash) {
            self.crashed.set(true);
            return failed("the caller has crashed");
        }
        let late_swap = self.late_swap.take();
        let answer = match fault {
            Some(Fault::Fail) => failed("told to fail"),
            Some(Fault::LoseReply | Fault::RefusedButDone | Fault::Late) => {
                effect.await?;
                failed("told to lose the reply")
            }
            Some(Fault::CrashAfter) => {
                effect.await?;
                self.crashed.set(true);
                failed("the caller has crashed")
            }
            Some(Fault::Crash) | None => effect.await,
        };
        if let Some((watch, value)) = late_swap {
            self.kv.swap(watch, value).await?;
        }
        answer
    }
}

impl<K: Kv> Kv for Faulty<K> {
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

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, K::Watch), KvError> {
        self.call("watch", self.kv.watch(key)).await
    }

    async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<Watched<Self::Watch>, KvError> {
        self.call("watch_knowing", self.kv.watch_knowing(key, known)).await
    }

    async fn watch_again(&self, watch: &mut K::Watch) -> Result<Option<Bytes>, KvError> {
        self.call("watch_again", self.kv.watch_again(watch)).await
    }

    async fn swap(&self, watch: K::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        if self.plan.borrow().get(&self.calls.get()) == Some(&Fault::Late) {
            let late = async {
                self.late_swap.replace(Some((watch, value)));
                Err(KvError::new("swap", "told to be late"))
            };
            return self.call("swap", late).await;
        }
        if self.plan.borrow().get(&self.calls.get()) == Some(&Fault::RefusedButDone) {
            self.plan.borrow_mut().remove(&self.calls.get());
            let twice = async {
                self.kv.swap(watch, value).await?;
                Ok(Swapped::Refused)
            };
            return self.call("swap", twice).await;
        }
        self.call("swap", self.kv.swap(watch, value)).await
    }

    async fn swap_and_watch(
        &self,
        watch: K::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<K::Watch>>), KvError> {
        if self.plan.borrow().contains_key(&self.calls.get()) {
            return Ok((self.swap(watch, value).await?, None));
        }
        self.call("swap", self.kv.swap_and_watch(watch, value)).await
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
