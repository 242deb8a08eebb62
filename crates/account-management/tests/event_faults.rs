//! Whatever fails in between, and whoever is at it with whichever clock: every event of a change arrives,
//! in the order of changes, and one that arrives again is the same.
//!
//! The checker knows nothing of how events are kept. Each change is a step from the last one, which its
//! name tells, so the order of changes can be read from the events alone.

mod common;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use account_management::{BILL_FORMAT, HUB};
use common::{expect, request};
use fastrand::Rng;
use http::Method;
use kv_tree::{Fault, Faulty, Kv, Memory};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::World;

type Task<'t> = Pin<Box<dyn Future<Output = ()> + 't>>;

const RESOURCES: [&str; 3] = ["a", "b", "c"];
const RECEIVERS: [&str; 2] = ["https://one.example/", "https://two.example/"];

/// Polls the tasks in any order until all are done; one whose caller has crashed never is.
fn interleave(mut tasks: Vec<Task<'_>>, rng: &mut Rng) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100_000 {
        if tasks.is_empty() {
            return;
        }
        let index = rng.usize(..tasks.len());
        if tasks[index].as_mut().poll(&mut context) == Poll::Ready(()) {
            drop(tasks.swap_remove(index));
        }
    }
}

/// What the receivers were sent: to whom, and the event.
type Received = Rc<RefCell<Vec<(String, Value)>>>;

/// An instance on the store, whose receivers are not always well.
fn instance<K: Kv>(kv: K, number: u32, received: &Received, seed: u64, trouble: u8) -> World<K> {
    let world = World::on(kv)
        .numbered(number)
        .with("event_first_retry", "1")
        .with("event_last_retry", "8")
        .with("event_give_up", "30000000");
    let (received, mut rng) = (received.clone(), Rng::with_seed(seed));
    world.answer(move |sent| {
        let event = serde_json::from_slice(&sent.body).unwrap();
        match rng.u8(..100) < trouble {
            true if rng.bool() => return Ok(500),
            // It arrives, and nobody hears of it.
            true => {
                received.borrow_mut().push((sent.url.clone(), event));
                return Err("closed".to_owned());
            }
            false => received.borrow_mut().push((sent.url.clone(), event)),
        }
        Ok(200)
    });
    world
}

/// A step from whatever there is of a resource; the name of what was acknowledged.
async fn step<K: Kv>(world: &World<K>, id: &str, name: &str, is_deleted: bool) -> Option<String> {
    let ask = |method, rest: &str, body: &str| request(&BILL_FORMAT, method, rest, body);
    let path = format!("/{id}");
    let current = world.ask(&BILL_FORMAT, ask(Method::GET, &path, "")).await;
    if current.status() == 404 {
        let name = format!("none>{name}");
        let body = json!({ "id": id, "name": name }).to_string();
        let answer = world.ask(&BILL_FORMAT, ask(Method::POST, "", &body)).await;
        return (answer.status() == 201).then_some(name);
    }
    if current.status() != 200 {
        return None;
    }
    let tag = current.headers()["etag"].clone();
    let current: Value = serde_json::from_slice(current.body()).unwrap();
    let before = current["name"].as_str().unwrap();
    let name = format!("{}>{name}", before.rsplit('>').next().unwrap());
    let mut request = match is_deleted {
        true => ask(Method::DELETE, &path, ""),
        false => ask(Method::PATCH, &path, &json!({ "name": name }).to_string()),
    };
    request.headers_mut().insert("if-match", tag);
    let answer = world.ask(&BILL_FORMAT, request).await;
    (answer.status() == 200).then_some(name)
}

