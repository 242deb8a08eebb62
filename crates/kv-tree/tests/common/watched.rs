//! A store that knows what every commit has shown of some logs.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use kv_tree::{Error, Event, KeyRange, Kv, KvError, Limits, Memory, Order, Snapshot, Swapped};

use super::{run, tree};

/// Entries of a log, in order.
pub type Entries = Vec<(Bytes, Bytes)>;

/// Prefixes that are appended to.
pub const LOGS: [&str; 2] = ["log/a/", "log/b/"];

/// What a commit shows: its number, and the entries of both logs.
#[derive(Debug, Clone)]
pub struct Shown {
    pub commit: u64,
    pub logs: [Entries; 2],
}

impl Shown {
    async fn of<K: Kv>(snapshot: &Snapshot<K>) -> Result<Self, Error> {
        let mut logs = [Vec::new(), Vec::new()];
        for (log, prefix) in logs.iter_mut().zip(LOGS) {
            *log = entries(snapshot, prefix).await?;
        }
        Ok(Self { commit: snapshot.commit(), logs })
    }
}

/// All entries below a prefix.
pub async fn entries<K: Kv>(snapshot: &Snapshot<K>, prefix: &str) -> Result<Entries, Error> {
    let mut scan = snapshot.scan(KeyRange::prefix(prefix), Order::Ascending);
    let mut entries = Vec::new();
    while let Some(entry) = scan.next().await? {
        entries.push(entry);
    }
    Ok(entries)
}

/// The number of the commit and the place in it that an appended key tells.
pub fn numbers(key: &[u8]) -> (u64, usize) {
    let digits = std::str::from_utf8(&key[LOGS[0].len()..]).unwrap();
    assert_eq!((digits.len(), digits.to_lowercase()), (24, digits.to_owned()));
    let number = u64::from_str_radix(&digits[..16], 16).unwrap();
    (number, usize::from_str_radix(&digits[16..], 16).unwrap())
}

/// A store in memory with a tree in it, which is looked at after every swap.
#[derive(Clone)]
pub struct Watched {
    pub kv: Memory,
    commits: Rc<RefCell<Vec<Shown>>>,
}

impl Watched {
    pub fn new(kv: Memory) -> Self {
        Self { kv, commits: Rc::default() }
    }

    /// Checks that every commit has added nothing but keys of its own number, behind all others, and has
    /// left no place out. Returns what there is in the end.
    pub fn check(&self) -> Shown {
        let mut before = Shown { commit: 0, logs: Default::default() };
        for shown in self.commits.borrow().iter() {
            assert!(shown.commit >= before.commit, "{} after {}", shown.commit, before.commit);
            let mut places = Vec::new();
            for (log, old) in shown.logs.iter().zip(&before.logs) {
                assert_eq!(log[..old.len().min(log.len())], old[..], "in {}", shown.commit);
                for (key, _) in &log[old.len()..] {
                    let (number, place) = numbers(key);
                    assert_eq!(number, shown.commit);
                    places.push(place);
                }
            }
            places.sort_unstable();
            assert_eq!(places, (0..places.len()).collect::<Vec<_>>(), "in {}", shown.commit);
            before = shown.clone();
        }
        before
    }
}

impl Kv for Watched {
    type Watch = <Memory as Kv>::Watch;

    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        Ok(self.swap_and_watch(watch, value).await?.0)
    }

    async fn swap_and_watch(
        &self,
        watch: Self::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<kv_tree::Watched<Self::Watch>>), KvError> {
        let answer = self.kv.swap_and_watch(watch, value).await?;
        if answer.0 == Swapped::Done {
            let shown = async { Shown::of(&tree(self.kv.clone()).snapshot().await?).await };
            self.commits.borrow_mut().push(run(shown).unwrap());
        }
        Ok(answer)
    }

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

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.kv.watch(key).await
    }

    async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<kv_tree::Watched<Self::Watch>, KvError> {
        self.kv.watch_knowing(key, known).await
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.kv.watch_again(watch).await
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
