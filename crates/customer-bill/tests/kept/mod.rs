//! An operator's data as a version of the program has stored it, kept as a file, and what is answered about
//! it.
//!
//! `1.store` is never written again: later versions have to read it. When what is stored changes its form,
//! the new version writes one more, before anything else is changed. Where a file exists, only what is
//! answered about it is written anew; what has changed is then to be seen in review.
//!
//! ```text
//! cargo run -p customer-bill-management --example write-kept -- crates/customer-bill/tests/kept/2
//! ```

// Each test file uses a part of this.
#![allow(dead_code)]

use account_management::{
    ALL as ACCOUNTS, BILL_FORMAT, BILL_PRESENTATION_MEDIA, HUB as ACCOUNT_HUB, PARTY_ACCOUNT,
    SETTLEMENT_ACCOUNT,
};
use bytes::Bytes;
use customer_bill_management::{ALL as BILLS, HUB as BILL_HUB};
use http::{HeaderValue, Method, Response};
use kv_tree::testing::text::from_text;
use kv_tree::{Kv, Memory};
use pollster::block_on;
use tmf630::Definition;
use tmf630::testing::damage::noise;

use crate::common::{
    BILL, BILLING_CYCLE_SPECIFICATION, Books, CYCLE, ON_DEMAND, Value, World, expect, json, money,
    request, request_in,
};

/// How many seconds after the first of the data it is read.
const LATER: i64 = 600;

/// All resources of both APIs.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    ACCOUNTS.into_iter().chain(BILLS)
}

/// An instance of the program that comes to the data later.
pub fn later(memory: &Memory) -> Books {
    let world = World::on(memory.clone()).numbered(2);
    world.advance(LATER);
    Books(world)
}

/// Creates a bill format with an `Idempotency-Key`.
pub fn repeatable(books: &Books, key: &'static str) -> Response<Bytes> {
    let body = json!({ "id": "repeated", "name": "XML" }).to_string();
    let mut request = request(&BILL_FORMAT, Method::POST, "", &body);
    request.headers_mut().insert("idempotency-key", HeaderValue::from_static(key));
    block_on(books.0.ask(&BILL_FORMAT, request))
}

/// The store that a file has.
pub fn read(text: &str) -> Memory {
    let memory = Memory::default();
    let contents = from_text(text).unwrap().into_iter();
    block_on(memory.put_many(contents.map(|(key, value)| (key, value.to_vec())).collect()))
        .unwrap();
    memory
}

/// A store with something of everything that is stored.
pub fn write() -> Memory {
    let memory = Memory::default();
    let books = Books(World::on(memory.clone()));
    for hub in [&ACCOUNT_HUB, &BILL_HUB] {
        books.post(hub, &json!({ "callback": "https://events.example/listen" }));
    }
    books.post(&BILL_FORMAT, &json!({ "id": "pdf", "name": "PDF" }));
    books.post(&BILL_PRESENTATION_MEDIA, &json!({ "id": "mail", "name": "Letter" }));
    books.post(
        &BILLING_CYCLE_SPECIFICATION,
        &json!({ "id": "monthly", "name": "Monthly", "billingPeriod": "month", "billingDateShift": 31 }),
    );
    let party =
        json!([{ "role": "owner", "partyOrPartyRole": { "id": "4711", "name": "Partner" } }]);
    for (definition, id) in [(&PARTY_ACCOUNT, "top"), (&SETTLEMENT_ACCOUNT, "settlement")] {
        books.post(definition, &json!({ "id": id, "name": id, "relatedParty": party }));
    }
    books.financial_account("ledger");
    let structure = json!({ "cycleSpecification": { "id": "monthly" }, "format": { "id": "pdf" } });
    let above = json!([{
        "relationshipType": "childOf", "account": { "@type": "PartyAccountRef", "id": "top" }
    }]);
    books.account(
        "a",
        json!({
            "financialAccount": { "id": "ledger" }, "billStructure": structure,
            "accountRelationship": above, "creditLimit": money("EUR", "100.50"),
        }),
    );
    books.account("b", json!({ "billStructure": structure, "note": noise(3_000) }));
    books.account("c", json!({}));
    books.patch(&PARTY_ACCOUNT, "top", &json!({ "name": "Top", "description": "above others" }));

    books.item("a", "10.005", "1.90095", json!({ "id": "billed" }));
    books.item("a", "-0.335", "0", json!({ "id": "credit", "appliedTax": null }));
    let demand = json!({ "billingAccount": { "id": "a" }, "billDate": "2026-02-03T00:00:00Z" });
    let bill = books.post(&ON_DEMAND, &demand)["customerBill"]["id"].as_str().unwrap().to_owned();
    let payment = json!({ "appliedAmount": money("EUR", "5"), "payment": { "id": "p" } });
    books.patch(&BILL, &bill, &json!({ "state": "sent" }));
    books.patch(&BILL, &bill, &json!({ "appliedPayment": [payment] }));
    for (account, id) in [("a", "later"), ("b", "unbilled")] {
        books.item(account, "1", "0.19", json!({ "id": id }));
    }
    expect(&repeatable(&books, "first"), 201);

    // One event is not taken, and waits.
    books.0.answer(|sent| match String::from_utf8_lossy(&sent.body).contains("\"pdf\"") {
        true => Ok(500),
        false => Ok(204),
    });
    for hub in [&ACCOUNT_HUB, &BILL_HUB] {
        block_on(books.0.deliver(hub)).unwrap();
    }
    // This is not delivered yet, and the run of the cycle has not made any bill.
    books.patch(&PARTY_ACCOUNT, "top", &json!({ "description": "above all others" }));
    let january = json!({
        "id": "january", "name": "January", "BillCycleSpecification": { "id": "monthly" },
        "validFor": { "startDateTime": "2026-01-01T00:00:00Z" },
    });
    books.post(&CYCLE, &january);
    memory
}

/// What is answered to whoever asks for everything, in each version.
pub fn answers(memory: &Memory) -> Value {
    let books = later(memory);
    let mut answers = json!({});
    for definition in definitions() {
        for version in definition.resource.versions {
            let request = request_in(*version, definition, Method::GET, "?limit=1000", "");
            let answer = block_on(books.0.ask(definition, request));
            let api = definition.api.number;
            let name = format!("{api} v{} {}", version.number(), definition.name());
            answers[name] = expect(&answer, 200);
        }
    }
    answers
}
