//! A store as the port of kv-tree.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use kv_tree::{Kv, KvError, Swapped};

use crate::Store;

/// A store as the port of kv-tree. Its calls block the thread.
pub struct NativeKv {
    store: Store,
    begin: Instant,
    /// How far its clocks are ahead of the system's.
    ahead: Cell<Duration>,
}

/// What was read of a key in order to swap it.
pub struct Watch {
    key: String,
    seen: Option<Bytes>,
}

impl NativeKv {
    /// The port of `store`.
    pub fn new(store: Store) -> Self {
        Self { store, begin: Instant::now(), ahead: Cell::new(Duration::ZERO) }
    }

    /// Moves the clocks forward, so that what takes a while to happen happens now.
    pub fn advance(&self, duration: Duration) {
        self.ahead.set(self.ahead.get().saturating_add(duration));
    }
}

/// Names the call that failed.
fn failed(call: &'static str) -> impl FnOnce(String) -> KvError {
    move |message| KvError::of_sqlite(call, message)
}

impl Kv for NativeKv {
    type Watch = Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        Ok(self.store.get(key).map_err(failed("get"))?.map(Bytes::from))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let found = self.store.get_many(keys.to_vec()).map_err(failed("get-many"))?;
        let mut found: HashMap<String, Bytes> =
            found.into_iter().filter_map(|(key, value)| Some((key, value?.into()))).collect();
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.store.set_many(&entries).map_err(failed("set-many"))
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.store.delete_many(keys).map_err(failed("delete-many"))
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Watch), KvError> {
        let seen = self.get(key).await?;
        Ok((seen.clone(), Watch { key: key.to_owned(), seen }))
    }

    async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        watch.seen = self.get(&watch.key).await?;
        Ok(watch.seen.clone())
    }

    async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let Watch { key, seen } = watch;
        match self.store.swap(&key, seen.as_deref(), &value).map_err(failed("swap"))? {
            true => Ok(Swapped::Done),
            false => Ok(Swapped::Lost),
        }
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.store.increment(key, 0).map_err(failed("increment"))?;
        Ok(())
    }

    async fn keys(&self, prefix: &str, mut visit: impl FnMut(&str)) -> Result<(), KvError> {
        let keys = self.store.keys().map_err(failed("keys"))?;
        keys.iter().filter(|key| key.starts_with(prefix)).for_each(|key| visit(key));
        Ok(())
    }

    async fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn now(&self) -> Duration {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        now.saturating_add(self.ahead.get())
    }

    fn elapsed(&self) -> Duration {
        self.begin.elapsed().saturating_add(self.ahead.get())
    }
}

#[cfg(test)]
mod tests {
    use kv_tree::{Error, KeyRange, Store as Trees, TreeName};

    use super::*;
    use crate::Sqlite;

    /// Nothing was changed then, and a tree knows it.
    #[test]
    fn a_file_that_is_locked_leaves_no_doubt() {
        let folder = tempfile::tempdir().unwrap();
        let file = Sqlite::open(folder.path()).unwrap();
        let name = TreeName::new("tenant").unwrap();
        let tree = Trees::new(NativeKv::new(file.store("default"))).tree(name);
        let put = |value: u8| {
            pollster::block_on(tree.transact(async |transaction| {
                transaction.put("key", vec![value]);
                Ok::<_, Error>(())
            }))
        };
        put(1).unwrap();
        let path = folder.path().join("sqlite_key_value.db");
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(matches!(put(2), Err(Error::Store(_))), "locked");
        other.execute_batch("ROLLBACK").unwrap();
        let value = pollster::block_on(async { tree.snapshot().await?.get("key").await });
        assert_eq!(value.unwrap(), Some(vec![1].into()));
        put(3).unwrap();
    }

    #[test]
    fn a_tree_lives_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let name = || TreeName::new("tenant.accounts").unwrap();
        pollster::block_on(async {
            let file = Sqlite::open(folder.path()).unwrap();
            let tree = Trees::new(NativeKv::new(file.store("default"))).tree(name());
            for round in 0..50_u8 {
                tree.transact(async |transaction| {
                    transaction.put(vec![round], vec![round; 1000]);
                    transaction.delete(vec![round / 2]);
                    Ok::<_, Error>(())
                })
                .await
                .unwrap();
                tree.kv().advance(Duration::from_secs(10));
            }
            let other = Trees::new(NativeKv::new(file.store("other"))).tree(name());
            assert_eq!(other.audit().await.unwrap().entries, 0);
        });
        pollster::block_on(async {
            let file = Sqlite::open(folder.path()).unwrap();
            let store = file.store("default");
            let tree = Trees::new(NativeKv::new(store.clone())).tree(name());
            tree.vacuum().await.unwrap();
            let audit = tree.audit().await.unwrap();
            let snapshot = tree.snapshot().await.unwrap();
            assert_eq!((audit.entries, snapshot.count(&KeyRange::all()).await.unwrap()), (25, 25));
            assert_eq!(snapshot.get([49]).await.unwrap(), Some(vec![49; 1000].into()));
            let stored: std::collections::BTreeSet<_> =
                store.keys().unwrap().into_iter().filter(|key| key.contains(':')).collect();
            assert_eq!(stored, audit.keys);
        });
    }
}
