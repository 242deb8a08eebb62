//! Who acts for parties, and what they are answered.

use account_management::BILLING_ACCOUNT;
use bytes::Bytes;
use http::{HeaderValue, Method, Response};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::{World, caller, expect, request_in};
use tmf630::{Definition, Version};

use super::ways::V5;

pub const READ_WRITE: &[&str] = &["tmf666:read", "tmf666:write"];

/// Nobody's customer.
pub fn as_operator(world: &World) -> &World {
    world.call_as(caller("t", READ_WRITE, &[]));
    world
}

/// Who acts for the parties.
pub fn acting_for<'w>(world: &'w World, parties: &[&str]) -> &'w World {
    world.call_as(caller("t", READ_WRITE, parties));
    world
}

/// An account of the parties, each with its role.
pub fn account_of(id: &str, parties: &[(&str, &str)]) -> Value {
    json!({ "id": id, "name": format!("name of {id}"), "relatedParty": related(parties) })
}

pub fn related(parties: &[(&str, &str)]) -> Value {
    let element =
        |(id, role): &(&str, &str)| json!({ "role": role, "partyOrPartyRole": { "id": id } });
    parties.iter().map(element).collect()
}

/// What is answered to a request that has a name.
pub fn ask(
    world: &World,
    version: Version,
    definition: &'static Definition,
    method: Method,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = request_in(version, definition, method.clone(), rest, &body);
    let headers = request.headers_mut();
    headers.insert("x-request-id", HeaderValue::from_static("1"));
    if method == Method::PATCH && rest.is_empty() {
        headers.insert("content-type", HeaderValue::from_static("application/json-patch+json"));
    }
    block_on(world.ask(definition, request))
}

pub fn get(world: &World, rest: &str) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::GET, rest, &Value::Null)
}

pub fn post(world: &World, document: &Value) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::POST, "", document)
}

pub fn patch(world: &World, id: &str, patch: &Value) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::PATCH, &format!("/{id}"), patch)
}

pub fn delete(world: &World, id: &str) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::DELETE, &format!("/{id}"), &Value::Null)
}

/// The ids of a list, and the total that it says.
pub fn listed(answer: &Response<Bytes>) -> (Vec<String>, u64) {
    let ids = expect(answer, 200).as_array().unwrap().iter().map(id_of).collect();
    (ids, answer.headers()["x-total-count"].to_str().unwrap().parse().unwrap())
}

pub fn id_of(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}

pub fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Accounts a to f: of the parties 1, 2, both, in other roles, and of nobody else.
pub fn some_accounts() -> World {
    let world = World::on(Memory::default());
    for (id, parties) in [
        ("a", &[("1", "owner")][..]),
        ("b", &[("2", "owner")]),
        ("c", &[("1", "partner"), ("2", "owner")]),
        ("d", &[("3", "owner")]),
        ("e", &[("2", "owner"), ("1", "payer"), ("1", "partner")]),
        ("f", &[("11", "owner")]),
    ] {
        expect(&post(as_operator(&world), &account_of(id, parties)), 201);
    }
    world
}
