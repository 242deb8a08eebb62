//! What a body may be, on every way in: POST, bulk, each kind of PATCH, and both versions.

mod common;

use bytes::Bytes;
use common::{ACCOUNTS, Asking, World, account, expect, ids, request_in};
use http::{HeaderValue, Method, Response, header};
use kv_tree::Memory;
use serde_json::json;
use tmf630::Version;

/// A member of a document, on every way in that there is.
fn every_way_in(world: &World, id: &str, member: &str) -> Vec<(String, Response<Bytes>)> {
    let mut document = account("Other").to_string();
    document.pop();
    let document = format!("{document},{member}}}");
    let bodies = [
        (Method::POST, String::new(), "application/json", document.clone()),
        (
            Method::PATCH,
            String::new(),
            "application/json-patch+json",
            format!(r#"[{{"op":"add","path":"/","value":{document}}}]"#),
        ),
        (Method::PATCH, format!("/{id}"), "application/json", format!("{{{member}}}")),
        (Method::PATCH, format!("/{id}"), "application/merge-patch+json", format!("{{{member}}}")),
        (
            Method::PATCH,
            format!("/{id}"),
            "application/json-patch+json",
            format!(r#"[{{"op":"add","path":"/ext","value":{{{member}}}}}]"#),
        ),
        (
            Method::PATCH,
            format!("/{id}"),
            "application/json-patch-query+json",
            format!(r#"{{"op":"add","path":"/ext","value":{{{member}}}}}"#),
        ),
    ];
    let mut answers = Vec::new();
    for version in [Version::V4, Version::V5] {
        for (method, rest, media_type, body) in &bodies {
            let mut request = request_in(version, &ACCOUNTS, method.clone(), rest, body);
            let media_type_value = HeaderValue::from_static(media_type);
            request.headers_mut().insert(header::CONTENT_TYPE, media_type_value);
            if *method == Method::POST {
                let key = HeaderValue::from_static("once");
                request.headers_mut().insert("idempotency-key", key);
            }
            let case = format!("{method} {rest} as {media_type} in {version:?}: {body}");
            answers.push((case, world.ask_now(&ACCOUNTS, request)));
        }
    }
    answers
}

#[test]
fn names_that_cannot_be_kept_are_refused_on_every_way_in() {
    let world = World::on(Memory::default());
    let created = expect(&world.post(&ACCOUNTS, &account("Kept")), 201);
    let id = created["id"].as_str().unwrap();
    for member in [
        r#""x":{"$serde_json::private::Number":"12"}"#,
        r#""x":{"a":1,"$serde_json::private::Number":0}"#,
        r#""x":[{"\u0024serde_json::private::RawValue":"{}"}]"#,
        r#""$serde_json::private::Number":"1""#,
        r#""x":1,"y":{"name":"one","n\u0061me":"other"}"#,
    ] {
        for (case, answer) in every_way_in(&world, id, member) {
            let message = expect(&answer, 400)["message"].to_string();
            let says = message.contains("cannot be a name") || message.contains("is given twice");
            assert!(says, "{case}: {message}");
        }
    }
    // The path of an operation makes names as well.
    for operations in [
        json!([{ "op": "add", "path": "/$serde_json::private::Number", "value": "1" }]),
        json!([
            { "op": "add", "path": "/x", "value": {} },
            { "op": "add", "path": "/x/$serde_json::private::Number", "value": "1" },
        ]),
        json!([{ "op": "copy", "from": "/name", "path": "/$serde_json::private::RawValue" }]),
        json!([{ "op": "move", "from": "/name", "path": "/$serde_json::private::RawValue" }]),
    ] {
        let rest = format!("/{id}");
        let mut request =
            request_in(Version::V5, &ACCOUNTS, Method::PATCH, &rest, &operations.to_string());
        let media_type = HeaderValue::from_static("application/json-patch+json");
        request.headers_mut().insert(header::CONTENT_TYPE, media_type);
        let answer = expect(&world.ask_now(&ACCOUNTS, request), 400);
        assert!(answer["message"].to_string().contains("cannot be a name"), "{answer}");
    }
    assert_eq!(ids(&world.get(&ACCOUNTS, "")).0, [id]);
    assert_eq!(expect(&world.get(&ACCOUNTS, &format!("/{id}")), 200), created);
}

#[test]
fn what_looks_like_such_a_name_is_kept() {
    let world = World::on(Memory::default());
    let mut document = account("$serde_json::private::Number");
    document["x"] = json!({ "serde_json::private::Number": 1, "$serde_json": "\u{feff}" });
    let created = expect(&world.post(&ACCOUNTS, &document), 201);
    assert_eq!((&created["x"], &created["name"]), (&document["x"], &document["name"]));
}

#[test]
fn a_byte_order_mark_is_skipped_on_every_way_in() {
    let world = World::on(Memory::default());
    let body = format!("\u{feff}{}", account("Marked"));
    let created = expect(
        &world.ask_now(&ACCOUNTS, request_in(Version::V5, &ACCOUNTS, Method::POST, "", &body)),
        201,
    );
    assert_eq!(created["name"], "Marked");
    let rest = format!("/{}", created["id"].as_str().unwrap());
    let patch =
        request_in(Version::V4, &ACCOUNTS, Method::PATCH, &rest, "\u{feff}{\"state\":\"new\"}");
    assert_eq!(expect(&world.ask_now(&ACCOUNTS, patch), 200)["state"], "new");
}

#[test]
fn a_body_comes_as_it_is_on_every_way_in() {
    let world = World::on(Memory::default());
    let created = expect(&world.post(&ACCOUNTS, &account("Kept")), 201);
    let item = format!("/{}", created["id"].as_str().unwrap());
    let add = json!([{ "op": "add", "path": "/", "value": account("Other") }]).to_string();
    let operations = json!([{ "op": "add", "path": "/x", "value": 1 }]).to_string();
    for version in [Version::V4, Version::V5] {
        let ways = [
            (Method::POST, "", "application/json", account("Other").to_string()),
            (Method::PATCH, "", "application/json-patch+json", add.clone()),
            (Method::PATCH, &item, "application/json", "{\"x\":1}".to_owned()),
            (Method::PATCH, &item, "application/merge-patch+json", "{\"x\":1}".to_owned()),
            (Method::PATCH, &item, "application/json-patch+json", operations.clone()),
            (Method::PATCH, &item, "application/json-patch-query+json", operations.clone()),
        ];
        for (method, rest, media_type, body) in ways {
            for (encoding, charset) in [
                ("gzip", ""),
                ("GZIP", ""),
                ("br", ""),
                ("identity, deflate", ""),
                ("identity", ";charset=iso-8859-1"),
            ] {
                let mut request = request_in(version, &ACCOUNTS, method.clone(), rest, &body);
                let headers = request.headers_mut();
                let media_type = format!("{media_type}{charset}");
                headers.insert("content-type", HeaderValue::try_from(media_type).unwrap());
                headers.insert("content-encoding", HeaderValue::from_static(encoding));
                if !charset.is_empty() {
                    *request.body_mut() = Bytes::from(body.replace('x', "\u{fc}")).into();
                    if !body.contains('x') {
                        continue;
                    }
                }
                let answer = world.ask_now(&ACCOUNTS, request);
                expect(&answer, 415);
                if charset.is_empty() {
                    assert_eq!(answer.headers()["accept-encoding"], "identity", "{encoding}");
                }
            }
        }
    }
    assert_eq!(ids(&world.get(&ACCOUNTS, "")).1, "1");
    assert_eq!(expect(&world.get(&ACCOUNTS, &item), 200), created);
}

/// As many faults as a document has values are no reason to keep the others waiting.
#[test]
fn a_document_in_a_bulk_is_no_longer_than_one_alone() {
    let world = World::on(Memory::default());
    let bulk = |len: usize| {
        let mut document = account("Long");
        document["description"] = "x".repeat(len).into();
        let body = serde_json::json!([{ "op": "add", "path": "/", "value": document }]).to_string();
        let mut request = request_in(Version::V5, &ACCOUNTS, Method::PATCH, "", &body);
        let media_type = HeaderValue::from_static("application/json-patch+json");
        request.headers_mut().insert("content-type", media_type);
        world.ask_now(&ACCOUNTS, request)
    };
    expect(&bulk(250_000), 200);
    let refused = expect(&bulk(262_144), 400);
    assert_eq!(refused["message"], "/0/value may have up to 262144 bytes");
}
