//! What a request may cost, and that others go on meanwhile.

mod common;

use common::{ACCOUNTS, Asking, World, account, expect, ids};
use kv_tree::Memory;
use serde_json::json;

const LEN: usize = 1_200;

fn world() -> World {
    let world = World::on(Memory::default());
    for number in 0..LEN {
        let mut document = account(&format!("n{number}"));
        document["description"] = json!("a".repeat(1_000));
        expect(&world.post(&ACCOUNTS, &document), 201);
    }
    world.yields.set(0);
    world
}

#[test]
fn a_long_list_lets_others_go_on() {
    let world = world();
    let list = world.get(&ACCOUNTS, "?description.ne=x&limit=1");
    assert_eq!(ids(&list).1, LEN.to_string());
    let yields = world.yields.replace(0);
    assert!((2..100).contains(&yields), "{yields}");
    // Where an index knows the answer, there is nothing to wait for.
    world.get(&ACCOUNTS, "?name=n1");
    assert_eq!(world.yields.get(), 0);
}

#[test]
fn what_costs_too_much_is_said_and_others_go_on() {
    let world = world();
    for (query, part) in [
        ("?description.regex=(a?)%7B50%7DZ", "description"),
        (
            "?filter=$..[?count(@..*)%3E0]&filter=$[?(@.description%20=~%20/(a?)%7B50%7DZ/)]",
            "filter",
        ),
    ] {
        world.yields.set(0);
        let error = expect(&world.get(&ACCOUNTS, query), 400);
        assert_eq!(error["reason"], "The request costs too much");
        assert!(error["message"].as_str().unwrap().starts_with(part), "{error}");
        assert!(world.yields.get() > 10, "{query}");
    }
    // Neither lasts: the next request has a budget of its own.
    assert_eq!(ids(&world.get(&ACCOUNTS, "?name=n1&filter=$.name")).1, "1");
}
