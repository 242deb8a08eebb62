//! What a newer version has written about events is left to it: it is neither passed over nor changed, and
//! whatever does not depend on it goes on. Here the newer version goes on when its value is put back as it
//! was.

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use account_management::{BILL_FORMAT, HUB};
use bytes::Bytes;
use common::events::{CALLBACK, deliver, sent, status, subscribe, told};
use common::{ask, delete, expect, patch, post};
use http::{Method, Request};
use kv_tree::{Fault, Faulty, KeyRange, Memory, Order, Store, Tree, TreeName};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::events::Delivered;
use tmf630::settings::MAINTENANCE_TOKEN;
use tmf630::testing::World;
use tmf630::testing::damage::{damage_page, noise};
use tmf630::{Ports, Settings, serve_maintenance};

const RECORDS: &str = "events/TMF666/hub/r/";
const PROGRESS: &str = "events/TMF666/s/";
const LOG: &str = "events/TMF666/log/";
const WAITING: &str = "events/TMF666/w/";
const LANES: &str = "events/TMF666/l/";
const DUE: &str = "events/TMF666/d/";
const PARKED: &str = "events/TMF666/p/";

fn tree(memory: &Memory) -> Tree<Memory> {
    Store::new(memory.clone()).tree(TreeName::new("default").unwrap())
}

/// What is stored below a prefix.
fn stored(memory: &Memory, prefix: &str) -> Vec<(String, Bytes)> {
    block_on(async {
        let snapshot = tree(memory).snapshot().await.unwrap();
        let mut scan = snapshot.scan(KeyRange::prefix(prefix), Order::Ascending);
        let mut stored = Vec::new();
        while let Some((key, value)) = scan.next().await.unwrap() {
            stored.push((String::from_utf8(key.to_vec()).unwrap(), value));
        }
        stored
    })
}

fn put(memory: &Memory, key: &str, value: &Bytes) {
    block_on(tree(memory).transact(async |transaction| {
        transaction.put(key.to_owned(), value.clone());
        Ok::<_, kv_tree::Error>(())
    }))
    .unwrap();
}

/// A value that a newer version has written.
struct Newer {
    memory: Memory,
    key: String,
    before: Bytes,
    newer: Bytes,
}

impl Newer {
    /// The value with the number below a prefix, as that version writes it.
    fn write(memory: &Memory, prefix: &str, number: usize, write: fn(&[u8]) -> Vec<u8>) -> Self {
        let (key, before) = stored(memory, prefix).remove(number);
        let newer = Bytes::from(write(&before));
        put(memory, &key, &newer);
        Self { memory: memory.clone(), key, before, newer }
    }

    /// Lets that version go on, which finds the value as it has written it.
    #[track_caller]
    fn go_on(self) {
        self.expect_left();
        put(&self.memory, &self.key, &self.before);
    }

    /// What the log says if it is an event that cannot be read because of that.
    fn told(&self, cause: &str) -> String {
        let place = self.key.rsplit('/').next().unwrap();
        format!("the event at {place} cannot be read: {cause}")
    }

    #[track_caller]
    fn expect_left(&self) {
        assert_eq!(stored(&self.memory, &self.key)[0].1, self.newer, "{}", self.key);
    }
}

/// Another first byte: the version.
fn version(value: &[u8]) -> Vec<u8> {
    let mut newer = value.to_vec();
    newer[0] = if newer[0] == 1 { 2 } else { 5 };
    newer
}

/// An event of a kind that this program does not know.
fn kind(event: &[u8]) -> Vec<u8> {
    let at = event.windows(8).position(|part| part == b"\"Create\"").unwrap();
    [&event[..at], b"\"Merged\"", &event[at + 8..]].concat()
}

/// An event with a record in another form: it lies behind what has happened, and the length of each.
fn record(event: &[u8]) -> Vec<u8> {
    let len = u32::from_le_bytes(event[1..5].try_into().unwrap());
    let mut newer = event.to_vec();
    newer[5 + len as usize + 4] = 5;
    newer
}

