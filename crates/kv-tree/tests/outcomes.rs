//! Finding 2: a swap that the store answers with `Refused` although its client's first try was
//! applied. `Swapped::Refused` says that this can be ("it may be nevertheless"); AWS's SDK, for one,
//! sends a conditional write again that was not answered.
mod common;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use common::{put, run, tree};
use kv_tree::{Error, Kv, KvError, Memory, Swapped, Tree};

/// A store whose client sends the n-th swap twice, because the first answer was lost. `between` runs
/// between the two.
struct Retrying<'b> {
    kv: Memory,
    swaps: Cell<u32>,
    twice: u32,
    between: RefCell<Option<Box<dyn FnMut() + 'b>>>,
}

impl<'b> Retrying<'b> {
    fn new(kv: Memory, twice: u32, between: impl FnMut() + 'b) -> Self {
        Self { kv, swaps: Cell::new(0), twice, between: RefCell::new(Some(Box::new(between))) }
    }
}

impl Kv for Retrying<'_> {
    type Watch = (String, <Memory as Kv>::Watch);
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.kv.get(key).await
    }
    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.kv.get_many(keys).await
    }
    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.kv.put_many(entries).await
    }
    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.kv.delete_many(keys).await
    }
    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        let (value, watch) = self.kv.watch(key).await?;
        Ok((value, (key.to_owned(), watch)))
    }
    async fn watch_again(&self, (_, watch): &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.kv.watch_again(watch).await
    }
    async fn swap(&self, (_, watch): Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let number = self.swaps.replace(self.swaps.get() + 1);
        let first = self.kv.swap(watch, value).await?;
        if number != self.twice {
            return Ok(first);
        }
        assert_eq!(first, Swapped::Done, "the first try is applied; its answer is lost");
        if let Some(mut between) = self.between.take() {
            between();
        }
        // The second try: the key has another value than it expects.
        Ok(Swapped::Refused)
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
}

/// The creator's swap of the root is applied, another instance commits, the creator's second try is
/// refused: the creator deletes "its" head, which is everybody's.
#[test]
fn creating_a_tree_deletes_it() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    let acknowledged = Cell::new(false);
    let creator = tree(Retrying::new(memory.clone(), 0, || {
        run(put(&other, "acknowledged".into(), 10)).unwrap();
        acknowledged.set(true);
    }));
    let outcome = run(put(&creator, "own".into(), 10));
    assert!(acknowledged.get());
    let read = async |tree: Tree<Memory>| tree.snapshot().await?.get("acknowledged").await;
    let value = run(read(tree(memory.clone())));
    assert!(matches!(value, Ok(Some(_))), "the creator: {outcome:?}; whoever reads: {value:?}");
}

/// A commit is applied, eight others follow, the second try is refused. The body runs again on top of
/// what it has done.
#[test]
fn a_commit_happens_twice() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    run(put(&other, "first".into(), 10)).unwrap();
    memory.advance(Duration::from_secs(2));
    let retrying = tree(Retrying::new(memory.clone(), 0, || {
        for number in 0..8 {
            run(put(&other, format!("other/{number}"), 10)).unwrap();
        }
    }));
    run(retrying.transact(async |transaction| {
        let count = transaction.get("counter").await?.map_or(0, |value| value[0]);
        transaction.put("counter", vec![count + 1]);
        Ok::<_, Error>(())
    }))
    .unwrap();
    let counter = run(run(other.snapshot()).unwrap().get("counter")).unwrap().unwrap();
    assert_eq!(counter[0], 1, "one acknowledged increment");
}
