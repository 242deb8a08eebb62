//! The API on a store in memory, without what the server does of its own, and what to ask of it.

#![allow(dead_code, reason = "each test uses a part of it")]

use bytes::Bytes;
use customer_bill_management::CUSTOMER_BILL_MANAGEMENT;
use http::{Method, Request, Response};
use http_body_util::Full;
use pollster::block_on;
use serde_json::Value;
use tmf630::testing::{World, expect};
use tmf630::{Definition, Version};

pub static ITEMS: Definition =
    Definition { behaviour: None, ..customer_bill_management::APPLIED_CUSTOMER_BILLING_RATE };
pub static BILLS: Definition =
    Definition { behaviour: None, ..customer_bill_management::CUSTOMER_BILL };
pub static ON_DEMAND: Definition =
    Definition { behaviour: None, ..customer_bill_management::CUSTOMER_BILL_ON_DEMAND };
pub static CYCLES: Definition =
    Definition { behaviour: None, ..customer_bill_management::BILL_CYCLE };

/// What the resource answers at a path.
pub fn ask(
    world: &World,
    definition: &'static Definition,
    method: Method,
    path: &str,
    body: &str,
) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://api.example{path}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    block_on(world.ask(definition, request))
}

/// The path of the collection.
pub fn collection(version: Version, definition: &Definition) -> String {
    format!("{}/{}", CUSTOMER_BILL_MANAGEMENT.base_path(version), definition.name())
}

/// Creates a resource.
pub fn post(
    world: &World,
    version: Version,
    definition: &'static Definition,
    document: &Value,
) -> Response<Bytes> {
    let path = collection(version, definition);
    ask(world, definition, Method::POST, &path, &document.to_string())
}

/// The document at `rest` below the collection.
#[track_caller]
pub fn get(world: &World, version: Version, definition: &'static Definition, rest: &str) -> Value {
    let path = collection(version, definition) + rest;
    expect(&ask(world, definition, Method::GET, &path, ""), 200)
}
