//! How long a request that is sent again is recognised.

mod common;

use std::task::{Context, Poll, Waker};

use common::{ACCOUNTS, Asking, World, account, expect, request};
use http::{HeaderValue, Method};
use kv_tree::{KeyRange, Memory, Store, TreeName};

fn post(world: &World, key: &str, name: &str) -> http::Response<bytes::Bytes> {
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

#[test]
fn without_a_key_nothing_is_remembered() {
    let memory = Memory::default();
    expect(&World::on(memory.clone()).post(&ACCOUNTS, &account("a")), 201);
    assert_eq!((stored(&memory, "k/"), stored(&memory, "x/")), (0, 0));
}