/// Checks what a receiver was sent, and returns the names in it.
fn check(receiver: &str, received: &Received, context: &str) -> BTreeSet<String> {
    let (mut ids, mut last, mut names) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for (_, event) in received.borrow().iter().filter(|(url, _)| url == receiver) {
        let about = &event["event"]["billFormat"];
        let id = about["id"].as_str().unwrap().to_owned();
        let event_id = event["eventId"].as_str().unwrap().to_owned();
        let same = ids.insert(event_id.clone(), event.clone());
        if let Some(same) = same {
            assert_eq!(same, *event, "{context}: one that arrives again is the same");
            continue;
        }
        let last = last.entry(id.clone()).or_insert_with(|| "none".to_owned());
        match event["eventType"].as_str().unwrap() {
            "BillFormatDeleteEvent" => *last = "none".to_owned(),
            _ => {
                let name = about["name"].as_str().unwrap();
                let (before, own) = name.split_once('>').unwrap();
                assert_eq!(before, last, "{context}: {id} goes on from {last} with {name}");
                assert!(names.insert(name.to_owned()), "{context}: {name} has one event");
                *last = own.to_owned();
            }
        }
    }
    names
}

fn one_run(seed: u64) -> (usize, usize) {
    let mut rng = Rng::with_seed(seed);
    let (memory, received) = (Memory::default(), Received::default());
    let first = instance(memory.clone(), 1, &received, seed, 0);
    for callback in RECEIVERS {
        let body = json!({ "callback": callback }).to_string();
        expect(&block_on(first.ask(&HUB, request(&HUB, Method::POST, "", &body))), 201);
    }
    let acknowledged = RefCell::new(BTreeSet::new());
    for round in 0..30_u32 {
        let plan = |rng: &mut Rng| -> Vec<_> {
            let fault = |rng: &mut Rng| (rng.u64(..60), Fault::ALL[rng.usize(..Fault::ALL.len())]);
            (0..rng.usize(..3)).map(|_| fault(rng)).collect()
        };
        let instances: Vec<_> = (0..4)
            .map(|worker| {
                let number = 10 + round * 4 + worker;
                let faulty = Faulty::new(memory.clone(), plan(&mut rng));
                let world = instance(faulty, number, &received, rng.u64(..), 30);
                // Clocks differ by some seconds, and sometimes by more than anybody is believed for.
                let skew = if rng.u8(..8) == 0 { 40 } else { rng.i64(-4..5) };
                world.advance(i64::from(round) * 10 + skew);
                world
            })
            .collect();
        let tasks = instances.iter().enumerate().map(|(number, world)| -> Task<'_> {
            let id = RESOURCES[rng.usize(..RESOURCES.len())];
            let (name, is_deleted) = (format!("{round}.{number}"), rng.u8(..6) == 0);
            let delivers = rng.bool();
            let acknowledged = &acknowledged;
            Box::pin(async move {
                if delivers {
                    drop(world.deliver(&HUB).await);
                    return;
                }
                if let Some(name) = step(world, id, &name, is_deleted).await {
                    acknowledged.borrow_mut().insert(name);
                }
                drop(world.deliver(&HUB).await);
            })
        });
        let tasks = tasks.collect();
        interleave(tasks, &mut rng);
    }
    let last = instance(memory, 3, &received, seed, 0);
    for _ in 0..8 {
        last.advance(100_000);
        block_on(last.deliver(&HUB)).unwrap();
    }
    let acknowledged = acknowledged.into_inner();
    for receiver in RECEIVERS {
        let names = check(receiver, &received, &format!("seed {seed}, {receiver}"));
        let lost: Vec<_> = acknowledged.difference(&names).collect();
        assert!(lost.is_empty(), "seed {seed}: {receiver} was never told of {lost:?}");
    }
    for kind in ["log", "w", "l", "d", "p"] {
        let left = block_on(last.keys("default", &format!("events/TMF666/{kind}/"))).unwrap();
        assert!(left.is_empty(), "seed {seed}: {left:?}");
    }
    (acknowledged.len(), received.borrow().len())
}

#[test]
fn every_event_of_an_acknowledged_change_arrives_in_order() {
    let (mut changes, mut events) = (0, 0);
    for seed in 0..12 {
        let (acknowledged, received) = one_run(seed);
        changes += acknowledged;
        events += received;
    }
    assert!(changes > 180 && events > 2 * changes, "{changes} changes, {events} events");
}
