//! The application's store as the port of kv-tree: Spin's key-value store, or one that several hosts
//! share and that the variable `store` has the address of.

mod network;
mod spin;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_tree::{Event, Kv, KvError, Limits, Store, Swapped, Watched, is_known};
use remote_store::{Address, Engine, Remote};
use tmf630::Settings;

use self::network::Network;
use self::spin::SpinStore;
use crate::clock::since_1970;
use crate::instance;

thread_local! {
    /// The open store, which every request of an instance shares.
    static OPEN: RefCell<Option<Store<KeyValue>>> = const { RefCell::new(None) };
}

/// Opens the application's store.
pub(crate) async fn open(settings: &Settings) -> Result<Store<KeyValue>, KvError> {
    if let Some(store) = OPEN.with_borrow(Clone::clone) {
        return Ok(store);
    }
    let backend = match address(settings).map_err(|error| KvError::new("open", error))? {
        None => Backend::Spin(SpinStore::open(settings.key_value_store).await?),
        Some(address) => Backend::Remote(Remote::new(Network, &address, settings.store_replicas)),
    };
    let store = Store::new(KeyValue { backend, begin: Instant::now() });
    // Another request of the instance may have opened it meanwhile.
    Ok(OPEN.with_borrow_mut(|open| open.get_or_insert(store).clone()))
}

/// Where the store is, if it is not Spin's, or what is wrong with what was configured.
pub(crate) fn address(settings: &Settings) -> Result<Option<Address>, String> {
    let is_remote = !settings.store.is_empty();
    let address = is_remote.then(|| Address::parse(&settings.store)).transpose();
    let address = address.map_err(|error| format!("variable store: {error}"))?;
    let is_redis = address.as_ref().is_some_and(|address| address.engine() == Engine::Redis);
    match settings.store_replicas {
        1.. if !is_redis => {
            Err("variable store_replicas: it must be 0 where store is not Redis".to_owned())
        }
        _ => Ok(address),
    }
}

/// The store that is open.
pub(crate) struct KeyValue {
    backend: Backend,
    /// When it was opened.
    begin: Instant,
}

enum Backend {
    Spin(SpinStore),
    Remote(Remote<Network>),
}

/// A key that is about to be swapped.
pub(crate) enum Watch {
    Spin(spin::Watch),
    Remote(remote_store::Watch),
}

/// Makes a call, and counts it, how long it took, and how many bytes were read or written.
macro_rules! call {
    ($store:expr, $backend:ident => $call:expr, $bytes:expr) => {{
        let begin = Instant::now();
        let outcome = match &$store.backend {
            Backend::Spin($backend) => $call.await,
            Backend::Remote($backend) => $call.await,
        };
        instance::count_call(begin.elapsed(), $bytes(&outcome));
        outcome
    }};
}

fn nothing<T>(_: &T) -> usize {
    0
}

fn len(value: &Option<Bytes>) -> usize {
    value.as_ref().map_or(0, Bytes::len)
}

/// How much of a value was sent by a store that does not send what is known.
fn sent(value: &Option<Bytes>, known: Option<&Bytes>) -> usize {
    match value {
        Some(value) if !known.is_some_and(|known| is_known(value, known)) => value.len(),
        _ => 0,
    }
}

