//! Asking the API, and waiting for its answers.

// Each test file uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod callers;
pub mod events;
pub mod ways;

use bytes::Bytes;
use http::{Method, Response};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Definition;
pub use tmf630::testing::{World, expect, request, request_in};

/// The resources that are changed in every way; subscriptions are not.
pub fn resources() -> impl Iterator<Item = &'static Definition> {
    account_management::ALL.into_iter().filter(|definition| definition.events.are_any())
}

/// What the API answers to a request with a JSON body.
pub fn ask(
    world: &World,
    definition: &'static Definition,
    method: Method,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    block_on(world.ask(definition, request(definition, method, rest, &body.to_string())))
}

pub fn post(world: &World, definition: &'static Definition, body: &Value) -> Response<Bytes> {
    ask(world, definition, Method::POST, "", body)
}

pub fn patch(world: &World, definition: &'static Definition, id: &str, body: &Value) -> u16 {
    ask(world, definition, Method::PATCH, &format!("/{id}"), body).status().as_u16()
}

pub fn delete(world: &World, definition: &'static Definition, id: &str) -> u16 {
    ask(world, definition, Method::DELETE, &format!("/{id}"), &Value::Null).status().as_u16()
}

/// An account with the id and further attributes.
pub fn account(id: &str, attributes: Value) -> Value {
    let mut document = json!({
        "id": id,
        "name": id,
        "relatedParty": [{ "role": "owner", "partyOrPartyRole": { "id": "1" } }]
    });
    for (name, value) in attributes.as_object().into_iter().flatten() {
        document[name] = value.clone();
    }
    document
}

/// That an account is related to another: of the class, or of no class if that is empty.
pub fn related(kind: &str, class: &str, id: &str) -> Value {
    let mut account = json!({ "id": id });
    if !class.is_empty() {
        account["@referredType"] = json!(class);
    }
    json!({ "accountRelationship": [{ "relationshipType": kind, "account": account }] })
}
