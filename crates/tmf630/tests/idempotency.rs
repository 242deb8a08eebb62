//! How long a request that is sent again is recognised.

mod common;

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use common::{ACCOUNTS, Asking, World, account, expect, request, request_in};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use kv_tree::{KeyRange, Memory, Store, TreeName};
use serde_json::{Value, json};
use tmf630::Version;

fn post(world: &World, key: &str, name: &str) -> http::Response<Bytes> {
    let mut request = request(&ACCOUNTS, Method::POST, "", &account(name).to_string());
    request.headers_mut().insert("idempotency-key", HeaderValue::from_str(key).unwrap());
    world.ask_now(&ACCOUNTS, request)
}

/// How many keys there are under a prefix.
fn stored(memory: &Memory, prefix: &str) -> u64 {
    let tree = Store::new(memory.clone()).tree(TreeName::new("default").unwrap());
    pollster::block_on(async {
        tree.snapshot()
            .await
            .unwrap()
            .count(&KeyRange::prefix(format!("billingAccount/{prefix}")))
            .await
            .unwrap()
    })
}

#[test]
fn keys_are_kept_for_a_day_and_then_forgotten() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let first = expect(&post(&world, "k/1", "a"), 201);
    world.advance(23 * 60 * 60);
    assert_eq!(expect(&post(&world, "k/1", "a"), 201), first);
    expect(&post(&world, "k/1", "b"), 422);
    for number in 0..10 {
        expect(&post(&world, &format!("other-{number}"), "a"), 201);
    }
    assert_eq!((stored(&memory, "k/"), stored(&memory, "x/")), (11, 11));

    world.advance(25 * 60 * 60);
    // A key that is over may be used anew; the entry of its first use is among those that are
    // forgotten later.
    let second = expect(&post(&world, "other-9", "b"), 201);
    assert_eq!(expect(&post(&world, "other-9", "b"), 201), second);
    world.advance(60);
    for number in 0..3 {
        expect(&post(&world, &format!("new-{number}"), "a"), 201);
    }
    // Those that are over are forgotten a few at a time.
    assert_eq!((stored(&memory, "k/"), stored(&memory, "x/")), (4, 4));
    assert_eq!(expect(&post(&world, "other-9", "b"), 201), second);
}

/// How many steps a POST with a key takes while another instance creates an account after the step, with
/// a key of its own or without.
fn steps(after: usize, is_keyed: bool) -> usize {
    let memory = Memory::default();
    let (own, other) = (World::on(memory.clone()), World::on(memory.clone()));
    // Both have begun to write, and there is a key that is not over.
    expect(&post(&own, "first", "a"), 201);
    expect(&post(&other, "second", "a"), 201);
    let mut request = request(&ACCOUNTS, Method::POST, "", &account("own").to_string());
    request.headers_mut().insert("idempotency-key", HeaderValue::from_static("own"));
    let mut answer = std::pin::pin!(own.ask(&ACCOUNTS, request));
    let mut context = Context::from_waker(Waker::noop());
    for step in 0.. {
        if step == after {
            let status = match is_keyed {
                true => post(&other, "other", "b").status(),
                false => other.post(&ACCOUNTS, &account("b")).status(),
            };
            assert_eq!(status, 201);
        }
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
            expect(&answer, 201);
            return step;
        }
    }
    unreachable!("a request that never ends")
}

#[test]
fn requests_with_different_keys_do_not_make_one_another_run_again() {
    let alone = steps(usize::MAX, false);
    for after in 0..alone {
        assert_eq!(steps(after, true), steps(after, false), "after step {after} of {alone}");
    }
}

fn bulk(version: Version, key: &str, documents: &[Value]) -> Request<Full<Bytes>> {
    let add = |document: &Value| json!({ "op": "add", "path": "/", "value": document });
    let body = json!(documents.iter().map(add).collect::<Vec<_>>()).to_string();
    let mut request = request_in(version, &ACCOUNTS, Method::PATCH, "", &body);
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json-patch+json"));
    headers.insert("idempotency-key", HeaderValue::from_str(key).unwrap());
    request
}

/// How many accounts there are, by the list and by what is stored.
fn total(memory: &Memory, world: &World) -> u64 {
    let total = common::ids(&world.get(&ACCOUNTS, "?limit=0")).1;
    assert_eq!(total, stored(memory, "r/").to_string());
    stored(memory, "r/")
}

/// Documents that differ, of which each takes some room however it is stored.
fn documents(count: usize) -> Vec<Value> {
    let document = |number: usize| {
        let mut document = account(&format!("n{number:03}"));
        let noise = (0..60_u64).map(|n| (n + 1).wrapping_mul(number as u64 + 7).pow(3));
        document["description"] = json!(noise.map(|n| format!("{n:x}")).collect::<String>());
        document
    };
    (0..count).map(document).collect()
}

