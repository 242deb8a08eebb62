//! `POST /maintenance` goes on with what was interrupted, for who has its token.

mod common;

use bytes::Bytes;
use common::counting::{
    COUNTER, Instance, JOBS, Task, announced, contents, interleave, job_of, settings, state,
};
use common::expect;
use http::{Method, Request, Response};
use jiff::SignedDuration;
use kv_tree::{Kv, Memory};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::serve_maintenance;

const TOKEN: &str = "correct-horse";

async fn call<K: Kv>(
    instance: &Instance<K>,
    method: Method,
    token: &str,
    authorization: Option<&str>,
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri("http://api.example/maintenance");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let settings = settings(&[("maintenance_token", token)]);
    serve_maintenance(JOBS, &[COUNTER.api], &settings, instance, &request.body(()).unwrap()).await
}

/// What a call reports that may be made.
async fn maintain<K: Kv>(instance: &Instance<K>) -> Value {
    let answer = call(instance, Method::POST, TOKEN, Some("Bearer correct-horse")).await;
    expect(&answer, 200)
}

fn report(tenants: u32, steps: u32, left: u32, failed: u32) -> Value {
    let events = json!({ "delivered": 0, "failed": 0, "broken": 0 });
    json!({ "tenants": tenants, "steps": steps, "left": left, "failed": failed, "events": events })
}

#[test]
fn without_a_token_in_the_deployment_there_is_nothing() {
    let instance = Instance::of("acme", Memory::default());
    for method in [Method::POST, Method::GET, Method::OPTIONS, Method::DELETE] {
        for authorization in [None, Some("Bearer "), Some("Bearer x")] {
            let answer = block_on(call(&instance, method.clone(), "", authorization));
            assert_eq!(expect(&answer, 404)["code"], "60");
        }
    }
    assert!(instance.log.borrow()[0].contains(r#""route":"none""#));
}

#[test]
fn only_who_has_the_token_is_answered() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    expect(&instance.begin("a", "3"), 201);
    for (authorization, code) in [
        (None, "40"),
        (Some("Basic correct-horse"), "40"),
        (Some("correct-horse"), "40"),
        (Some(""), "40"),
        (Some("Bearer"), "40"),
        (Some("Bearer correct-horsf"), "41"),
        (Some("Bearer Correct-horse"), "41"),
        (Some("Bearer correct-horse-battery"), "41"),
        (Some("Bearer correct"), "41"),
        (Some("Bearer correct horse"), "41"),
    ] {
        let answer = block_on(call(&instance, Method::POST, TOKEN, authorization));
        assert_eq!(expect(&answer, 401)["code"], code, "{authorization:?}");
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(!format!("{answer:?}").contains(TOKEN));
    }
    assert!(instance.log.borrow().iter().all(|line| !line.contains("correct")));
    assert_eq!(state(&memory, "acme", "a"), (0, 1));
    let answer = call(&instance, Method::POST, TOKEN, Some("bearer  correct-horse "));
    assert_eq!(expect(&block_on(answer), 200), report(1, 3, 0, 0));
}

#[test]
fn it_can_be_called_and_nothing_else() {
    let instance = Instance::of("acme", Memory::default());
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = block_on(call(&instance, method, TOKEN, Some("Bearer correct-horse")));
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["allow"]),
            (405, &"POST, OPTIONS".parse().unwrap())
        );
    }
    let answer = block_on(call(&instance, Method::OPTIONS, TOKEN, None));
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()),
        (204, "POST, OPTIONS")
    );
}

