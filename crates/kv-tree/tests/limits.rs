//! Finding: with DynamoDB's limits (25 items a batch write, 100 a batch read; Spin's adapter does not
//! chunk) the first flush of ordinary accounts cannot be written, and the tree refuses writes for good.
mod common;

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use common::{run, tree};
use kv_tree::{Error, Kv, KvError, Memory, Swapped};

struct Limited {
    kv: Memory,
    refused: Cell<u32>,
    largest: Cell<usize>,
    limit: usize,
}

impl Kv for Limited {
    type Watch = <Memory as Kv>::Watch;
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.kv.get(key).await
    }
    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        if keys.len() > 4 * self.limit {
            return Err(KvError::new("get-many", "more than 100"));
        }
        self.kv.get_many(keys).await
    }
    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.largest.set(self.largest.get().max(entries.len()));
        if entries.len() > self.limit {
            self.refused.set(self.refused.get() + 1);
            return Err(KvError::new("set-many", "ValidationException: more than 25"));
        }
        self.kv.put_many(entries).await
    }
    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.kv.delete_many(keys).await
    }
    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.kv.watch(key).await
    }
    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.kv.swap(watch, value).await
    }
    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.kv.create_zero(key).await
    }
    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.kv.keys(prefix, visit).await
    }
    async fn pause(&self, duration: Duration) {
        self.kv.pause(duration).await
    }
    fn now(&self) -> Duration {
        self.kv.now()
    }
    fn elapsed(&self) -> Duration {
        self.kv.elapsed()
    }
    fn limits(&self) -> kv_tree::Limits {
        kv_tree::Limits { read_batch: 100, write_batch: self.limit, value_bytes: 400_000 }
    }
    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.kv.watch_again(watch).await
    }
}

fn accounts(limit: usize) -> (u32, Option<(u64, Error)>, usize, u32) {
    let tree = tree(Limited {
        kv: Memory::default(),
        refused: Cell::new(0),
        largest: Cell::new(0),
        limit,
    });
    let mut acknowledged = 0;
    let mut first = None;
    for n in 0..3000_u64 {
        let spread = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let outcome = run(tree.transact(async |t| {
            t.put(format!("r/{n:036}"), vec![7; 700]);
            for (index, v) in [
                ("kind", 1),
                ("name", spread),
                ("party", spread % 1000),
                ("state", 1),
                ("updated", n),
            ] {
                t.put(format!("i/{index}/{v:020}/{n:036}"), "");
            }
            Ok::<_, Error>(())
        }));
        match outcome {
            Ok(()) => acknowledged += 1,
            Err(error) => {
                first.get_or_insert((n, error));
            }
        }
    }
    (acknowledged, first, tree.kv().largest.get(), tree.kv().refused.get())
}

#[test]
fn ordinary_accounts_fit_in_a_batch() {
    println!("no limit: {:?}", accounts(1_000_000));
    let limited = accounts(25);
    println!("25: {limited:?}");
    assert!(
        limited.1.is_none(),
        "{} of 3000 acknowledged; first refusal {:?}",
        limited.0,
        limited.1
    );
}
