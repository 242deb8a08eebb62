//! A store that does as a test says.

use std::cell::RefCell;
use std::time::Duration;

use bytes::Bytes;
use kv_tree::{Error, Event, Kv, KvError, Limits, Memory, Swapped};

/// A call that is about to be made.
#[derive(Debug)]
pub enum Call<'c> {
    /// `get`, `get_many` or `watch`
    Read(Vec<&'c str>),
    /// `watch_again`
    ReadAgain,
    /// `put_many`: of so many entries.
    Put(usize),
    /// `delete_many`
    Delete(&'c [String]),
    /// `swap`
    Swap,
    /// `create_zero`
    Create,
    /// `keys`
    Keys,
}

/// What was told to [`Kv::observe`].
#[derive(Debug, Clone)]
pub struct Failure {
    pub tree: String,
    pub task: &'static str,
    pub error: Error,
}

type Before<'t> = Box<dyn FnMut(&Call<'_>) -> bool + 't>;
type AfterSwap<'t> = Box<dyn FnMut(Swapped) -> Swapped + 't>;

/// A wrapper around a store in memory: it enforces limits, lets a test decide which calls fail and what
/// swaps are answered with, and remembers what fails behind the scenes.
pub struct Scripted<'t> {
    kv: Memory,
    limits: Limits,
    /// Whether it says that a call which fails has had no effect.
    says_so: bool,
    before: RefCell<Before<'t>>,
    after_swap: RefCell<AfterSwap<'t>>,
    failures: RefCell<Vec<Failure>>,
}

impl<'t> Scripted<'t> {
    pub fn new(kv: Memory) -> Self {
        Self {
            kv,
            limits: Limits::default(),
            says_so: false,
            before: RefCell::new(Box::new(|_| true)),
            after_swap: RefCell::new(Box::new(|answer| answer)),
            failures: RefCell::default(),
        }
    }

    /// Calls beyond `limits` fail.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Calls fail, without effect, for which `succeeds` is false.
    pub fn failing_unless(self, succeeds: impl FnMut(&Call<'_>) -> bool + 't) -> Self {
        Self { before: RefCell::new(Box::new(succeeds)), ..self }
    }

    /// The store says of calls that fail that they have had no effect.
    pub fn saying_so(self) -> Self {
        Self { says_so: true, ..self }
    }

    /// `answer` makes the answer of a swap of what the store has answered.
    pub fn answering_swaps(self, answer: impl FnMut(Swapped) -> Swapped + 't) -> Self {
        Self { after_swap: RefCell::new(Box::new(answer)), ..self }
    }

    /// What has failed behind the scenes since this was asked last.
    pub fn take_failures(&self) -> Vec<Failure> {
        self.failures.take()
    }

    fn begin(&self, name: &'static str, call: Call<'_>) -> Result<(), KvError> {
        let within_limits = match &call {
            Call::Read(keys) => keys.len() <= self.limits.read_batch,
            Call::Put(keys) => *keys <= self.limits.write_batch,
            Call::Delete(keys) => keys.len() <= self.limits.write_batch,
            Call::ReadAgain | Call::Swap | Call::Create | Call::Keys => true,
        };
        match within_limits {
            false => Err(KvError::new(name, "more than the store can take")),
            true if (self.before.borrow_mut())(&call) => Ok(()),
            true if self.says_so => Err(KvError::without_effect(name, "told to fail")),
            true => Err(KvError::new(name, "told to fail")),
        }
    }

    fn check_len(&self, name: &'static str, value: &[u8]) -> Result<(), KvError> {
        match value.len() <= self.limits.value_bytes {
            true => Ok(()),
            false => Err(KvError::new(name, "longer than the store can take")),
        }
    }
}

impl Kv for Scripted<'_> {
    type Watch = <Memory as Kv>::Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.begin("get", Call::Read(vec![key]))?;
        self.kv.get(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.begin("get_many", Call::Read(keys.iter().map(String::as_str).collect()))?;
        self.kv.get_many(keys).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.begin("put_many", Call::Put(entries.len()))?;
        entries.iter().try_for_each(|(_, value)| self.check_len("put_many", value))?;
        self.kv.put_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.begin("delete_many", Call::Delete(&keys))?;
        self.kv.delete_many(keys).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.begin("watch", Call::Read(vec![key]))?;
        self.kv.watch(key).await
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.begin("watch_again", Call::ReadAgain)?;
        self.kv.watch_again(watch).await
    }

    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.begin("swap", Call::Swap)?;
        self.check_len("swap", &value)?;
        let answer = self.kv.swap(watch, value).await?;
        Ok((self.after_swap.borrow_mut())(answer))
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.begin("create_zero", Call::Create)?;
        self.kv.create_zero(key).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.begin("keys", Call::Keys)?;
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
        self.limits
    }

    fn observe(&self, event: &Event<'_>) {
        if let Event::HousekeepingFailed { tree, task, error } = event {
            let failure = Failure { tree: (*tree).into(), task, error: (*error).clone() };
            self.failures.borrow_mut().push(failure);
        }
    }
}