/// A subscription with a query that this program does not understand, in the oldest form of a record.
fn query(_: &[u8]) -> Vec<u8> {
    let kept = json!({
        "owner": [{ "id": "" }], "same": "", "parties": null, "resources": ["billFormat"],
        "names": {}, "base": "http://api.example", "secret": "",
    });
    let document =
        json!({ "id": "1", "callback": CALLBACK, "query": "later(=name", "$server": kept });
    [b"\x01", document.to_string().as_bytes()].concat()
}

/// JSON with one member more.
fn member(value: &[u8]) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(value).unwrap();
    json["later"] = json!(1);
    json.to_string().into()
}

fn create(world: &World, ids: &[&str]) {
    for id in ids {
        expect(&post(world, &BILL_FORMAT, &json!({ "id": id, "name": "x" })), 201);
    }
}

/// Lets a receiver be there only if the cell says so, for events of the resources with these ids.
fn refuse(world: &World, ids: &'static [&'static str]) -> Rc<RefCell<bool>> {
    let is_up = Rc::new(RefCell::new(false));
    let up = is_up.clone();
    world.answer(move |sent| {
        let body = String::from_utf8_lossy(&sent.body);
        let is_refused = ids.iter().any(|id| body.contains(&format!(r#""id":"{id}""#)));
        Ok(if is_refused && !*up.borrow() { 500 } else { 200 })
    });
    is_up
}

/// Delivers to a subscription that waits for a newer version: that is counted, the log says it once and
/// why, and the tenant is to be looked at again at once.
#[track_caller]
fn deliver_what_can_be(world: &World, cause: &str) -> Delivered {
    world.log.take();
    let delivered = deliver(world);
    let log = world.log.take();
    assert_eq!(delivered.broken, 1, "{log:?}");
    assert!(delivered.next.is_some(), "{delivered:?}");
    let [line] = &log[..] else { panic!("{log:?}") };
    assert!(line.contains("a newer version") && line.contains(cause), "{line}");
    delivered
}

#[test]
fn a_newer_subscription_waits_and_holds_up_no_other() {
    for (write, cause, status_of_it) in [
        (version as fn(&[u8]) -> _, "has format version 5, newer than this program knows", 503),
        (query, "a query has a fault at character", 200),
    ] {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        let ids = [subscribe(&world, ""), subscribe(&world, "eventType=BillFormatCreateEvent")];
        let newer = Newer::write(&memory, RECORDS, 0, write);
        create(&world, &["1"]);
        assert_eq!(deliver_what_can_be(&world, cause).delivered, 1);
        assert_eq!(deliver_what_can_be(&world, cause).delivered, 0);
        assert_eq!(told(&world), ["BillFormatCreate 1"]);
        assert_eq!(stored(&memory, LOG).len(), 1, "what it has still to be sent is kept");
        let path = format!("/{}", ids[0]);
        let seen = expect(&ask(&world, &HUB, Method::GET, &path, &Value::Null), status_of_it);
        if let Some(delivery) = seen.get("delivery") {
            // Whatever is there may be wanted.
            assert_eq!((&delivery["status"], &delivery["pending"]), (&json!("active"), &json!(1)));
        }
        newer.go_on();
        assert_eq!((deliver(&world).delivered, told(&world).len()), (1, 1));
        assert!(ids.iter().all(|id| status(&world, id)["status"] == "active"));
        assert!(stored(&memory, LOG).is_empty());
    }
}

/// Nobody can read it any more, so nothing is kept for it.
#[test]
fn a_damaged_subscription_ends() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    subscribe(&world, "");
    Newer::write(&memory, RECORDS, 0, |_| b"\x03damaged".to_vec());
    create(&world, &["1"]);
    assert_eq!(deliver(&world).broken, 1);
    assert_eq!(deliver(&world), Delivered::default());
    assert!(stored(&memory, LOG).is_empty());
}

/// A subscription whose record has a page of its own in the store, and an event.
fn long_subscription(memory: &Memory) -> (World, String) {
    let world = World::on(memory.clone());
    let body = json!({ "callback": CALLBACK, "note": noise(6_000) });
    let id = expect(&post(&world, &HUB, &body), 201)["id"].as_str().unwrap().to_owned();
    for number in 0..40 {
        let body = json!({ "id": format!("{number}"), "name": "x", "note": noise(2_000) });
        expect(&post(&world, &BILL_FORMAT, &body), 201);
    }
    (world, id)
}

#[test]
fn a_subscription_on_a_damaged_page_ends() {
    let memory = Memory::default();
    let (_, id) = long_subscription(&memory);
    let read = |definition, rest: &str| {
        let world = World::on(memory.clone());
        ask(&world, definition, Method::GET, rest, &Value::Null).status().as_u16()
    };
    let damaged = damage_page(&memory, || {
        read(&HUB, &format!("/{id}")) == 500 && read(&BILL_FORMAT, "?limit=1000") == 200
    });
    block_on(damaged).unwrap();
    let world = World::on(memory.clone()).numbered(2);
    assert_eq!(deliver(&world).broken, 1);
    assert_eq!(deliver(&world), Delivered::default());
    assert!(stored(&memory, LOG).is_empty());
}

/// A store that fails once says nothing of the subscription.
#[test]
fn a_subscription_does_not_end_because_the_store_fails() {
    let memory = Memory::default();
    let (world, id) = long_subscription(&memory);
    for call in 0..20 {
        let failing = World::on(Faulty::new(memory.clone(), [(call, Fault::Fail)])).numbered(2);
        drop(block_on(failing.deliver(&HUB)));
        assert_eq!(status(&world, &id)["status"], "active", "call {call}");
        assert_eq!(patch(&world, &BILL_FORMAT, "1", &json!({ "name": call.to_string() })), 200);
        world.advance(1);
    }
}

#[test]
fn a_subscription_waits_at_a_newer_event_of_the_log() {
    for (write, cause) in [
        (version as fn(&[u8]) -> _, "an event has format version 2, newer than this program knows"),
        (kind, "what an event is cannot be read: unknown variant `Merged`"),
        (record, "record 2 has format version 5, newer than this program knows"),
    ] {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        let id = subscribe(&world, "");
        create(&world, &["1", "2", "3"]);
        let newer = Newer::write(&memory, LOG, 1, write);
        let cause = newer.told(cause);
        assert_eq!(deliver_what_can_be(&world, &cause).delivered, 1);
        assert_eq!(told(&world), ["BillFormatCreate 1"]);
        // What may be wanted counts as pending.
        assert_eq!(status(&world, &id)["pending"], 2);
        create(&world, &["4"]);
        assert_eq!(deliver_what_can_be(&world, &cause).delivered, 0);
        newer.go_on();
        deliver(&world);
        assert_eq!(told(&world), ["2", "3", "4"].map(|id| format!("BillFormatCreate {id}")));
        assert_eq!(status(&world, &id)["pending"], 0);
    }
}

#[test]
fn a_newer_event_is_not_given_up_although_the_receiver_is_gone_for_long() {
    let memory = Memory::default();
    let world =
        World::on(memory.clone()).with("event_give_up", "60").with("event_last_retry", "10");
    let id = subscribe(&world, "");
    let is_up = refuse(&world, &["1", "2", "3", "4", "5", "6"]);
    create(&world, &["1", "2", "3", "4", "5", "6"]);
    let newer = Newer::write(&memory, LOG, 4, version);
    for _ in 0..100 {
        deliver(&world);
        world.advance(2);
    }
    let seen = status(&world, &id);
    assert_eq!((&seen["parked"], &seen["pending"]), (&json!(4), &json!(2)), "{seen}");
    *is_up.borrow_mut() = true;
    newer.go_on();
    world.sent.take();
    deliver(&world);
    assert_eq!(told(&world), ["BillFormatCreate 5", "BillFormatCreate 6"]);
}

/// Where it is not yet time for what lies before it, nothing is said of it.
#[test]
fn a_newer_event_is_not_come_to_while_a_receiver_is_left_alone() {
    let memory = Memory::default();
    let world = World::on(memory.clone()).with("event_give_up", "60");
    subscribe(&world, "");
    refuse(&world, &["1", "2", "3", "4", "5", "6"]);
    create(&world, &["1", "2", "3", "4"]);
    deliver(&world);
    // By then nothing was taken for so long that events of that age would be given up.
    world.advance(100);
    deliver(&world);
    create(&world, &["5", "6"]);
    let newer = Newer::write(&memory, LOG, 1, version);
    world.log.take();
    let delivered = deliver(&world);
    assert_eq!((delivered.failed, delivered.broken), (0, 0), "{:?}", world.log);
    assert!(delivered.next.is_some_and(|next| next > Ports::now(&world)), "{delivered:?}");
    newer.expect_left();
}

#[test]
fn a_resource_of_which_something_newer_waits_holds_up_no_other() {
    for (prefix, number, write) in [
        (WAITING, 0, version as fn(&[u8]) -> _),
        (LANES, 0, member),
        // What comes of the first makes this one due.
        (LANES, 1, member),
    ] {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        let id = subscribe(&world, "");
        let is_up = refuse(&world, &["1"]);
        create(&world, &["1"]);
        deliver(&world);
        assert_eq!(patch(&world, &BILL_FORMAT, "1", &json!({ "name": "y" })), 200);
        deliver(&world);
        let newer = Newer::write(&memory, prefix, number, write);
        let cause = match prefix {
            WAITING => newer.told("an event has format version 2, newer than this program knows"),
            _ => format!("{} cannot be read: unknown field `later`", newer.key),
        };
        *is_up.borrow_mut() = true;
        world.sent.take();
        world.advance(10);
        assert_eq!(patch(&world, &BILL_FORMAT, "1", &json!({ "name": "z" })), 200);
        create(&world, &["2"]);
        assert_eq!(deliver_what_can_be(&world, &cause).delivered, 1);
        assert_eq!(told(&world), ["BillFormatCreate 2"], "{cause}");
        assert_eq!(status(&world, &id)["pending"], 3);
        newer.go_on();
        deliver(&world);
        let changed = "BillFormatAttributeValueChange 1";
        assert_eq!(told(&world), ["BillFormatCreate 1", changed, changed]);
        assert_eq!((&status(&world, &id)["pending"], stored(&memory, LANES).len()), (&json!(0), 0));
    }
}

#[test]
fn a_newer_progress_is_neither_changed_nor_is_the_log_removed_before_it() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let ids = [subscribe(&world, ""), subscribe(&world, "eventType=BillFormatCreateEvent")];
    let newer = Newer::write(&memory, PROGRESS, 0, member);
    create(&world, &["1"]);
    let cause = format!("{} cannot be read: unknown field `later`", newer.key);
    assert_eq!(deliver_what_can_be(&world, &cause).delivered, 1);
    assert_eq!(deliver_what_can_be(&world, &cause).delivered, 0);
    assert_eq!(stored(&memory, LOG).len(), 1, "it may not have been sent that");
    // Whoever asks for it is sent to another instance.
    let path = format!("/{}", ids[0]);
    for (method, rest) in [
        (Method::GET, path.clone()),
        (Method::POST, format!("{path}/redrive")),
        (Method::DELETE, format!("{path}/parked")),
        (Method::DELETE, path),
    ] {
        let answer = ask(&world, &HUB, method, &rest, &Value::Null);
        let reason = expect(&answer, 503)["reason"].clone();
        assert_eq!(reason, "The data was written by a newer version of the server", "{rest}");
    }
    let again = post(&world, &HUB, &json!({ "callback": CALLBACK, "query": "" }));
    expect(&again, 503);
    world.sent.take();
    newer.go_on();
    assert_eq!((deliver(&world).delivered, told(&world).len()), (1, 1));
    assert_eq!(status(&world, &ids[0])["delivered"], 1);
}

#[test]
fn what_is_parked_in_a_newer_form_is_not_lost_when_it_is_to_be_sent_again() {
    let memory = Memory::default();
    let world =
        World::on(memory.clone()).with("event_give_up", "60").with("event_last_retry", "10");
    let id = subscribe(&world, "");
    let is_up = refuse(&world, &["1", "2", "3"]);
    create(&world, &["1", "2", "3"]);
    for _ in 0..100 {
        deliver(&world);
        world.advance(1);
    }
    assert_eq!(status(&world, &id)["parked"], 3);
    *is_up.borrow_mut() = true;
    world.sent.take();
    let newer = Newer::write(&memory, PARKED, 1, version);
    let redrive = ask(&world, &HUB, Method::POST, &format!("/{id}/redrive"), &Value::Null);
    assert_eq!(redrive.status(), 202);
    let cause = newer.told("an event has format version 2, newer than this program knows");
    assert_eq!(deliver_what_can_be(&world, &cause).delivered, 0);
    assert_eq!((&status(&world, &id)["pending"], stored(&memory, PARKED).len()), (&json!(3), 3));
    newer.go_on();
    deliver(&world);
    let mut told = told(&world);
    told.sort();
    assert_eq!(told, ["1", "2", "3"].map(|id| format!("BillFormatCreate {id}")));
}

#[test]
fn what_waits_in_a_newer_form_for_a_subscription_that_has_ended_is_removed_by_that_version() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    subscribe(&world, "");
    refuse(&world, &["1"]);
    create(&world, &["1"]);
    deliver(&world);
    let newer = Newer::write(&memory, LANES, 0, member);
    world.answer(|_| Ok(410));
    create(&world, &["2"]);
    let cause = format!("{} cannot be read: unknown field `later`", newer.key);
    assert_eq!(deliver_what_can_be(&world, &cause).failed, 1);
    newer.go_on();
    assert_eq!(deliver(&world).broken, 0);
    let left = [WAITING, LANES, DUE].map(|prefix| stored(&memory, prefix).len());
    assert_eq!(left, [0, 0, 0]);
}

