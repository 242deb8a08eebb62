//! Scopes decide what is done at all.

mod common;

use std::collections::BTreeMap;

use common::World;
use common::callers::{account_of, ask};
use common::ways::{V4, V5};
use http::Method;
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::testing::caller;

#[test]
fn scopes_decide_what_is_done_at_all() {
    let world = World::on(Memory::default());
    let scopes_of = |resource: &str| {
        BTreeMap::from([
            ("tmf666:read".to_owned(), (true, false)),
            ("tmf666:write".to_owned(), (false, true)),
            (format!("tmf666:{resource}:read"), (true, false)),
            (format!("tmf666:{resource}:write"), (false, true)),
            ("admin".to_owned(), (true, true)),
            ("tmf666:assign".to_owned(), (false, false)),
            ("tmf666:otherAccount:write".to_owned(), (false, false)),
            ("tmf678:read".to_owned(), (false, false)),
            ("tmf666".to_owned(), (false, false)),
            (format!("tmf666:{resource}"), (false, false)),
            ("*".to_owned(), (false, false)),
        ])
    };
    for definition in common::resources() {
        let name = definition.name();
        for (scope, (reads, writes)) in scopes_of(name) {
            world.call_as(caller("t", &[&scope], &[]));
            let mut document = account_of("1", &[("1", "owner")]);
            if name.starts_with("bill") && !name.ends_with("Account") {
                document = json!({ "id": "1", "name": "x" });
            }
            let bulk = json!([{ "op": "add", "path": "/", "value": { "name": 5 } }]);
            for version in [V4, V5] {
                for (method, rest, body, is_write) in [
                    (Method::GET, "", &Value::Null, false),
                    (Method::HEAD, "", &Value::Null, false),
                    (Method::GET, "/absent", &Value::Null, false),
                    (Method::POST, "", &document, true),
                    (Method::PATCH, "", &bulk, true),
                    (Method::PATCH, "/absent", &document, true),
                    (Method::DELETE, "/1", &Value::Null, true),
                ] {
                    let answer = ask(&world, version, definition, method.clone(), rest, body);
                    let is_allowed = if is_write { writes } else { reads };
                    let is_refused = answer.status() == 403;
                    assert_eq!(is_refused, !is_allowed, "{scope}: {method} {name}{rest}");
                    if is_refused {
                        let kind = if is_write { "write" } else { "read" };
                        let needed = format!("scope=\"tmf666:{name}:{kind}\"");
                        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
                        assert!(challenge.contains("insufficient_scope"), "{challenge}");
                        assert!(challenge.ends_with(&needed), "{challenge}");
                    }
                }
                let options = ask(&world, version, definition, Method::OPTIONS, "", &Value::Null);
                assert_eq!(options.status(), 204);
            }
        }
    }
}