#[test]
fn many_are_created_once_however_often_they_are_sent() {
    for version in [Version::V4, Version::V5] {
        for (count, at_least) in [(1, 1), (3, 1), (400, 4)] {
            let memory = Memory::default();
            let world = World::on(memory.clone());
            let mut documents = documents(count);
            if version == Version::V4 {
                for document in &mut documents {
                    document["relatedParty"] =
                        json!([{ "id": "1", "name": "A", "@referredType": "Individual" }]);
                }
            }
            let ask = |key: &str, documents: &[Value]| {
                world.ask_now(&ACCOUNTS, bulk(version, key, documents))
            };
            let first = ask("k", &documents);
            assert_eq!(expect(&first, 200).as_array().unwrap().len(), count);
            let parts = stored(&memory, "k/");
            assert!(parts >= at_least, "{count} in {parts} parts");

            // What becomes of them afterwards does not change the answer.
            let created = expect(&first, 200);
            let id = created[count - 1]["id"].as_str().unwrap();
            expect(&world.patch(&ACCOUNTS, id, &json!({ "state": "changed" })), 200);
            if count > 1 {
                let id = created[0]["id"].as_str().unwrap();
                assert_eq!(world.delete(&ACCOUNTS, id).status(), 204);
            }
            let left = total(&memory, &world);
            let again = ask("k", &documents);
            assert_eq!((again.status(), again.body()), (first.status(), first.body()));
            assert_eq!(
                World::on(memory.clone()).ask_now(&ACCOUNTS, bulk(version, "k", &documents)).body(),
                first.body()
            );
            assert_eq!(total(&memory, &world), left);

            // Neither fewer, nor others, nor one of them alone are the same request.
            let mut others = documents.clone();
            others[0]["name"] = json!("other");
            expect(&ask("k", &others), 422);
            let mut more = documents.clone();
            more.push(documents[0].clone());
            expect(&ask("k", &more), 422);
            expect(&post(&world, "k", "n000"), 422);
            assert_eq!(total(&memory, &world), left);

            expect(&ask("other", &documents), 200);
            assert_eq!(total(&memory, &world), left + count as u64);
        }
    }
}

#[test]
fn what_is_refused_is_not_remembered() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let mut documents = documents(2);
    documents[1]["id"] = json!("taken");
    expect(&world.post(&ACCOUNTS, &documents[1]), 201);
    expect(&world.ask_now(&ACCOUNTS, bulk(Version::V5, "k", &documents)), 409);
    assert_eq!((stored(&memory, "k/"), stored(&memory, "x/"), stored(&memory, "r/")), (0, 0, 1));
    assert_eq!(world.delete(&ACCOUNTS, "taken").status(), 204);
    expect(&world.ask_now(&ACCOUNTS, bulk(Version::V5, "k", &documents)), 200);
    assert_eq!(total(&memory, &world), 2);
}

#[test]
fn all_parts_are_forgotten_after_a_day() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let documents = documents(1000);
    expect(&world.ask_now(&ACCOUNTS, bulk(Version::V5, "many", &documents)), 200);
    assert!(stored(&memory, "k/") > 8);
    world.advance(24 * 60 * 60 - 1);
    expect(&world.ask_now(&ACCOUNTS, bulk(Version::V5, "many", &documents)), 200);
    assert_eq!(stored(&memory, "r/"), 1000);
    world.advance(60);
    // The next request with a key removes them.
    expect(&post(&world, "next", "a"), 201);
    assert_eq!((stored(&memory, "k/"), stored(&memory, "x/")), (1, 1));
    // The key can be used anew, for fewer than before: no part of the first use is left.
    expect(&world.ask_now(&ACCOUNTS, bulk(Version::V5, "many", &documents[..2])), 200);
    let again = world.ask_now(&ACCOUNTS, bulk(Version::V5, "many", &documents[..2]));
    assert_eq!(expect(&again, 200).as_array().unwrap().len(), 2);
    assert_eq!((stored(&memory, "k/"), stored(&memory, "r/")), (2, 1003));
}

/// Parts that are left of a first use, because nobody came to remove them, are not those of the second.
#[test]
fn a_key_that_is_over_is_used_anew_before_it_was_forgotten() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let documents = documents(400);
    expect(&world.ask_now(&ACCOUNTS, bulk(Version::V5, "k", &documents)), 200);
    world.advance(25 * 60 * 60);
    for count in [2, 1] {
        let request = || bulk(Version::V5, "k", &documents[..count]);
        let first = world.ask_now(&ACCOUNTS, request());
        assert_eq!(expect(&first, 200).as_array().unwrap().len(), count);
        assert_eq!(world.ask_now(&ACCOUNTS, request()).body(), first.body());
        assert_eq!((stored(&memory, "k/"), stored(&memory, "x/")), (1, 1));
        world.advance(25 * 60 * 60);
    }
}

#[test]
fn without_a_key_nothing_is_remembered() {
    let memory = Memory::default();
    expect(&World::on(memory.clone()).post(&ACCOUNTS, &account("a")), 201);
    assert_eq!((stored(&memory, "k/"), stored(&memory, "x/")), (0, 0));
}
