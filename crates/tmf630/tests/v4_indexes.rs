//! v4 fills in what v5 does not require, and no index knows of that.

mod common;

use common::{ACCOUNTS, Asking, UNINDEXED, World, expect, ids, request_in};
use http::Method;
use kv_tree::Memory;
use serde_json::json;
use tmf630::Version;

#[test]
fn conditions_mean_what_is_shown_whatever_the_operator() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let party = |id: &str| json!({ "role": "owner", "partyOrPartyRole": { "id": id } });
    for (name, parties) in [
        ("none", json!([{ "role": "owner" }])),
        ("some", json!([party("a"), { "role": "payer" }])),
        ("all", json!([party("z")])),
        ("so called", json!([party("unknown")])),
    ] {
        let document = json!({ "name": name, "relatedParty": parties });
        expect(&world.post(&ACCOUNTS, &document), 201);
    }
    let found = |world: &World, definition, version, query: &str| {
        let rest = format!("?{query}&sort=id");
        ids(&world.ask_now(definition, request_in(version, definition, Method::GET, &rest, "")))
            .0
            .len()
    };
    let plain = World::on(memory);
    for (condition, in_v4, in_v5) in [
        ("=unknown", 3, 1),
        ("=unknown,z", 4, 2),
        ("=a", 1, 1),
        (".ne=unknown", 1, 3),
        (".gt=m", 4, 2),
        (".gte=unknown", 4, 2),
        (".lt=m", 1, 1),
        (".lt=v", 3, 2),
        ("=", 0, 0),
        (".regex=known", 3, 1),
    ] {
        let query = format!("relatedParty.id{condition}");
        for (version, expected) in [(Version::V4, in_v4), (Version::V5, in_v5)] {
            assert_eq!(found(&world, &ACCOUNTS, version, &query), expected, "{query} {version:?}");
            assert_eq!(found(&plain, &UNINDEXED, version, &query), expected, "{query} {version:?}");
        }
    }
}
