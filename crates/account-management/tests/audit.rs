//! Who changed what is a line of the log.

mod common;

use account_management::BILLING_ACCOUNT;
use common::{World, account, expect, request};
use http::{HeaderValue, Method};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::caller;

/// The lines of the log that tell of changes, since it was looked at last.
fn changes(world: &World) -> Vec<Value> {
    let log = std::mem::take(&mut *world.log.borrow_mut());
    let lines = log.iter().flat_map(|lines| lines.lines());
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line.get("change").is_some()).collect()
}

fn ask(
    world: &World,
    method: Method,
    rest: &str,
    headers: &[(&'static str, &str)],
    body: &Value,
) -> u16 {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = request(&BILLING_ACCOUNT, method, rest, &body);
    request.headers_mut().insert("x-request-id", HeaderValue::from_static("r\"1"));
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    block_on(world.ask(&BILLING_ACCOUNT, request)).status().as_u16()
}

#[test]
fn a_change_is_told_with_who_made_it() {
    let world = World::on(Memory::default());
    world.call_as(caller("acme", &["tmf666:write"], &["1", "2"]));
    assert_eq!(ask(&world, Method::POST, "", &[], &account("a", json!({}))), 201);
    assert_eq!(
        changes(&world),
        [json!({
            "time": "2026-09-21T14:13:20.000Z",
            "change": "create",
            "outcome": "done",
            "status": 201,
            "tenant": "acme",
            "issuer": "https://issuer.example",
            "subject": r#"subject of ["1", "2"]"#,
            "client": "portal",
            "party": ["1", "2"],
            "resource": "billingAccount",
            "id": "a",
            "requestId": "r\"1"
        })]
    );
}

#[test]
fn every_way_to_change_is_told_and_no_other() {
    let world = World::on(Memory::default());
    world.call_as(caller("acme", &["tmf666:write", "tmf666:read"], &["1"]));
    let add = |id: &str| json!({ "op": "add", "path": "/", "value": account(id, json!({})) });
    let key = ("idempotency-key", "k");
    let bulk = ("content-type", "application/json-patch+json");
    let others = json!({ "relatedParty": [{ "role": "o", "partyOrPartyRole": { "id": "2" } }] });
    for (method, rest, headers, body, expected) in [
        (Method::POST, "", &[key][..], account("a", json!({})), &["create done a"][..]),
        (Method::POST, "", &[key], account("a", json!({})), &["create repeated a"]),
        (Method::POST, "", &[], account("a", json!({})), &["create refused a"]),
        (Method::POST, "", &[], json!({ "name": 5 }), &["create refused -"]),
        (
            Method::PATCH,
            "",
            &[bulk],
            json!([add("b"), add("c")]),
            &["createMany done b", "createMany done c"],
        ),
        (Method::PATCH, "", &[bulk], json!([add("d"), add("c")]), &["createMany refused -"]),
        (Method::PATCH, "/a", &[], json!({ "name": "x" }), &["update done a"]),
        (Method::PATCH, "/a", &[], json!({ "name": "x" }), &["update unchanged a"]),
        (Method::PATCH, "/a", &[], others, &["update refused a"]),
        (Method::PATCH, "/x", &[], json!({ "name": "x" }), &["update refused x"]),
        (Method::DELETE, "/a", &[("if-match", "\"1\"")], Value::Null, &["delete refused a"]),
        (Method::DELETE, "/a", &[], Value::Null, &["delete done a"]),
        (Method::GET, "", &[], Value::Null, &[]),
        (Method::GET, "/b", &[], Value::Null, &[]),
        (Method::OPTIONS, "/b", &[], Value::Null, &[]),
    ] {
        ask(&world, method.clone(), rest, headers, &body);
        let told: Vec<_> = changes(&world)
            .iter()
            .map(|line| {
                let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
                format!("{} {} {}", text("change"), text("outcome"), text("id"))
            })
            .collect();
        assert_eq!(told, expected, "{method} {rest} {body}");
    }
    // Who may not change anything is told of too.
    world.call_as(caller("acme", &["tmf666:read"], &[]));
    assert_eq!(ask(&world, Method::DELETE, "/b", &[], &Value::Null), 403);
    assert_eq!(changes(&world)[0]["outcome"], "refused");
}

#[test]
fn what_is_repeated_is_told_of_what_was_made_then() {
    let world = World::on(Memory::default());
    let add = |name: &str| {
        let mut account = account("", json!({ "name": name }));
        account.as_object_mut().unwrap().remove("id");
        json!({ "op": "add", "path": "/", "value": account })
    };
    let bulk = [("content-type", "application/json-patch+json"), ("idempotency-key", "b")];
    for (method, headers, body, count) in [
        (Method::POST, &[("idempotency-key", "p")][..], add("x")["value"].clone(), 1),
        (Method::PATCH, &bulk[..], json!([add("x"), add("y")]), 2),
    ] {
        let told = |outcome: &str| {
            ask(&world, method.clone(), "", headers, &body);
            let lines = changes(&world);
            assert!(lines.iter().all(|line| line["outcome"] == outcome), "{lines:?}");
            lines.iter().map(|line| line["id"].clone()).collect::<Vec<_>>()
        };
        let made = told("done");
        assert_eq!((&told("repeated"), made.len()), (&made, count));
    }
}

#[test]
fn what_is_not_supported_is_refused_in_either_version() {
    let world = World::on(Memory::default());
    assert_eq!(ask(&world, Method::POST, "", &[], &account("a", json!({}))), 201);
    changes(&world);
    assert_eq!(ask(&world, Method::PATCH, "/a?depth=1", &[], &json!({ "name": "x" })), 501);
    assert_eq!(changes(&world)[0]["outcome"], "refused");
}

#[test]
fn a_line_names_some_of_many_parties() {
    let world = World::on(Memory::default());
    let parties: Vec<_> = (1..=100).map(|number| number.to_string()).collect();
    let parties: Vec<_> = parties.iter().map(String::as_str).collect();
    world.call_as(caller("acme", &["tmf666:write"], &parties));
    assert_eq!(ask(&world, Method::POST, "", &[], &account("a", json!({}))), 201);
    assert_eq!(changes(&world)[0]["party"].as_array().unwrap().len(), 10);
}

#[test]
fn nothing_of_a_document_is_told() {
    let world = World::on(Memory::default());
    expect(
        &block_on(world.ask(
            &BILLING_ACCOUNT,
            request(
                &BILLING_ACCOUNT,
                Method::POST,
                "",
                &account("a", json!({ "name": "secret" })).to_string(),
            ),
        )),
        201,
    );
    assert!(!world.log.borrow().iter().any(|line| line.contains("secret")));
}
