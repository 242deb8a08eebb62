//! A request that belongs to a trace (W3C Trace Context): the log says so, and what others are sent of it
//! belongs to the same.

mod common;

use std::cell::Cell;

use common::{ACCOUNTS, API, Asking, World, account, expect, request};
use http::{HeaderValue, Method};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::json;
use tmf630::events::hub::{Hub, INDEXES, OPERATIONS, VISIBILITY};
use tmf630::model::api::Resource;
use tmf630::model::event::Events;
use tmf630::{Definition, Version};

static HUB_RESOURCE: Resource = Resource {
    name: "hub",
    class: "Hub",
    extends: &[],
    one: "a subscription",
    many: "subscriptions",
    description: "Subscriptions.",
    visibility: VISIBILITY,
    versions: Version::ALL,
    stored_as: None,
};

static HUB: Definition = Definition {
    api: &API,
    resource: &HUB_RESOURCE,
    class: &schemas::class::HUB,
    operations: OPERATIONS,
    immutable_in_v4: &[],
    own_indexes: INDEXES,
    rules: &[],
    behaviour: Some(&Hub { api: &API, resource: &HUB_RESOURCE, definitions: &[&ACCOUNTS] }),
    events: Events::NONE,
    variables: &[],
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// An instance in whose tenant somebody listens.
fn listened_to() -> World {
    let world = World::on(Memory::default());
    expect(&world.post(&HUB, &json!({ "callback": "https://events.example/listen" })), 201);
    world
}

/// Creates an account by a request with the headers; its line of the log.
fn create(world: &World, headers: &[(&'static str, &str)]) -> String {
    let mut request = request(&ACCOUNTS, Method::POST, "", &account("Traced").to_string());
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    expect(&world.ask_now(&ACCOUNTS, request), 201);
    let log = world.log.take().pop().unwrap();
    log.lines().last().unwrap().to_owned()
}

/// The headers about traces of each event that is sent now.
fn sent(world: &World) -> Vec<Vec<(&'static str, String)>> {
    block_on(world.deliver(&HUB)).unwrap();
    let is_of_trace = |(name, _): &(&str, String)| name.starts_with("trace");
    let headers = world.sent.take().into_iter().map(|sent| sent.headers);
    headers.map(|headers| headers.into_iter().filter(is_of_trace).collect()).collect()
}

#[test]
fn what_is_sent_of_a_request_belongs_to_its_trace() {
    let world = listened_to();
    let line =
        create(&world, &[("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")]);
    assert!(line.contains(&format!(r#","traceId":"{TRACE}""#)), "{line}");
    // It is not taken at once: each try is a part of the trace of its own.
    let is_taken = Cell::new(false);
    world.answer(move |_| if is_taken.replace(true) { Ok(204) } else { Ok(503) });
    let first = sent(&world);
    world.advance(2);
    let second = sent(&world);
    let mut parents = Vec::new();
    for headers in [&first, &second] {
        let [headers] = &headers[..] else { panic!("{headers:?}") };
        let [(_, parent), (name, state)] = &headers[..] else { panic!("{headers:?}") };
        assert_eq!((*name, &state[..]), ("tracestate", "a=1,b=2"));
        let parts: Vec<_> = parent.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"), "{parent}");
        parents.push(parts[2].to_owned());
    }
    parents.push("00f067aa0ba902b7".to_owned());
    parents.sort();
    parents.dedup();
    assert_eq!(parents.len(), 3, "{parents:?}");
}

#[test]
fn a_request_whose_trace_cannot_be_read_is_answered_and_belongs_to_none() {
    let world = listened_to();
    for headers in [
        &[][..],
        &[("traceparent", "nonsense"), ("tracestate", "a=1")],
        &[("traceparent", PARENT), ("traceparent", PARENT)],
        &[("tracestate", "a=1")],
    ] {
        assert!(!create(&world, headers).contains("trace"), "{headers:?}");
        assert_eq!(sent(&world), [vec![]], "{headers:?}");
    }
}

#[test]
fn a_long_state_makes_no_event_longer() {
    let world = listened_to();
    let long = format!("a={}", "1".repeat(255));
    create(
        &world,
        &[("traceparent", PARENT), ("tracestate", &long), ("tracestate", &long.replace('a', "b"))],
    );
    let [headers] = &sent(&world)[..] else { panic!() };
    assert_eq!(headers.len(), 1, "{headers:?}");
}
