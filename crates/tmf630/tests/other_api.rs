//! The core knows no API: another base path, resources that can only be read or only be created,
//! another attribute for the time of the last change, and a rule of its own.

mod common;

use std::future::ready;

use common::{Asking, World, expect, request, request_in};
use http::Method;
use kv_tree::Memory;
use schemas::Class;
use schemas::accept::{Stamp, Terms};
use schemas::class::BILL_FORMAT;
use serde_json::json;
use tmf630::model::api::{Api, ApiVersion, Resource};
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::operation::{Operation, Operations};
use tmf630::model::relation::Relation;
use tmf630::model::rule::{Asked, Change, Data, Rule};
use tmf630::model::variable::Variable;
use tmf630::model::visibility::Visibility;
use tmf630::{Definition, Error, Settings, Version};

static LIBRARY: Api = Api {
    number: "TMF999",
    title: "Library",
    base: "/library",
    alias: None,
    versions: &[ApiVersion {
        version: Version::V5,
        release: "5.1.0",
        renames: &[],
        filled_in: &[],
    }],
    resources: &[BOOK_RESOURCE, SHELF_RESOURCE],
    relations: &[Relation { from: &["book"], id: "shelf.id", to: &["shelf"] }],
    others: &[],
};

const BOOK_RESOURCE: Resource = Resource {
    name: "book",
    class: "BillFormat",
    extends: &[],
    one: "a book",
    many: "books",
    description: "Books.",
    visibility: Visibility::Shared,
    versions: Version::ALL,
    stored_as: None,
};

const SHELF_RESOURCE: Resource = Resource { name: "shelf", ..BOOK_RESOURCE };

static BOOK_CLASS: Class = BILL_FORMAT.on(Terms {
    aliases: &["Volume"],
    stamp: Some(Stamp { v5: "printedAt", v4: "printedAt" }),
    ..Terms::PLAIN
});

static BOOK: Definition = Definition {
    api: &LIBRARY,
    resource: &BOOK_RESOURCE,
    class: &BOOK_CLASS,
    operations: Operations::ALL,
    immutable_in_v4: &[],
    own_indexes: &[Index::text("name")],
    rules: &[&NoNovels],
    behaviour: None,
    events: Events::NONE,
    variables: &[NOVELS],
};

static SHELF: Definition = Definition {
    resource: &SHELF_RESOURCE,
    class: &BILL_FORMAT,
    rules: &[],
    variables: &[],
    ..BOOK
};

static READ_ONLY: Definition = Definition { operations: Operations::READ_ONLY, ..SHELF };

static WRITE_ONLY: Definition =
    Definition { operations: Operations::of(&[Operation::Create]), ..SHELF };

const NOVELS: Variable = Variable {
    name: "novels",
    default: "no",
    choices: &["no", "yes"],
    description: "Novels.",
    is_secret: false,
};

#[derive(Debug)]
struct NoNovels;

impl Rule for NoNovels {
    fn check<'a>(
        &'a self,
        change: Change<'a>,
        settings: &'a Settings,
        _data: &'a dyn Data,
    ) -> Asked<'a, ()> {
        let is_novel = change.after.is_some_and(|after| after["name"] == "novel");
        let is_refused = is_novel && settings.value(&NOVELS) == "no";
        let refusal = || Err(Error::conflict("No novels", "/name must not be novel."));
        Box::pin(ready(if is_refused { refusal() } else { Ok(()) }))
    }
}

#[test]
fn resources_lie_below_the_base_path_of_their_api() {
    let world = World::on(Memory::default());
    let created = world.post(&SHELF, &json!({ "id": "s", "name": "A" }));
    let shelf = expect(&created, 201);
    assert_eq!(shelf["href"], "http://api.example/library/v5/shelf/s");
    assert_eq!(created.headers()["location"], "http://api.example/library/v5/shelf/s");
    // A version that the API does not have.
    let of_v4 = request_in(Version::V4, &SHELF, Method::GET, "/s", "");
    assert_eq!(world.ask_now(&SHELF, of_v4).status(), 404);
}

