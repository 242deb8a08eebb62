//! What events cost where nobody listens: nothing.

mod common;

use account_management::{BILL_FORMAT, HUB};
use common::{expect, request};
use http::Method;
use kv_tree::{Memory, Metered, TreeName};
use pollster::block_on;
use serde_json::json;
use tmf630::model::event::Events;
use tmf630::testing::World;
use tmf630::{Definition, Ports};

/// The same resource without events.
static QUIET: Definition = Definition { events: Events::NONE, ..BILL_FORMAT };

/// How many calls there were so far.
fn usage(world: &World<Metered<Memory>>) -> u64 {
    let usage = async {
        let store = Ports::store(world).await.unwrap();
        store.tree(TreeName::new("default").unwrap()).kv().usage()
    };
    let usage = block_on(usage);
    usage.read_calls + usage.write_calls
}

/// How many calls to the store it takes to create, change and delete many.
fn calls(definition: &'static Definition, subscribes: bool) -> u64 {
    let world = World::on(Metered::new(Memory::default()));
    let ask = |definition, method, rest: &str, body: &str| {
        block_on(world.ask(definition, request(definition, method, rest, body)))
    };
    if subscribes {
        let body = json!({ "callback": "https://events.example/" }).to_string();
        let hub = expect(&ask(&HUB, Method::POST, "", &body), 201);
        let path = format!("/{}", hub["id"].as_str().unwrap());
        assert_eq!(ask(&HUB, Method::DELETE, &path, "").status(), 204);
        block_on(world.deliver(&HUB)).unwrap();
    }
    let before = usage(&world);
    for number in 0..300 {
        let body = json!({ "id": format!("{number}"), "name": "x" }).to_string();
        expect(&ask(definition, Method::POST, "", &body), 201);
        let path = format!("/{number}");
        expect(&ask(definition, Method::PATCH, &path, &json!({ "name": "y" }).to_string()), 200);
        if number % 3 == 0 {
            assert_eq!(ask(definition, Method::DELETE, &path, "").status(), 204);
        }
    }
    usage(&world) - before
}

#[test]
fn where_nobody_listens_a_change_costs_no_call_more() {
    let without = calls(&QUIET, false);
    assert_eq!(calls(&BILL_FORMAT, false), without);
    // Nor where somebody has listened. That has left some keys in the tree.
    let afterwards = calls(&BILL_FORMAT, true);
    assert!(afterwards <= without + without / 50, "{afterwards}, not {without}");
}
