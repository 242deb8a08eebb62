//! A store that takes no writes, is busy or is broken: what clients are told, and that nothing is lost.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use access::{Caller, Refusal};
use bytes::Bytes;
use common::{ACCOUNTS, account, expect, ids, request, request_in};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use jiff::Timestamp;
use kv_tree::{Kv, KvError, Memory, Store, Swapped};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::{anybody, caller};
use tmf630::{Ports, Settings, Version, serve};
use uuid::Uuid;

/// What does not work, and what the store says then.
type Trouble = Option<(Fails, &'static str)>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fails {
    Writes,
    All,
}

/// A store that does as it is told.
struct Hindered {
    kv: Memory,
    trouble: Rc<Cell<Trouble>>,
}

impl Hindered {
    fn check(&self, call: &'static str, is_write: bool) -> Result<(), KvError> {
        match self.trouble.get() {
            Some((fails, words)) if is_write || fails == Fails::All => {
                Err(KvError::of_sqlite(call, words))
            }
            _ => Ok(()),
        }
    }
}

impl Kv for Hindered {
    type Watch = <Memory as Kv>::Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.check("get", false)?;
        self.kv.get(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.check("get_many", false)?;
        self.kv.get_many(keys).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.check("put_many", true)?;
        self.kv.put_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.check("delete_many", true)?;
        self.kv.delete_many(keys).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.check("watch", false)?;
        self.kv.watch(key).await
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.check("watch_again", false)?;
        self.kv.watch_again(watch).await
    }

    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.check("swap", true)?;
        self.kv.swap(watch, value).await
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.check("create_zero", true)?;
        self.kv.create_zero(key).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.check("keys", false)?;
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

struct Instance {
    store: Store<Hindered>,
    ids: Cell<u128>,
    caller: RefCell<Rc<Caller>>,
}

impl Instance {
    fn on(store: Hindered) -> Self {
        let (ids, caller) = (Cell::new(100), RefCell::new(anybody()));
        Self { store: Store::new(store), ids, caller }
    }
}

impl Ports for Instance {
    type Kv = Hindered;

    async fn store(&self) -> Result<Store<Hindered>, KvError> {
        Ok(self.store.clone())
    }