#[test]
fn every_tenant_gets_its_jobs_done_whatever_hinders_another() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    for (name, id) in [("acme", "broken"), ("globex", "a"), ("initech", "a"), ("umbrella", "a")] {
        expect(&Instance::of(name, memory.clone()).begin(id, "3"), 201);
    }
    assert_eq!(announced(&memory), ["acme", "globex", "initech", "umbrella"]);
    // Nothing of this tenant can be read.
    let pages = memory.contents().into_keys().filter(|key| key.starts_with("initech"));
    block_on(memory.put_many(pages.map(|key| (key, b"damaged".to_vec())).collect())).unwrap();
    assert_eq!(block_on(maintain(&instance)), report(4, 6, 1, 2));
    for name in ["globex", "umbrella"] {
        assert_eq!(state(&memory, name, "a"), (3, 0));
    }
    let log = instance.log.take();
    for (name, words) in [("acme", "It cannot go on."), ("initech", "error")] {
        let said = format!(r#""tenant":"{name}""#);
        assert!(log.iter().any(|line| line.contains(&said) && line.contains(words)), "{log:?}");
    }
    // Neither is forgotten, however long that lasts.
    let later = instance.later(3600);
    assert_eq!(block_on(maintain(&later)), report(4, 0, 1, 2));
    assert_eq!(block_on(maintain(&later)), report(2, 0, 1, 2));
}

#[test]
fn a_tenant_without_jobs_is_left_alone_when_no_request_relies_on_its_being_looked_at() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    expect(&instance.begin("a", "3"), 201);
    assert_eq!(block_on(maintain(&instance)), report(1, 3, 0, 0));
    instance.advance(14 * 60);
    assert_eq!(block_on(maintain(&instance)), report(1, 0, 0, 0));
    instance.advance(2 * 60);
    assert_eq!(block_on(maintain(&instance)), report(1, 0, 0, 0));
    assert_eq!(block_on(maintain(&instance)), report(0, 0, 0, 0));
    assert_eq!(announced(&memory), ["acme"]);
    expect(&instance.begin("b", "2"), 201);
    assert_eq!(block_on(maintain(&instance)), report(1, 2, 0, 0));
}

#[test]
fn a_call_ends_in_time_and_shares_it_among_tenants() {
    let memory = Memory::default();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        expect(&Instance::of(name, memory.clone()).begin("x", "1000"), 201);
    }
    let instance = Instance::of("a", memory.clone());
    instance.step.set(SignedDuration::from_millis(100));
    let begin = instance.now.get();
    let done = block_on(maintain(&instance));
    let time = instance.now.get().duration_since(begin);
    assert!(time <= SignedDuration::from_secs(6), "{time:?}");
    assert_eq!(done["left"], 5);
    for name in names {
        let (steps, _) = state(&memory, name, "x");
        assert!((7..=13).contains(&steps), "{name}: {steps}");
    }
    // Where each step takes all the time, the next call begins with another tenant.
    instance.step.set(SignedDuration::from_secs(10));
    let before: Vec<_> = names.iter().map(|name| state(&memory, name, "x").0).collect();
    for _ in 0..40 {
        block_on(maintain(&instance));
    }
    for (name, before) in names.iter().zip(before) {
        assert!(state(&memory, name, "x").0 > before, "{name} never has its turn");
    }
}

