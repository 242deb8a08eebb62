//! An API on a store in memory, and what to ask of it.

// Each test file uses a part of this.
#![allow(dead_code)]

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KvError, Memory, Store};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::{Definition, Ports, Settings, Version, account, serve};
use uuid::Uuid;

pub const ACCOUNTS: Definition = Definition {
    name: "billingAccount",
    class: &schemas::class::BILLING_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: &[],
    indexes: account::PARTY_ACCOUNT_INDEXES,
    references: account::PARTY_ACCOUNT_REFERENCES,
    referrers: account::REFERRERS,
};

/// The same without a single index.
pub const UNINDEXED: Definition = Definition { indexes: &[], ..ACCOUNTS };

/// The outside world of a test: its clock stands still unless it is told to go on.
pub struct World {
    store: Store<Memory>,
    now: Cell<Timestamp>,
    ids: Cell<u128>,
    pub log: RefCell<Vec<String>>,
    /// How often others were let go on.
    pub yields: Cell<u32>,
}

impl World {
    /// An instance on the data in `memory`.
    pub fn on(memory: Memory) -> Self {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        Self {
            store: Store::new(memory),
            now: Cell::new(now),
            ids: Cell::new(1),
            log: RefCell::default(),
            yields: Cell::default(),
        }
    }

    pub fn advance(&self, seconds: i64) {
        self.now.set(self.now.get() + SignedDuration::from_secs(seconds));
    }

    /// What the API answers.
    pub fn ask(&self, definition: &Definition, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let settings = Settings::read(Settings::default_of).unwrap();
        block_on(serve(definition, &settings, self, request))
    }

    pub fn get(&self, definition: &Definition, rest: &str) -> Response<Bytes> {
        self.ask(definition, request(Method::GET, rest, ""))
    }

    pub fn post(&self, definition: &Definition, document: &Value) -> Response<Bytes> {
        self.ask(definition, request(Method::POST, "", &document.to_string()))
    }

    pub fn patch(&self, definition: &Definition, id: &str, patch: &Value) -> Response<Bytes> {
        self.ask(definition, request(Method::PATCH, &format!("/{id}"), &patch.to_string()))
    }

    pub fn delete(&self, definition: &Definition, id: &str) -> Response<Bytes> {
        self.ask(definition, request(Method::DELETE, &format!("/{id}"), ""))
    }
}

pub fn request(method: Method, rest: &str, body: &str) -> Request<Full<Bytes>> {
    request_in(Version::V5, method, rest, body)
}

pub fn request_in(
    version: Version,
    method: Method,
    rest: &str,
    body: &str,
) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(format!("http://api.example{}/billingAccount{rest}", version.base_path()))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

impl Ports for World {
    type Kv = Memory;

    async fn store(&self) -> Result<Store<Memory>, KvError> {
        Ok(self.store.clone())
    }

    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn new_id(&self) -> Uuid {
        self.ids.set(self.ids.get() + 1);
        Uuid::from_u128(self.ids.get())
    }

    async fn yield_now(&self) {
        self.yields.set(self.yields.get() + 1);
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

/// The body of a response, which has the status.
#[track_caller]
pub fn expect(response: &Response<Bytes>, status: u16) -> Value {
    assert_eq!(response.status(), status, "{response:?}");
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// The ids of the items of a list and the total.
#[track_caller]
pub fn ids(list: &Response<Bytes>) -> (Vec<String>, String) {
    let items = expect(list, 200);
    let ids = items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
    (ids.collect(), list.headers()["x-total-count"].to_str().unwrap().to_owned())
}

/// The least account with a name.
pub fn account(name: &str) -> Value {
    json!({
        "name": name,
        "relatedParty": [{ "role": "owner", "partyOrPartyRole": { "id": "1" } }]
    })
}