#[test]
fn only_declared_operations_are_possible() {
    let world = World::on(Memory::default());
    expect(&world.post(&SHELF, &json!({ "id": "s", "name": "A" })), 201);
    expect(&world.get(&READ_ONLY, "/s"), 200);
    for (definition, method, rest, allow) in [
        (&READ_ONLY, Method::POST, "", "GET, HEAD, OPTIONS"),
        (&READ_ONLY, Method::PATCH, "", "GET, HEAD, OPTIONS"),
        (&READ_ONLY, Method::DELETE, "/s", "GET, HEAD, OPTIONS"),
        (&WRITE_ONLY, Method::GET, "", "POST, OPTIONS"),
        (&WRITE_ONLY, Method::HEAD, "/s", "OPTIONS"),
        (&SHELF, Method::PUT, "/s", "GET, HEAD, PATCH, DELETE, OPTIONS"),
    ] {
        let answer = world.ask_now(definition, request(definition, method.clone(), rest, "{}"));
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["allow"]),
            (405, &allow.parse().unwrap())
        );
        let options = world.ask_now(definition, request(definition, Method::OPTIONS, rest, ""));
        assert_eq!(
            (options.status().as_u16(), &options.headers()["allow"]),
            (204, &allow.parse().unwrap())
        );
    }
    expect(&world.get(&SHELF, "/s"), 200);
}

#[test]
fn the_time_of_the_last_change_has_the_name_that_the_api_gives_it() {
    let world = World::on(Memory::default());
    let stamp = |document: &serde_json::Value| document["printedAt"].as_str().map(str::to_owned);
    let created = expect(&world.post(&BOOK, &json!({ "id": "b", "name": "A" })), 201);
    let first = stamp(&created);
    assert!(created.get("lastUpdate").is_none());
    world.advance(60);
    let changed = expect(&world.patch(&BOOK, "b", &json!({ "name": "B" })), 200);
    assert!(first.is_some() && stamp(&changed) > first, "{first:?} {changed}");
    assert!(stamp(&expect(&world.post(&SHELF, &json!({ "name": "A" })), 201)).is_none());
}

#[test]
fn a_rule_of_the_apis_own_is_kept_by_every_way_to_write() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    let novel = json!({ "name": "novel" });
    expect(&world.post(&BOOK, &novel), 409);
    expect(&world.post(&BOOK, &json!({ "id": "b", "name": "A" })), 201);
    expect(&world.patch(&BOOK, "b", &novel), 409);
    let bulk = json!([{ "op": "add", "path": "/", "value": novel }]).to_string();
    let mut bulk = request(&BOOK, Method::PATCH, "", &bulk);
    bulk.headers_mut().insert("content-type", "application/json-patch+json".parse().unwrap());
    let refused = expect(&world.ask_now(&BOOK, bulk), 409);
    assert!(refused["message"].as_str().unwrap().starts_with("In /0/value: "), "{refused}");
    assert_eq!(expect(&world.get(&BOOK, "/b"), 200)["name"], "A");

    let other = World::on(memory).with("novels", "yes");
    expect(&other.post(&BOOK, &novel), 201);
}

#[test]
fn relations_of_the_api_keep_what_is_referred_to() {
    let world = World::on(Memory::default());
    expect(&world.post(&SHELF, &json!({ "id": "s", "name": "A" })), 201);
    expect(&world.post(&BOOK, &json!({ "id": "b", "name": "A", "shelf": { "id": "s" } })), 201);
    let refused = expect(&world.delete(&SHELF, "s"), 409);
    assert_eq!(refused["message"], "book b refers to s; change or delete it first.");
    expect(&world.patch(&BOOK, "b", &json!({ "shelf": null })), 200);
    assert_eq!(world.delete(&SHELF, "s").status(), 204);
}

#[test]
fn other_names_of_a_class_are_taken_for_it() {
    let world = World::on(Memory::default());
    let created = expect(&world.post(&BOOK, &json!({ "@type": "Volume", "name": "A" })), 201);
    assert_eq!(created["@type"], "BillFormat");
}