#[test]
fn calls_beside_each_other_do_each_step_once() {
    for seed in 1..20 {
        let memory = Memory::default();
        for name in ["acme", "globex"] {
            expect(&Instance::of(name, memory.clone()).begin("a", "4"), 201);
        }
        let instances: Vec<_> =
            (0..2).map(|n| Instance::of("acme", memory.clone()).later(60 * n)).collect();
        let tasks = instances.iter().map(|it| -> Task<'_, _> { Box::pin(maintain(it)) }).collect();
        let steps = interleave(tasks, seed).into_iter().map(|done| done["steps"].as_u64().unwrap());
        assert_eq!(steps.sum::<u64>(), 8, "seed {seed}");
        for name in ["acme", "globex"] {
            assert_eq!(state(&memory, name, "a"), (4, 0), "seed {seed}");
        }
    }
}

#[test]
fn the_log_has_a_line_only_of_calls_in_which_something_happened() {
    let instance = Instance::of("acme", Memory::default());
    let calls_told = || {
        let is_call =
            |line: &String| line.contains(r#""method":"POST","route":"/maintenance","status":200"#);
        instance.log.take().iter().filter(|line| is_call(line)).count()
    };
    block_on(maintain(&instance));
    calls_told();
    block_on(maintain(&instance));
    assert_eq!(calls_told(), 0);
    expect(&instance.begin("a", "3"), 201);
    block_on(maintain(&instance));
    assert_eq!(calls_told(), 1);
    block_on(call(&instance, Method::POST, TOKEN, None));
    assert!(instance.log.borrow()[0].contains(r#""status":401"#));
}

#[test]
fn every_five_minutes_the_log_has_a_line_of_a_call_in_which_nothing_happened() {
    let memory = Memory::default();
    // Each call is answered by another instance.
    let lines = |seconds| {
        let instance = Instance::of("acme", memory.clone()).later(seconds);
        block_on(maintain(&instance));
        instance.log.take().len()
    };
    assert_eq!([0, 1, 299, 300, 301, 599, 600].map(lines), [1, 0, 0, 1, 0, 0, 1]);
    assert_eq!(lines(-1000), 1, "a clock that was wrong keeps none of the others silent");
}

/// The lines of the log, of whatever instance, in which somebody is told how large a tenant is.
fn gauges<K: Kv>(instance: &Instance<K>) -> Vec<Value> {
    let log = instance.log.take();
    let lines = log.iter().flat_map(|lines| lines.lines());
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line.get("data").is_some()).collect()
}

#[test]
fn the_log_is_told_how_large_a_tenant_is_when_something_happens_there() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    expect(&instance.begin("a", "3"), 201);
    expect(&instance.begin("broken", "3"), 201);
    block_on(maintain(&instance));
    let [line] = &gauges(&instance)[..] else { panic!() };
    assert_eq!((&line["tenant"], &line["jobs"]), (&json!("acme"), &json!({ "count": 1 })));
    let data = line["data"].as_object().unwrap();
    let names = ["bytes", "commit", "entries", "flushes", "held", "pages", "retiredPages"];
    assert_eq!(data.keys().collect::<Vec<_>>(), names);
    let entries = contents(&memory, "acme", "").len();
    assert_eq!(data["entries"], entries, "{line}");
    let vacuum = json!(
        { "orphanedPages": 0, "orphanedHeads": 0, "retiredPages": 0, "unknownPages": 0 }
    );
    assert_eq!(line["vacuum"], vacuum, "the first call looks for pages that nothing needs");

    // That a job fails happens with each call, and is told once a minute.
    for seconds in [1, 58, 0] {
        instance.advance(seconds);
        block_on(maintain(&instance));
        assert_eq!(gauges(&instance), Vec::<Value>::new());
    }
    instance.advance(1);
    block_on(maintain(&instance));
    let [line] = &gauges(&instance)[..] else { panic!() };
    assert_eq!((&line["jobs"]["count"], line.get("vacuum")), (&json!(1), None));
}

#[test]
fn an_idle_tenant_is_told_of_with_its_housekeeping_alone() {
    let instance = Instance::of("acme", Memory::default());
    let mut request = job_of("a", "1");
    request.headers_mut().insert("idempotency-key", "once".parse().unwrap());
    expect(&block_on(instance.ask(request)), 201);
    block_on(maintain(&instance));
    let [line] = &gauges(&instance)[..] else { panic!() };
    assert_eq!((&line["jobs"]["count"], &line["idempotencyKeys"]), (&json!(0), &json!(1)));
    let mut told = 0;
    for _ in 0..24 {
        instance.advance(3600);
        block_on(maintain(&instance));
        told += gauges(&instance).len();
    }
    assert_eq!(told, 4, "every six hours");
}

#[test]
fn what_a_crash_has_left_is_told_of_whenever_it_is_found() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    expect(&instance.begin("broken", "3"), 201);
    // As a flush leaves them that crashed before the head led to them: pages of another tree, and nonsense.
    let head = memory.contents().into_keys().find(|key| key.matches(':').count() == 1).unwrap();
    let left = |number: u32| (format!("{head}:1.00000000000000aa.{number:x}"), vec![3; 20]);
    block_on(memory.put_many((0..3).map(left).collect())).unwrap();
    block_on(maintain(&instance));
    let [line] = &gauges(&instance)[..] else { panic!() };
    assert_eq!(line["vacuum"]["unknownPages"], 3, "{line}");
}
