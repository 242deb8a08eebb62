//! Running futures step by step, and random writes.

// Each test file uses a part of this.
#![allow(dead_code)]

pub mod chaos;
pub mod scripted;
pub mod watched;
pub mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use kv_tree::{
    Error, Fault, KeyRange, Kv, Memory, Metered, Order, Snapshot, Store, Transaction, Tree,
    TreeName,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A value of which two are too much for the buffer of a head: the second commit fills it.
pub const HALF: usize = 9_000;

/// A value that is too large for the head of a tree that nobody else writes to, which has up to 16 KiB.
pub const FLUSHED: usize = 17_000;

/// A value that crowds a head while others write: nothing much fits beside it.
pub const CROWDING: usize = 40_000;

/// A value that is too large for a head even while others write, which has up to 64 KiB.
pub const LARGE: usize = 80_000;

/// How long a call to a store takes that is far.
pub const FAR: Duration = Duration::from_millis(10);

/// What a tree should hold.
pub type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// The tree that the tests use, as an instance that has just started sees it.
pub fn tree<K: Kv>(kv: K) -> Tree<K> {
    Store::new(kv).tree(TreeName::new("tenant.accounts").unwrap())
}

/// The same with nodes of the size: small ones make a high tree of little data.
pub fn tree_of_nodes<K: Kv>(kv: K, node_bytes: usize) -> Tree<K> {
    Store::with_node_bytes(kv, node_bytes).tree(TreeName::new("tenant.accounts").unwrap())
}

/// At least so many cases of a property; more with `PROPTEST_CASES`.
pub fn at_least(cases: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(cases), ..config }
}

/// Checks that the store has what the tree needs and nothing else.
pub fn assert_nothing_is_left_over(memory: &Memory) {
    let mut used = run(tree(memory.clone()).audit()).unwrap().keys;
    used.insert("tenant.accounts".into());
    assert_eq!(memory.contents().into_keys().collect::<BTreeSet<_>>(), used);
}

/// All that an instance reads of the newest commit.
pub async fn read_all<K: Kv>(tree: &Tree<K>) -> Result<Model, Error> {
    entries(&tree.snapshot().await?).await
}

/// All that a snapshot shows, of which it knows how many they are.
pub async fn read<K: Kv>(snapshot: &Snapshot<K>) -> Result<Model, Error> {
    let model = entries(snapshot).await?;
    assert_eq!(snapshot.count(&KeyRange::all()).await?, model.len() as u64);
    Ok(model)
}

async fn entries<K: Kv>(snapshot: &Snapshot<K>) -> Result<Model, Error> {
    let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending);
    let mut model = Model::new();
    while let Some((key, value)) = scan.next().await? {
        model.insert(key.to_vec(), value.to_vec());
    }
    Ok(model)
}

/// A store with the same contents, at the same time.
pub fn copy(memory: &Memory) -> Memory {
    let copy = Memory::default();
    let contents = memory.contents().into_iter().map(|(key, value)| (key, value.to_vec()));
    run(copy.put_many(contents.collect())).unwrap();
    copy.advance(memory.elapsed() - copy.elapsed());
    copy
}

/// The keys of pages that nobody needs who reads the newest commit: retired ones, those of their list,
/// and those that were left over.
pub fn unread_pages(memory: &Memory) -> BTreeSet<String> {
    let is_unread = |key: &String| {
        let lacking = copy(memory);
        run(lacking.delete_many(vec![key.clone()])).unwrap();
        run(read_all(&tree(lacking))).is_ok()
    };
    let pages = memory.contents().into_keys().filter(|key| key.matches(':').count() == 2);
    pages.filter(is_unread).collect()
}

/// Polls `future` until it is done.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

pub type Task<'t, T> = Pin<Box<dyn Future<Output = T> + 't>>;

/// Polls `tasks` in the order that `schedule` chooses, and then in turn, until all are done. Returns
/// what each of them returned.
pub fn interleave<T>(tasks: Vec<Task<'_, T>>, schedule: &[usize]) -> Vec<T> {
    let mut tasks: Vec<_> = tasks.into_iter().enumerate().collect();
    let mut results: Vec<Option<T>> = tasks.iter().map(|_| None).collect();
    let mut step = 0;
    while !tasks.is_empty() {
        let choice = schedule.get(step).copied().unwrap_or(step) % tasks.len();
        step += 1;
        assert!(step < 1_000_000, "the tasks wait for one another");
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(value) = tasks[choice].1.as_mut().poll(&mut context) {
            let (task, _) = tasks.swap_remove(choice);
            results[task] = Some(value);
        }
    }
    results.into_iter().map(Option::unwrap).collect()
}

/// One write of a transaction.
#[derive(Debug, Clone)]
pub enum Write {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
}

impl Write {
    pub fn apply<K: Kv>(&self, transaction: &mut Transaction<K>) {
        match self.clone() {
            Self::Put(key, value) => transaction.put(key, value),
            Self::Delete(key) => transaction.delete(key),
        }
    }

    pub fn apply_to(&self, model: &mut Model) {
        match self.clone() {
            Self::Put(key, value) => {
                model.insert(key, value);
            }
            Self::Delete(key) => {
                model.remove(&key);
            }
        }
    }
}

/// Keys that are often the same, often share a prefix, and hold all sorts of bytes.
pub fn key() -> impl Strategy<Value = Vec<u8>> {
    let short = vec(prop::sample::select(&[0_u8, 1, b'a', b'b', 254, 255][..]), 0..5);
    let numbered = (0..400_u32).prop_map(|n| format!("i/name/{n:05}").into_bytes());
    prop_oneof![2 => short, 3 => numbered]
}

/// Values of which a page holds many, few or one, and some that get pages of their own.
pub fn value() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![
        4 => 0..9_usize,
        3 => 200..500_usize,
        3 => 1400..2048_usize,
        1 => 2049..6000_usize,
    ];
    (any::<u8>(), len).prop_map(|(byte, len)| vec![byte; len])
}

pub fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => (key(), value()).prop_map(|(key, value)| Write::Put(key, value)),
        1 => key().prop_map(Write::Delete),
    ]
}

/// Everything that can go wrong with a call.
pub const FAULTS: [Fault; 6] = Fault::ALL;

pub fn fault() -> impl Strategy<Value = Fault> {
    prop::sample::select(&FAULTS[..])
}

/// Commits `writes` as one transaction.
pub async fn commit<K: Kv>(tree: &Tree<K>, writes: &[Write]) -> Result<(), Error> {
    tree.transact(async |transaction| {
        writes.iter().for_each(|write| write.apply(transaction));
        Ok(())
    })
    .await
}

/// Puts a value of `size` at `key`, having read nothing.
pub async fn put<K: Kv>(tree: &Tree<K>, key: String, size: usize) -> Result<(), Error> {
    tree.transact(async |transaction| {
        transaction.put(key.clone(), vec![1; size]);
        Ok(())
    })
    .await
}

/// Polls `task` until its first write has taken effect.
pub fn poll_to_write<T>(task: &mut Task<'_, T>, kv: &Metered<impl Kv>) {
    let before = kv.usage().write_calls;
    while kv.usage().write_calls == before {
        assert!(poll(task).is_pending());
    }
    assert!(poll(task).is_pending());
}

/// Polls `future` up to so many times and then drops it, as when a client has gone: `None`.
pub async fn within<T>(mut polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Polls `task` once.
pub fn poll<T>(task: &mut Task<'_, T>) -> Poll<T> {
    task.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