    async fn caller(&self, _authorization: &[&[u8]]) -> Result<Rc<Caller>, Refusal> {
        Ok(self.caller.borrow().clone())
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn new_id(&self) -> Uuid {
        self.ids.set(self.ids.get() + 1);
        Uuid::from_u128(self.ids.get())
    }

    fn log(&self, _line: &str) {}
}

fn ask(instance: &Instance, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let settings = Settings::read(&[], |_| None).unwrap();
    block_on(serve(&ACCOUNTS, &settings, instance, request))
}

/// Every way to write: the account with the id 1 is there.
fn writes() -> Vec<(&'static str, Request<Full<Bytes>>)> {
    let mut writes = Vec::new();
    for version in [Version::V4, Version::V5] {
        let mut document = account("New");
        if version == Version::V4 {
            document["relatedParty"] =
                json!([{ "id": "1", "name": "A", "@referredType": "Individual" }]);
        }
        let add = json!([{ "op": "add", "path": "/", "value": document }]).to_string();
        let mut bulk = request_in(version, &ACCOUNTS, Method::PATCH, "", &add);
        let media_type = HeaderValue::from_static("application/json-patch+json");
        bulk.headers_mut().insert("content-type", media_type);
        writes.push(("bulk", bulk));
        let post = || request_in(version, &ACCOUNTS, Method::POST, "", &document.to_string());
        writes.push(("POST", post()));
        let mut keyed = post();
        keyed.headers_mut().insert("idempotency-key", HeaderValue::from_static("k"));
        writes.push(("POST with a key", keyed));
        let patch = request_in(version, &ACCOUNTS, Method::PATCH, "/1", "{\"state\":\"x\"}");
        writes.push(("PATCH", patch));
        writes.push(("DELETE", request_in(version, &ACCOUNTS, Method::DELETE, "/1", "")));
    }
    writes
}

#[test]
fn a_store_that_takes_no_writes_is_read_and_recovers() {
    for (words, retry_after) in [
        ("Other(\"database or disk is full\")", "30"),
        ("attempt to write a readonly database", "30"),
        ("database is locked", "1"),
        ("ProvisionedThroughputExceededException", "1"),
    ] {
        let trouble: Rc<Cell<Trouble>> = Rc::default();
        let hindered = || Hindered { kv: Memory::default(), trouble: trouble.clone() };
        let instance = Instance::on(hindered());
        let mut kept = account("Kept");
        kept["id"] = json!("1");
        let created =
            expect(&ask(&instance, request(&ACCOUNTS, Method::POST, "", &kept.to_string())), 201);
        for (what, write) in writes() {
            trouble.set(Some((Fails::Writes, words)));
            let refused = ask(&instance, write);
            let status = refused.status().as_u16();
            let error: Value = serde_json::from_slice(refused.body()).unwrap();
            assert!(!error.to_string().contains("database"), "{error}");
            match status {
                503 => {
                    assert_eq!(refused.headers()["retry-after"], retry_after, "{what}: {words}");
                    assert!(error["message"].to_string().contains("Nothing was changed"));
                }
                // Others than SQLite may have done what they say they could not.
                500 if !words.contains("database") => assert_eq!(error["code"], "3"),
                _ => panic!("{what} while {words}: {refused:?}"),
            }
            // Reading goes on.
            let read = ask(&instance, request(&ACCOUNTS, Method::GET, "/1", ""));
            assert_eq!(expect(&read, 200), created, "{what}");
            let list = ask(&instance, request(&ACCOUNTS, Method::GET, "?sort=name", ""));
            assert_eq!(ids(&list), (vec!["1".to_owned()], "1".to_owned()));
            // What was refused is not made up for later.
            trouble.set(None);
            let list = ask(&instance, request(&ACCOUNTS, Method::GET, "", ""));
            assert_eq!(expect(&list, 200), json!([created]), "{what}");
        }
        for (what, write) in writes().into_iter().take(4) {
            assert!(ask(&instance, write).status().is_success(), "{what}");
        }
    }
}

#[test]
fn a_store_out_of_reach_says_whether_to_try_again() {
    for (words, status) in [
        ("database is locked", 503),
        ("connection timed out", 503),
        ("unable to open database file", 500),
        ("AccessDenied", 500),
    ] {
        let trouble: Rc<Cell<Trouble>> = Rc::new(Cell::new(Some((Fails::All, words))));
        let hindered = Hindered { kv: Memory::default(), trouble: trouble.clone() };
        let instance = Instance::on(hindered);
        let mut requests = writes();
        requests.push(("list", request(&ACCOUNTS, Method::GET, "", "")));
        requests.push(("GET", request(&ACCOUNTS, Method::GET, "/1", "")));
        for (what, request) in requests {
            let answer = ask(&instance, request);
            assert_eq!(answer.status(), status, "{what} while {words}");
            assert_eq!(answer.headers().contains_key("retry-after"), status == 503, "{what}");
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            assert!(text.contains("Nothing was changed") && !text.contains(words), "{text}");
        }
        trouble.set(None);
        let list = ask(&instance, request(&ACCOUNTS, Method::GET, "", ""));
        assert_eq!(expect(&list, 200), json!([]));
    }
}

#[test]
fn who_sees_a_part_is_told_of_the_store_not_that_nothing_is_there() {
    let trouble: Rc<Cell<Trouble>> = Rc::default();
    let instance = Instance::on(Hindered { kv: Memory::default(), trouble: trouble.clone() });
    let party = caller("default", &["tmf000:read", "tmf000:write"], &["4711"]);
    *instance.caller.borrow_mut() = Rc::new(party);
    let mut own = account("Own");
    own["id"] = json!("1");
    own["relatedParty"] = json!([{ "role": "owner", "partyOrPartyRole": { "id": "4711" } }]);
    expect(&ask(&instance, request(&ACCOUNTS, Method::POST, "", &own.to_string())), 201);
    trouble.set(Some((Fails::All, "database is locked")));
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let answer = ask(&instance, request(&ACCOUNTS, method.clone(), "/1", "{}"));
        assert_eq!(answer.status(), 503, "{method}");
    }
    trouble.set(None);
    expect(&ask(&instance, request(&ACCOUNTS, Method::GET, "/1", "")), 200);
}