/// Whoever drops it need not know what it is.
#[test]
fn what_is_parked_in_a_newer_form_can_be_dropped_and_deleted() {
    for is_deleted in [false, true] {
        let memory = Memory::default();
        let world = World::on(memory.clone()).with("event_give_up", "1");
        let id = subscribe(&world, "");
        refuse(&world, &["1"]);
        create(&world, &["1"]);
        for _ in 0..4 {
            deliver(&world);
            world.advance(10);
        }
        Newer::write(&memory, PARKED, 0, version);
        let path = if is_deleted { "" } else { "/parked" };
        assert_eq!(delete(&world, &HUB, &format!("{id}{path}")), 204);
        assert_eq!(deliver(&world).broken, 0);
        assert!(stored(&memory, PARKED).is_empty());
    }
}

#[test]
fn maintenance_counts_what_waits_for_a_newer_version_and_comes_again() {
    let settings = Settings::read(HUB.choices().chain([&MAINTENANCE_TOKEN]), |name| {
        (name == MAINTENANCE_TOKEN.name).then_some("secret")
    });
    let settings = settings.unwrap();
    let maintain = |world: &World| {
        let request = Request::post("http://api.example/maintenance")
            .header("authorization", "Bearer secret")
            .body(())
            .unwrap();
        expect(&block_on(serve_maintenance(&[], &[HUB.api], &settings, world, &request)), 200)
    };
    for (prefix, write) in [(LOG, version as fn(&[u8]) -> _), (PROGRESS, member)] {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        subscribe(&world, "");
        create(&world, &["1"]);
        let newer = Newer::write(&memory, prefix, 0, write);
        for _ in 0..3 {
            // So long that a tenant with nothing to do is left alone until its housekeeping.
            world.advance(16 * 60);
            let report = maintain(&world);
            let events = json!({ "delivered": 0, "failed": 0, "broken": 1 });
            assert_eq!((&report["tenants"], &report["events"]), (&json!(1), &events), "{report}");
            let log = world.log.take().concat();
            assert!(log.contains(r#""subscriptions":1"#), "{log}");
        }
        newer.go_on();
        assert_eq!((&maintain(&world)["events"]["delivered"], sent(&world).len()), (&json!(1), 1));
    }
}
