//! Conditional requests, for every operation.

mod common;

use common::{ACCOUNTS, Asking, World, account, expect, ids, request_in};
use http::{HeaderValue, Method};
use kv_tree::Memory;
use tmf630::Version;

/// What `method` on `rest` answers under the condition; its body is one that could be carried out.
fn ask(
    world: &World,
    version: Version,
    method: &Method,
    rest: &str,
    (name, value): (&'static str, &[u8]),
) -> http::Response<bytes::Bytes> {
    let document = account("Other");
    let (media_type, body) = match (method, rest) {
        (&Method::POST, _) => ("application/json", document.to_string()),
        (&Method::PATCH, "") => (
            "application/json-patch+json",
            format!(r#"[{{"op":"add","path":"/","value":{document}}}]"#),
        ),
        (&Method::PATCH, _) => ("application/json", r#"{"state":"changed"}"#.to_owned()),
        _ => ("application/json", String::new()),
    };
    let mut request = request_in(version, &ACCOUNTS, method.clone(), rest, &body);
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(media_type));
    headers.insert(name, HeaderValue::from_bytes(value).unwrap());
    world.ask_now(&ACCOUNTS, request)
}

#[test]
fn what_a_condition_forbids_does_not_happen() {
    let world = World::on(Memory::default());
    let created = expect(&world.post(&ACCOUNTS, &account("Kept")), 201);
    let id = created["id"].as_str().unwrap();
    let item = format!("/{id}");
    for version in [Version::V4, Version::V5] {
        let read = world.ask_now(&ACCOUNTS, request_in(version, &ACCOUNTS, Method::GET, &item, ""));
        let tag = read.headers()["etag"].as_bytes().to_vec();
        let weak = [b"W/", &tag[..]].concat();
        let ask = |method: &Method, rest: &str, condition: (&'static str, &[u8])| {
            ask(&world, version, method, rest, condition).status().as_u16()
        };
        for method in [Method::GET, Method::HEAD, Method::PATCH, Method::DELETE] {
            let excluded = if method.is_safe() { 304 } else { 412 };
            assert_eq!(ask(&method, &item, ("if-match", b"\"x\"")), 412, "{method}");
            assert_eq!(ask(&method, &item, ("if-match", &weak)), 412, "{method}");
            for tags in [b"*", &tag[..], &weak] {
                assert_eq!(ask(&method, &item, ("if-none-match", tags)), excluded, "{method}");
            }
        }
        for (method, excluded) in
            [(Method::GET, 304), (Method::HEAD, 304), (Method::POST, 412), (Method::PATCH, 412)]
        {
            assert_eq!(ask(&method, "", ("if-match", &tag)), 412, "{method}");
            assert_eq!(ask(&method, "", ("if-none-match", b"*")), excluded, "{method}");
        }
        for name in ["if-match", "if-none-match"] {
            for value in [&b"\"\xe4\""[..], b"\xe4", b",", b"", b"unquoted", b"*, \"x\""] {
                for (method, rest) in [
                    (Method::GET, ""),
                    (Method::HEAD, ""),
                    (Method::POST, ""),
                    (Method::PATCH, ""),
                    (Method::GET, &item),
                    (Method::HEAD, &item),
                    (Method::PATCH, &item),
                    (Method::DELETE, &item),
                ] {
                    let status = ask(&method, rest, (name, value));
                    assert_eq!(status, 400, "{method} {rest} {name} {value:?}");
                }
            }
        }
    }
    assert_eq!(ids(&world.get(&ACCOUNTS, "")).0, [id]);
    assert_eq!(expect(&world.get(&ACCOUNTS, &item), 200), created);
}

#[test]
fn what_a_condition_allows_happens() {
    let world = World::on(Memory::default());
    let created = world.post(&ACCOUNTS, &account("Changed"));
    let item = format!("/{}", expect(&created, 201)["id"].as_str().unwrap());
    let ask = |method: &Method, rest: &str, condition: (&'static str, &[u8])| {
        ask(&world, Version::V5, method, rest, condition)
    };
    let tag = created.headers()["etag"].as_bytes();
    assert_eq!(ask(&Method::GET, &item, ("if-match", tag)).status(), 200);
    assert_eq!(ask(&Method::GET, &item, ("if-none-match", b"\"x\"")).status(), 200);
    assert_eq!(ask(&Method::GET, "", ("if-match", b"*")).status(), 200);
    assert_eq!(ask(&Method::POST, "", ("if-none-match", tag)).status(), 201);
    let patched = ask(&Method::PATCH, &item, ("if-match", tag));
    assert_eq!(expect(&patched, 200)["state"], "changed");
    assert_eq!(ask(&Method::DELETE, &item, ("if-match", tag)).status(), 412);
    assert_eq!(ask(&Method::DELETE, &item, ("if-none-match", tag)).status(), 204);
    // What is not there is not found, whatever the condition (RFC 9110, section 13.2.1).
    for condition in [("if-match", &b"*"[..]), ("if-none-match", b"*")] {
        assert_eq!(ask(&Method::PATCH, &item, condition).status(), 404);
    }
    // No answer has a Last-Modified that these could refer to.
    for name in ["if-modified-since", "if-unmodified-since"] {
        let long_ago = b"Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(ask(&Method::GET, "", (name, long_ago)).status(), 200);
    }
}
