//! Subscribing, and what was sent.

use account_management::HUB;
use http::Method;
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Version;
use tmf630::events::Delivered;
use tmf630::testing::World;

use super::{ask, expect, post, request_in};

pub const CALLBACK: &str = "https://events.example/listen";

pub fn world() -> World {
    World::on(Memory::default())
}

/// Subscribes with a query, and returns the id.
pub fn subscribe(world: &World, query: &str) -> String {
    let answer = post(world, &HUB, &json!({ "callback": CALLBACK, "query": query }));
    expect(&answer, 201)["id"].as_str().unwrap().to_owned()
}

pub fn subscribe_in(version: Version, world: &World, body: &Value) -> Value {
    let request = request_in(version, &HUB, Method::POST, "", &body.to_string());
    expect(&block_on(world.ask(&HUB, request)), 201)
}

pub fn deliver(world: &World) -> Delivered {
    block_on(world.deliver(&HUB)).unwrap()
}

/// What was sent since this was asked last.
pub fn sent(world: &World) -> Vec<Value> {
    let sent = world.sent.take();
    sent.iter().map(|sent| serde_json::from_slice(&sent.body).unwrap()).collect()
}

/// The types of it, with the id of what each is about.
pub fn told(world: &World) -> Vec<String> {
    let told = |event: Value| {
        let about = event["event"].as_object().unwrap().values().next().unwrap().clone();
        let kind = event["eventType"].as_str().unwrap().replace("Event", "");
        format!("{kind} {}", about["id"].as_str().unwrap())
    };
    sent(world).into_iter().map(told).collect()
}

pub fn status(world: &World, id: &str) -> Value {
    let answer = ask(world, &HUB, Method::GET, &format!("/{id}"), &Value::Null);
    expect(&answer, 200)["delivery"].clone()
}
