//! Spin's key-value store.
//!
//! Single reads go through `spin:key-value`, whose calls let other requests of the instance go on
//! meanwhile. Batches and compare-and-swap are only in `wasi:keyvalue`, whose calls do not.

use std::cell::Cell;
use std::collections::HashMap;

use bytes::Bytes;
use kv_tree::{KvError, Limits, Swapped};
use spin_sdk::key_value;
use tmf630::StoreType;

use self::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use self::bindings::wasi::keyvalue::{batch, store};
use crate::instance;

mod bindings {
    spin_sdk::wit_bindgen::generate!({
        world: "function",
        path: "../../wit",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

/// The label of the store; Spin has it without configuration.
const LABEL: &str = "default";

/// How many handles for swaps Spin gives an instance. It keeps that of every swap, also of one that
/// fails; one that is dropped without a swap is free again.
const MAX_SWAPS: u32 = 256;

/// How many of them are kept for what is under way when there are few left.
const SWAPS_IN_RESERVE: u32 = 64;

/// The store's handles of both interfaces.
pub(crate) struct SpinStore {
    kind: StoreType,
    store: key_value::Store,
    bucket: store::Bucket,
    /// How many swaps were tried.
    swaps: Cell<u32>,
}

impl SpinStore {
    /// Opens the application's store.
    pub async fn open(kind: StoreType) -> Result<Self, KvError> {
        let store = key_value::Store::open(LABEL).await.map_err(failed("open"))?;
        let bucket = store::open(LABEL).map_err(failed("open"))?;
        Ok(Self { kind, store, bucket, swaps: Cell::new(0) })
    }

    /// Whether handles for swaps run out.
    fn has_few_swaps(&self) -> bool {
        self.swaps.get() + SWAPS_IN_RESERVE > MAX_SWAPS
    }

    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        let value = self.store.get(key).await.map_err(failed("get"))?;
        Ok(value.map(Bytes::from))
    }

    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        // The answer leaves out keys that are absent, and is in no particular order.
        let found = batch::get_many(&self.bucket, keys).map_err(failed("get-many"))?;
        let mut found: HashMap<String, Bytes> =
            found.into_iter().filter_map(|(key, value)| Some((key, value?.into()))).collect();
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    pub async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        batch::set_many(&self.bucket, &entries).map_err(failed("set-many"))
    }

    pub async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        batch::delete_many(&self.bucket, &keys).map_err(failed("delete-many"))
    }

    pub async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Watch), KvError> {
        let cas = Cas::new(&self.bucket, key).map_err(failed("cas.new"))?;
        let mut watch = Watch { cas, seen: None };
        let seen = self.watch_again(&mut watch).await?;
        Ok((seen, watch))
    }

    pub async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        watch.seen = watch.cas.current().map_err(failed("cas.current"))?.map(Bytes::from);
        Ok(watch.seen.clone())
    }

    pub async fn swap(&self, mut watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        // Where handles run out, those that are sure to fail are not tried. What comes in between
        // now, the swap sees.
        if self.has_few_swaps() {
            let seen = watch.seen.clone();
            if self.watch_again(&mut watch).await? != seen {
                return Ok(Swapped::Lost);
            }
            instance::use_up();
        }
        self.swaps.set(self.swaps.get() + 1);
        match atomics::swap(watch.cas, &value) {
            Ok(()) => Ok(Swapped::Done),
            Err(CasError::CasFailed(_)) => Ok(match self.kind {
                StoreType::Spin => Swapped::Lost,
                // They say so of whatever fails: also of what was throttled, or not answered.
                StoreType::AzureCosmos | StoreType::AwsDynamo => Swapped::Refused,
            }),
            Err(CasError::StoreError(error)) => Err(match self.kind {
                StoreType::Spin => KvError::of_sqlite("swap", format!("{error:?}")),
                StoreType::AzureCosmos | StoreType::AwsDynamo => failed("swap")(error),
            }),
        }
    }

    pub async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        match self.kind {
            StoreType::Spin => {
                // Adding 0 to a number that is there leaves it as it is; one call is one transaction.
                atomics::increment(&self.bucket, key, 0).map_err(failed("increment"))?;
                Ok(())
            }
            // Not by their increment: what Cosmos DB's writes cannot be read, and DynamoDB's fails where there is
            // another value. A swap of an absent key writes it only if it still is absent.
            StoreType::AzureCosmos | StoreType::AwsDynamo => {
                let (None, watch) = self.watch(key).await? else { return Ok(()) };
                match self.swap(watch, vec![0; 8]).await? {
                    Swapped::Done => Ok(()),
                    Swapped::Refused | Swapped::Lost => {
                        let why =
                            "it is refused: throttled, not answered, or somebody else was first";
                        Err(KvError::new("swap", why))
                    }
                }
            }
        }
    }

    pub async fn keys(&self, prefix: &str, mut visit: impl FnMut(&str)) -> Result<(), KvError> {
        // Not through spin:key-value: while its stream of keys is open, Spin's SQLite store answers
        // nobody else, and a batch or a swap of another request of this instance would wait forever.
        let mut cursor = None;
        loop {
            let page = self.bucket.list_keys(cursor.as_deref()).map_err(failed("list-keys"))?;
            page.keys.iter().filter(|key| key.starts_with(prefix)).for_each(|key| visit(key));
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    pub fn limits(&self) -> Limits {
        match self.kind {
            StoreType::Spin => Limits::default(),
            // Spin asks for all keys of a batch in one query, and writes them one by one. An item
            // can have 2 MB, of which a byte takes up to four: it is a number in a list.
            StoreType::AzureCosmos => {
                Limits { read_batch: 100, write_batch: 100, value_bytes: 500_000 }
            }
            // BatchGetItem, BatchWriteItem, and the size of an item with its key.
            StoreType::AwsDynamo => {
                Limits { read_batch: 100, write_batch: 25, value_bytes: 399_000 }
            }
        }
    }
}

/// A key that is about to be swapped, and what it had.
pub(crate) struct Watch {
    cas: Cas,
    seen: Option<Bytes>,
}

/// Turns an error of the store into one of the port.
fn failed<E: std::fmt::Debug>(call: &'static str) -> impl FnOnce(E) -> KvError {
    move |error| KvError::new(call, format!("{error:?}"))
}
