//! States follow one another as a deployment wants it, on every way to change them.

mod common;

use account_management::{ALL, BILL_FORMAT};
use common::{World, account, expect, patch, post, request, request_in};
use http::{HeaderValue, Method};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::json;
use tmf630::Version;

#[test]
fn only_where_it_is_wanted_a_state_decides_what_follows() {
    for definition in &ALL[..4] {
        for (setting, refused) in [(None, 200), (Some("open"), 200), (Some("tmf"), 409)] {
            let world = World::on(Memory::default());
            let world = setting
                .into_iter()
                .fold(world, |world, setting| world.with("state_transitions", setting));
            let closed = account("1", json!({ "state": "Closed" }));
            expect(&post(&world, definition, &closed), 201);
            assert_eq!(patch(&world, definition, "1", &json!({ "name": "n" })), 200);
            assert_eq!(patch(&world, definition, "1", &json!({ "state": "Closed" })), 200);
            assert_eq!(patch(&world, definition, "1", &json!({ "state": "Active" })), refused);
            if refused == 409 {
                assert_eq!(patch(&world, definition, "1", &json!({ "state": null })), 409);
                // Every way to change it is refused.
                for version in [Version::V4, Version::V5] {
                    for (media_type, body) in [
                        ("application/merge-patch+json", json!({ "state": "Active" })),
                        (
                            "application/json-patch+json",
                            json!([{ "op": "replace", "path": "/state", "value": "Active" }]),
                        ),
                        (
                            "application/json-patch-query+json",
                            json!([{ "op": "replace", "path": "$.state", "value": "Active" }]),
                        ),
                    ] {
                        let body = body.to_string();
                        let mut request =
                            request_in(version, definition, Method::PATCH, "/1", &body);
                        let media_type = HeaderValue::from_static(media_type);
                        request.headers_mut().insert("content-type", media_type);
                        let refused = expect(&block_on(world.ask(definition, request)), 409);
                        assert_eq!(refused["message"], "/state Closed is final.");
                    }
                }
                let read =
                    block_on(world.ask(definition, request(definition, Method::GET, "/1", "")));
                assert_eq!(expect(&read, 200)["state"], "Closed");
            }
        }
    }
}

#[test]
fn what_is_no_account_has_no_life_cycle() {
    let world = World::on(Memory::default()).with("state_transitions", "tmf");
    let format = json!({ "id": "1", "name": "PDF", "state": "Closed" });
    expect(&post(&world, &BILL_FORMAT, &format), 201);
    assert_eq!(patch(&world, &BILL_FORMAT, "1", &json!({ "state": "Active" })), 200);
}
