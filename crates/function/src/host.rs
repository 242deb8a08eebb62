//! Store, clock, ids and log as the ports of tmf630.

use std::io::{self, Write};
use std::time::SystemTime;

use jiff::Timestamp;
use kv_tree::{KvError, Store};
use tmf630::{Activity, Ports, StoreType};
use uuid::{ContextV7, Uuid};

use crate::clock::since_1970;
use crate::instance;
use crate::store::{self, KeyValue};

thread_local! {
    /// Keeps the ids of an instance in order where several are made within a millisecond.
    static IDS: ContextV7 = const { ContextV7::new() };
}

/// The host that the component runs on.
pub(crate) struct Host {
    /// What keeps the data.
    pub store: StoreType,
}

impl Ports for Host {
    type Kv = KeyValue;

    async fn store(&self) -> Result<Store<KeyValue>, KvError> {
        store::open(self.store).await
    }

    fn now(&self) -> Timestamp {
        // Years beyond what a timestamp can hold are a broken clock too.
        Timestamp::try_from(SystemTime::UNIX_EPOCH + since_1970()).unwrap_or_default()
    }

    fn new_id(&self) -> Uuid {
        let now = since_1970();
        IDS.with(|ids| {
            let seconds = now.as_secs();
            Uuid::new_v7(uuid::Timestamp::from_unix(ids, seconds, now.subsec_nanos()))
        })
    }

    async fn yield_now(&self) {
        spin_sdk::wit_bindgen::yield_async().await;
    }

    fn log(&self, line: &str) {
        // In one piece: each write is a call of the host. If that fails, there is nobody to tell.
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    }

    fn activity(&self) -> Option<Activity> {
        Some(instance::take_activity())
    }
}
