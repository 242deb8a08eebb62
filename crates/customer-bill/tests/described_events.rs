//! What subscribers are sent, beside the OpenAPI documents: every type of event that these have is sent,
//! in both versions of both APIs, as they describe it.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use account_management::{ALL as ACCOUNT_MANAGEMENT, HUB as HUB_OF_ACCOUNTS};
use common::{BILL, Books, ITEM, ON_DEMAND, Value, expect, item, json, request_in};
use customer_bill_management::HUB;
use http::Method;
use jsonschema::Validator;
use pollster::block_on;
use tmf630::{Definition, Version};

/// The document of a version of an API.
fn document(definition: &Definition, version: Version) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi");
    let name = format!("{}-v{}.json", definition.api.number, version.number());
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What is valid for the types of a document, each compiled once.
struct Types {
    document: Value,
    compiled: BTreeMap<String, Validator>,
}

impl Types {
    fn of(definition: &Definition, version: Version) -> Self {
        Self { document: document(definition, version), compiled: BTreeMap::new() }
    }

    #[track_caller]
    fn assert_valid(&mut self, name: &str, value: &Value) {
        let validator = self.compiled.entry(name.to_owned()).or_insert_with(|| {
            let reference = format!("#/components/schemas/{name}");
            let schema = json!({
                "$ref": reference, "components": { "schemas": self.document["components"]["schemas"] }
            });
            jsonschema::draft202012::new(&schema).unwrap()
        });
        let faults: Vec<_> = validator.iter_errors(value).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?} in {value:#}");
    }

    /// The types of events.
    fn of_events(&self) -> BTreeSet<String> {
        let callback = &self.document["paths"]["/hub"]["post"]["callbacks"]["event"];
        let body = &callback["{$request.body#/callback}"]["post"]["requestBody"];
        let types = body["content"]["application/json"]["schema"]["oneOf"].as_array().unwrap();
        let name = |it: &Value| it["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        types.iter().map(name).collect()
    }
}

/// Subscribes to everything, in both versions.
fn subscribe(books: &Books, hub: &'static Definition) {
    for version in [Version::V5, Version::V4] {
        let number = version.number();
        let body = json!({ "callback": format!("https://receiver.example/v{number}") });
        let request = request_in(version, hub, Method::POST, "", &body.to_string());
        let answer = expect(&block_on(books.0.ask(hub, request)), 201);
        let name = version.schema(hub.class).type_name();
        Types::of(hub, version).assert_valid(name, &answer);
    }
}

/// What was sent to both subscriptions is what the documents of the API describe, and nothing is missing.
fn assert_as_described(books: &Books, hub: &'static Definition) {
    block_on(books.0.deliver(hub)).unwrap();
    let sent = books.0.sent.take();
    for version in [Version::V5, Version::V4] {
        let mut types = Types::of(hub, version);
        let described = types.of_events();
        let mut missing = described.clone();
        let url = format!("https://receiver.example/v{}", version.number());
        for notification in sent.iter().filter(|sent| sent.url == url) {
            let body: Value = serde_json::from_slice(&notification.body).unwrap();
            let name = body["eventType"].as_str().unwrap();
            assert!(described.contains(name), "{name}");
            types.assert_valid(name, &body);
            missing.remove(name);
        }
        assert_eq!(missing, BTreeSet::new(), "{} {version:?}", hub.api.number);
    }
}

#[test]
fn whatever_happens_to_accounts_is_sent_as_it_is_described() {
    let books = Books::new();
    subscribe(&books, &HUB_OF_ACCOUNTS);
    for definition in ACCOUNT_MANAGEMENT.iter().filter(|it| it.events.are_any()) {
        let party = json!({ "role": "owner", "partyOrPartyRole": { "id": "p" } });
        let mut document = json!({
            "id": "1", "name": "a", "state": "Active", "description": "x",
            "creditLimit": { "unit": "EUR", "value": 100.10 }, "relatedParty": [party],
            "contact": [{ "contactType": "primary", "contactMedium": [{ "emailAddress": "a@example.com" }] }],
            "taxExemption": [{ "taxDefinition": [{ "name": "VAT" }] }]
        });
        if definition.resource.name.starts_with("bill") && definition.name() != "billingAccount" {
            document = json!({ "id": "1", "name": "a", "state": "Active", "description": "x" });
        }
        books.post(definition, &document);
        books.patch(definition, "1", &json!({ "name": "b", "description": null, "contact": null }));
        books.patch(definition, "1", &json!({ "state": "Closed" }));
        books.patch(definition, "1", &json!({ "state": null, "extension": { "any": 1 } }));
        assert_eq!(books.status(definition, Method::DELETE, "1"), 204);
    }
    assert_as_described(&books, &HUB_OF_ACCOUNTS);
}

#[test]
fn whatever_happens_to_bills_is_sent_as_it_is_described() {
    let books = Books::new();
    books.account("a", json!({}));
    subscribe(&books, &HUB);
    let made = |attributes: Value| {
        let id = books.item("a", "10", "1.90", attributes)["id"].as_str().unwrap().to_owned();
        books.patch(&ITEM, &id, &json!({ "name": "other", "description": "x" }));
        books.patch(&ITEM, &id, &json!({ "description": null }));
        id
    };
    let dropped = made(json!({}));
    made(json!({ "characteristic": [{ "name": "c", "value": 5 }] }));
    assert_eq!(books.status(&ITEM, Method::DELETE, &dropped), 204);
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    let bill = request["customerBill"]["id"].as_str().unwrap();
    books.patch(&BILL, bill, &json!({ "state": "sent" }));
    let payment =
        json!({ "appliedAmount": { "unit": "EUR", "value": 1 }, "payment": { "id": "p" } });
    books.patch(&BILL, bill, &json!({ "appliedPayment": [payment] }));
    // One that is not made at once.
    let items: Vec<_> = (0..501).map(|_| item("a", "1", "0.19", json!({}))).collect();
    assert_eq!(books.bulk(&items).status(), 200);
    books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    books.work();
    assert_as_described(&books, &HUB);
}
