//! Exporting and importing, as a client does it.

// Each test file uses a part of this.
#![allow(dead_code)]

use bytes::Bytes;
use customer_bill_management::EXPORTED;
use http::{Method, Request, Response};
use http_body_util::Full;
use kv_tree::Memory;
use pollster::block_on;

use crate::common::{Value, World, expect, json};
use crate::kept::answers;

pub const TOKEN: &str = "a token of this deployment";

/// What stands on an account, as one posting has it.
pub const POSTING: &str =
    r#"{"unbilled":"1.19","unbilled_items":1,"receivable":"0","open_bills":0,"at":1790000000000}"#;

/// An instance that exports and imports.
pub fn instance(memory: &Memory) -> World {
    World::on(memory.clone()).with("transfer_token", TOKEN).numbered(7)
}

pub fn send(world: &World, method: Method, rest: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://api.example/transfer/{rest}"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/x-ndjson")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    block_on(world.transfer(&EXPORTED, request))
}

/// The line that an export of the tenant begins with, and the lines that follow.
pub fn export(memory: &Memory) -> (Value, Vec<String>) {
    let world = instance(memory);
    let first = expect(&send(&world, Method::POST, "export?tenant=default", ""), 201);
    let id = first["export"].as_str().unwrap();
    let lines = rest_of(&world, id, 0);
    assert_eq!(first["lines"], lines.len());
    let ended = send(&world, Method::DELETE, &format!("export/{id}?tenant=default"), "");
    assert_eq!(ended.status(), 204);
    (first, lines)
}

/// The lines of an export from the number on.
pub fn rest_of(world: &World, id: &str, from: usize) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let from = from + lines.len();
        let answer =
            send(world, Method::GET, &format!("export/{id}?tenant=default&from={from}"), "");
        assert_eq!(answer.status(), 200, "{answer:?}");
        assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
        let text = std::str::from_utf8(answer.body()).unwrap();
        lines.extend(text.lines().map(str::to_owned));
        let total: usize = answer.headers()["x-total-count"].to_str().unwrap().parse().unwrap();
        if from + text.lines().count() == total {
            return lines;
        }
        assert!(!text.is_empty());
    }
}

/// What becomes of lines that are imported.
pub fn import(memory: &Memory, id: &str, from: usize, lines: &[String]) -> Value {
    let rest = format!("import?tenant=default&export={id}&from={from}");
    expect(&send(&instance(memory), Method::POST, &rest, &lines.join("\n")), 200)
}

pub fn name_of(first: &Value) -> &str {
    first["export"].as_str().unwrap()
}

/// What is answered about all there is, but for what has to do with events that are to be sent.
pub fn answers_without_delivery(memory: &Memory) -> Value {
    let mut answers = answers(memory);
    for answer in
        answers.as_object_mut().unwrap().values_mut().flat_map(|it| it.as_array_mut().unwrap())
    {
        answer.as_object_mut().unwrap().remove("delivery");
    }
    answers
}

/// Imports all that is exported elsewhere, and expects that it is answered there as it was.
#[track_caller]
pub fn expect_the_same_elsewhere(memory: &Memory) {
    let (first, lines) = export(memory);
    let other = Memory::default();
    let report = import(&other, name_of(&first), 0, &lines);
    assert_eq!((&report["created"], &report["refused"]), (&json!(lines.len()), &json!([])));
    assert_eq!(answers_without_delivery(&other), answers_without_delivery(memory));
}
