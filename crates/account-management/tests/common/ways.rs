//! The ways to write, in both versions of the API.

use bytes::Bytes;
use http::{HeaderValue, Method, Response};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::{World, expect, request_in};
use tmf630::{Definition, Version};

use super::account;

pub const V4: Version = Version::V4;
pub const V5: Version = Version::V5;

pub fn ask(
    world: &World,
    version: Version,
    definition: &'static Definition,
    method: Method,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    let body = body.to_string();
    block_on(world.ask(definition, request_in(version, definition, method, rest, &body)))
}

pub fn patch_as(
    world: &World,
    version: Version,
    definition: &'static Definition,
    media_type: &'static str,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    let mut request = request_in(version, definition, Method::PATCH, rest, &body.to_string());
    request.headers_mut().insert("content-type", HeaderValue::from_static(media_type));
    block_on(world.ask(definition, request))
}

/// A v4 document as the least of v5.
pub fn least(version: Version, definition: &Definition, id: &str) -> Value {
    let mut document = account(id, json!({}));
    if version == V4 {
        document["relatedParty"] =
            json!([{ "id": "1", "name": "A", "@referredType": "Individual", "role": "owner" }]);
    }
    if !definition.resource.extends.contains(&"Account") {
        document = json!({ "id": id, "name": id });
    }
    document
}

/// What the document answers on each way to create, in both versions.
pub fn every_way_to_create(
    definition: &'static Definition,
    change: &dyn Fn(&mut Value),
) -> Vec<(String, Response<Bytes>)> {
    let mut answers = Vec::new();
    for version in [V4, V5] {
        let mut document = least(version, definition, "1");
        change(&mut document);
        let world = World::on(Memory::default());
        let created = ask(&world, version, definition, Method::POST, "", &document);
        let name = definition.resource.name;
        answers.push((format!("POST {name} {version:?}"), created));
        let world = World::on(Memory::default());
        let bulk = json!([{ "op": "add", "path": "/", "value": document }]);
        let bulk = patch_as(&world, version, definition, "application/json-patch+json", "", &bulk);
        answers.push((format!("bulk {name} {version:?}"), bulk));
    }
    answers
}

/// What a change of an attribute answers in each media type, in both versions.
pub fn every_way_to_change(
    definition: &'static Definition,
    attribute: &str,
    value: &dyn Fn(Version) -> Value,
) -> Vec<(String, Response<Bytes>)> {
    let mut answers = Vec::new();
    for version in [V4, V5] {
        let value = value(version);
        let path = format!("/{attribute}");
        for (media_type, patch) in [
            ("application/json", json!({ attribute: value })),
            ("application/merge-patch+json", json!({ attribute: value })),
            ("application/json-patch+json", json!([{ "op": "add", "path": path, "value": value }])),
            (
                "application/json-patch-query+json",
                json!([{ "op": "add", "path": format!("$.{attribute}"), "value": value }]),
            ),
        ] {
            let world = World::on(Memory::default());
            let document = least(version, definition, "1");
            expect(&ask(&world, version, definition, Method::POST, "", &document), 201);
            let before = ask(&world, version, definition, Method::GET, "/1", &Value::Null);
            let answer = patch_as(&world, version, definition, media_type, "/1", &patch);
            if answer.status() != 200 {
                let after = ask(&world, version, definition, Method::GET, "/1", &Value::Null);
                assert_eq!(after.body(), before.body());
            }
            let name = definition.resource.name;
            answers.push((format!("{media_type} {name} {version:?} {patch}"), answer));
        }
    }
    answers
}
