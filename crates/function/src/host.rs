//! Store, clock, ids, log and callers as the ports of tmf630 and access.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use access::{Authentication, Caller, Outside, Refusal, Tenant};
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::{KvError, Store};
use tmf630::ports::Notification;
use tmf630::{Activity, Ports, Settings};
use uuid::{ContextV7, Uuid};
use wasip2::cli::stderr::get_stderr;
use wasip2::io::streams::OutputStream;

use crate::clock::since_1970;
use crate::store::{self, KeyValue};
use crate::{instance, outbound};

/// Of how many tenants that is remembered.
const MAX_ANNOUNCED: usize = 1024;

/// How many bytes a single write can have.
const MAX_WRITE_BYTES: usize = 4096;

thread_local! {
    /// The standard error stream, open: the standard library asks the host for it with every write.
    static STDERR: OutputStream = get_stderr();

    /// What the request ids of an instance have in common, and how many there were.
    static REQUESTS: Cell<(u64, u16)> = Cell::new((getrandom::u64().unwrap_or_default(), 0));

    /// When tenants were last said to have work that goes on after requests.
    static ANNOUNCED: RefCell<BTreeMap<Tenant, Timestamp>> = const { RefCell::new(BTreeMap::new()) };

    /// Keeps the ids of an instance in order where several are made within a millisecond.
    static IDS: ContextV7 = const { ContextV7::new() };
}

/// The host that the component runs on.
#[derive(Default)]
pub(crate) struct Host {
    pub settings: Rc<Settings>,
    /// How callers are asked who they are; nothing where nobody is, because the answer is the same for
    /// everybody.
    pub authentication: Option<Rc<Authentication>>,
    /// The tenant in which the request has begun what goes on after it, if it has.
    pub work: RefCell<Option<Tenant>>,
}

impl Ports for Host {
    type Kv = KeyValue;

    async fn store(&self) -> Result<Store<KeyValue>, KvError> {
        store::open(&self.settings).await
    }

    async fn caller(&self, authorization: &[&[u8]]) -> Result<Rc<Caller>, Refusal> {
        match &self.authentication {
            Some(authentication) => authentication.caller(authorization, self).await,
            None => Err(Refusal::Missing),
        }
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

    fn new_request_id(&self, now: Timestamp) -> Uuid {
        // Random numbers are a call of the host: one does for the instance.
        let (instance, number) = REQUESTS.get();
        REQUESTS.set((instance, number.wrapping_add(1)));
        let mut distinct = [0; 10];
        let (head, tail) = distinct.split_at_mut(2);
        head.copy_from_slice(&number.to_be_bytes());
        tail.copy_from_slice(&instance.to_be_bytes());
        let milliseconds = now.as_millisecond().try_into().unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &distinct).into_uuid()
    }

    fn note_work(&self, tenant: &Tenant) {
        self.work.replace(Some(tenant.clone()));
    }

    fn announced(&self, tenant: &Tenant) -> Option<Timestamp> {
        ANNOUNCED.with_borrow(|announced| announced.get(tenant).copied())
    }

    fn note_announced(&self, tenant: &Tenant, said: Timestamp) {
        ANNOUNCED.with_borrow_mut(|announced| {
            if announced.len() >= MAX_ANNOUNCED {
                announced.clear();
            }
            announced.insert(tenant.clone(), said);
        });
    }

    async fn notify(&self, notification: Notification) -> Result<u16, String> {
        let Notification { url, headers, body, patience } = notification;
        outbound::post(&url, &headers, body, patience).await
    }

    async fn pause(&self, time: Duration) {
        spin_sdk::time::sleep(time).await;
    }

    fn can_go_on(&self) -> bool {
        !instance::is_used_up()
    }

    fn log(&self, line: &str) {
        STDERR.with(|stderr| {
            let text = format!("{line}\n");
            let mut rest = text.as_bytes();
            while !rest.is_empty() {
                // Other instances write between pieces: as far as possible, those are whole lines.
                let most = &rest[..rest.len().min(MAX_WRITE_BYTES)];
                let end =
                    most.iter().rposition(|byte| *byte == b'\n').map_or(most.len(), |at| at + 1);
                let (piece, others) = rest.split_at(end);
                // If that fails, there is nobody to tell.
                let _ = stderr.blocking_write_and_flush(piece);
                rest = others;
            }
        });
    }

    fn activity(&self) -> Option<Activity> {
        Some(instance::take_activity())
    }
}

impl Outside for Host {
    type Kv = KeyValue;

    async fn store(&self) -> Result<Store<KeyValue>, KvError> {
        Ports::store(self).await
    }

    fn now(&self) -> Timestamp {
        Ports::now(self)
    }

    async fn fetch(&self, url: &str) -> Result<Bytes, String> {
        outbound::fetch(url).await
    }

    fn log(&self, line: &str) {
        Ports::log(self, line);
    }
}
