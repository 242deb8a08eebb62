//! A store that counts what it is asked to do, for tests and benchmarks.

use std::cell::Cell;
use std::ops::Sub;
use std::time::Duration;

use bytes::Bytes;

use crate::{Event, Kv, KvError, Limits, Swapped, Watched, is_known};

/// What was asked of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls that read: get and watch in all their forms, keys.
    pub read_calls: u64,
    /// Calls that write: put_many, delete_many, swap, create_zero.
    pub write_calls: u64,
    /// How many bytes of values were read, without those that were known and not sent.
    pub bytes_read: u64,
    /// How many bytes of values were written.
    pub bytes_written: u64,
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            read_calls: self.read_calls - before.read_calls,
            write_calls: self.write_calls - before.write_calls,
            bytes_read: self.bytes_read - before.bytes_read,
            bytes_written: self.bytes_written - before.bytes_written,
        }
    }
}

/// A wrapper around a store that counts calls and bytes.
#[derive(Debug, Default)]
pub struct Metered<K> {
    kv: K,
    usage: Cell<Usage>,
}

impl<K> Metered<K> {
    /// Wraps `kv`.
    pub fn new(kv: K) -> Self {
        Self { kv, usage: Cell::default() }
    }

    /// The store itself.
    pub fn inner(&self) -> &K {
        &self.kv
    }

    /// What was asked of the store since it was wrapped.
    pub fn usage(&self) -> Usage {
        self.usage.get()
    }

    /// Counts a read of values, but for what was known and not sent.
    fn read_news<'v>(&self, values: impl IntoIterator<Item = &'v Option<Bytes>>, known: &Bytes) {
        let is_sent =
            |value: &&Option<Bytes>| !value.as_ref().is_some_and(|it| is_known(it, known));
        self.read(values.into_iter().filter(is_sent));
    }

    fn read<'v>(&self, values: impl IntoIterator<Item = &'v Option<Bytes>>) {
        let bytes: usize = values.into_iter().flatten().map(Bytes::len).sum();
        let usage = self.usage.get();
        self.usage.set(Usage {
            read_calls: usage.read_calls + 1,
            bytes_read: usage.bytes_read + bytes as u64,
            ..usage
        });
    }

    fn write(&self, bytes: usize) {
        let usage = self.usage.get();
        self.usage.set(Usage {
            write_calls: usage.write_calls + 1,
            bytes_written: usage.bytes_written + bytes as u64,
            ..usage
        });
    }
}

impl<K: Kv> Kv for Metered<K> {
    type Watch = K::Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        let value = self.kv.get(key).await?;
        self.read([&value]);
        Ok(value)
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let values = self.kv.get_many(keys).await?;
        self.read(&values);
        Ok(values)
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        let values = self.kv.get_knowing(keys, known).await?;
        self.read_news(&values, known);
        Ok(values)
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.write(entries.iter().map(|(_, value)| value.len()).sum());
        self.kv.put_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.write(0);
        self.kv.delete_many(keys).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, K::Watch), KvError> {
        let (value, watch) = self.kv.watch(key).await?;
        self.read([&value]);
        Ok((value, watch))
    }

    async fn watch_knowing(&self, key: &str, known: &Bytes) -> Result<Watched<K::Watch>, KvError> {
        let (value, watch) = self.kv.watch_knowing(key, known).await?;
        self.read_news([&value], known);
        Ok((value, watch))
    }

    async fn watch_again(&self, watch: &mut K::Watch) -> Result<Option<Bytes>, KvError> {
        let value = self.kv.watch_again(watch).await?;
        self.read([&value]);
        Ok(value)
    }

    async fn swap(&self, watch: K::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.write(value.len());
        self.kv.swap(watch, value).await
    }

    async fn swap_and_watch(
        &self,
        watch: K::Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<K::Watch>>), KvError> {
        self.write(value.len());
        let (swapped, told) = self.kv.swap_and_watch(watch, value).await?;
        if let (Swapped::Lost, Some((Some(read), _))) = (swapped, &told) {
            let usage = self.usage.get();
            self.usage.set(Usage { bytes_read: usage.bytes_read + read.len() as u64, ..usage });
        }
        Ok((swapped, told))
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.write(8);
        self.kv.create_zero(key).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.read(&[]);
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