impl Kv for KeyValue {
    type Watch = Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        call!(self, backend => backend.get(key), |outcome: &Result<_, _>| {
            outcome.as_ref().map_or(0, len)
        })
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        call!(self, backend => backend.get_many(keys), |outcome: &Result<Vec<_>, _>| {
            outcome.as_ref().map_or(0, |values| values.iter().map(len).sum())
        })
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        let Backend::Remote(remote) = &self.backend else { return self.get_some(keys).await };
        let begin = Instant::now();
        let values = remote.get_knowing(keys, known).await;
        let sent = |values: &Vec<_>| values.iter().map(|value| sent(value, Some(known))).sum();
        instance::count_call(begin.elapsed(), values.as_ref().map_or(0, sent));
        values
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        let bytes = entries.iter().map(|(_, value)| value.len()).sum();
        call!(self, backend => backend.put_many(entries), |_: &_| bytes)
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        call!(self, backend => backend.delete_many(keys), nothing)
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Watch), KvError> {
        let begin = Instant::now();
        let seen = match &self.backend {
            Backend::Spin(spin) => {
                spin.watch(key).await.map(|(value, watch)| (value, Watch::Spin(watch)))
            }
            Backend::Remote(remote) => {
                remote.watch(key).await.map(|(value, watch)| (value, Watch::Remote(watch)))
            }
        };
        let bytes = seen.as_ref().map_or(0, |(value, _)| len(value));
        instance::count_call(begin.elapsed(), bytes);
        seen
    }

    async fn watch_knowing(&self, key: &str, known: &Bytes) -> Result<Watched<Watch>, KvError> {
        let Backend::Remote(remote) = &self.backend else { return self.watch(key).await };
        let begin = Instant::now();
        let seen = remote.watch_knowing(key, known).await;
        let bytes = seen.as_ref().map_or(0, |(value, _)| sent(value, Some(known)));
        instance::count_call(begin.elapsed(), bytes);
        seen.map(|(value, watch)| (value, Watch::Remote(watch)))
    }

    async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        let begin = Instant::now();
        let (seen, known) = match (&self.backend, watch) {
            (Backend::Spin(spin), Watch::Spin(watch)) => (spin.watch_again(watch).await, None),
            (Backend::Remote(remote), Watch::Remote(watch)) => {
                let known = watch.value().cloned();
                (remote.watch_again(watch).await, known)
            }
            _ => (Err(of_another_store("watch")), None),
        };
        let bytes = seen.as_ref().map_or(0, |value| sent(value, known.as_ref()));
        instance::count_call(begin.elapsed(), bytes);
        seen
    }

    async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let (begin, bytes) = (Instant::now(), value.len());
        let outcome = match (&self.backend, watch) {
            (Backend::Spin(spin), Watch::Spin(watch)) => spin.swap(watch, value).await,
            (Backend::Remote(remote), Watch::Remote(watch)) => remote.swap(watch, value).await,
            _ => Err(of_another_store("swap")),
        };
        instance::count_call(begin.elapsed(), bytes);
        outcome
    }

    async fn swap_and_watch(
        &self,
        watch: Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Watch>>), KvError> {
        let (remote, watch) = match (&self.backend, watch) {
            (Backend::Remote(remote), Watch::Remote(watch)) => (remote, watch),
            (_, watch) => return Ok((self.swap(watch, value).await?, None)),
        };
        let (begin, bytes) = (Instant::now(), value.len());
        let outcome = remote.swap_and_watch(watch, value).await;
        instance::count_call(begin.elapsed(), bytes);
        let (swapped, told) = outcome?;
        Ok((swapped, told.map(|(value, watch)| (value, Watch::Remote(watch)))))
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        call!(self, backend => backend.create_zero(key), nothing)
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        call!(self, backend => backend.keys(prefix, visit), nothing)
    }

    async fn pause(&self, duration: Duration) {
        match duration.is_zero() {
            true => spin_sdk::wit_bindgen::yield_async().await,
            false => spin_sdk::time::sleep(duration).await,
        }
    }

    fn now(&self) -> Duration {
        since_1970()
    }

    fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    fn limits(&self) -> Limits {
        match &self.backend {
            Backend::Spin(spin) => spin.limits(),
            Backend::Remote(remote) => remote.limits(),
        }
    }

    fn observe(&self, event: &Event<'_>) {
        instance::observe(event);
    }
}

/// An instance has one store, so this does not happen.
fn of_another_store(call: &'static str) -> KvError {
    KvError::without_effect(call, "the key was watched in another store")
}
