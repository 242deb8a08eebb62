//! An account or a format that cannot be read says nothing to the rules, and is in nobody's way. Where the
//! store cannot say what it is, the rules wait.

mod common;

use account_management::{BILL_FORMAT, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT};
use common::{World, account, ask, delete, expect, patch, post, related};
use http::Method;
use kv_tree::{Memory, Store, TreeName};
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Definition;
use tmf630::testing::damage::{damage_page, noise};

const DAMAGED: [&[u8]; 2] = [b"\x00{}", b"\x01{\"id\":"];

fn damage(memory: &Memory, definition: &Definition, id: &str, value: &'static [u8]) {
    let key = format!("{}/r/{id}", definition.resource.name);
    let tree = Store::new(memory.clone()).tree(TreeName::new("default").unwrap());
    block_on(tree.transact(async |transaction| {
        assert!(transaction.get(key.clone()).await?.is_some(), "{key}");
        transaction.put(key.clone(), value);
        Ok::<_, kv_tree::Error>(())
    }))
    .unwrap();
}

fn format(id: &str) -> Value {
    json!({ "billStructure": { "format": { "@type": "BillFormatRef", "id": id } } })
}

#[test]
fn what_only_it_refers_to_can_be_deleted() {
    for damaged in DAMAGED {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": "f", "name": "PDF" })), 201);
        expect(&post(&world, &BILLING_ACCOUNT, &account("1", format("f"))), 201);
        damage(&memory, &BILLING_ACCOUNT, "1", damaged);
        assert_eq!(delete(&world, &BILL_FORMAT, "f"), 204);
        assert!(world.log.borrow().concat().contains(r#""id":"1""#));
        assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
    }
}

/// However many that cannot be read come first, the one that can counts.
#[test]
fn what_another_refers_to_cannot() {
    for damaged in DAMAGED {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": "f", "name": "PDF" })), 201);
        for number in 0..30 {
            let id = format!("a{number:02}");
            expect(&post(&world, &BILLING_ACCOUNT, &account(&id, format("f"))), 201);
            damage(&memory, &BILLING_ACCOUNT, &id, damaged);
        }
        expect(&post(&world, &BILLING_ACCOUNT, &account("z", format("f"))), 201);
        assert_eq!(delete(&world, &BILL_FORMAT, "f"), 409);
        assert_eq!(delete(&world, &BILLING_ACCOUNT, "z"), 204);
        assert_eq!(delete(&world, &BILL_FORMAT, "f"), 204);
    }
}

#[test]
fn what_refers_to_it_goes_on() {
    for damaged in DAMAGED {
        let memory = Memory::default();
        let world = World::on(memory.clone()).with("references", "strict");
        for id in ["f", "g"] {
            expect(&post(&world, &BILL_FORMAT, &json!({ "id": id, "name": "PDF" })), 201);
        }
        expect(&post(&world, &BILLING_ACCOUNT, &account("1", format("f"))), 201);
        damage(&memory, &BILL_FORMAT, "f", damaged);
        assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &json!({ "state": "Active" })), 200);
        // It is there, whatever is in it.
        expect(&post(&world, &BILLING_ACCOUNT, &account("2", format("f"))), 201);
        assert_eq!(delete(&world, &BILL_FORMAT, "f"), 409);
        for id in ["1", "2"] {
            assert_eq!(patch(&world, &BILLING_ACCOUNT, id, &format("g")), 200);
        }
        assert_eq!(delete(&world, &BILL_FORMAT, "f"), 204);
    }
}

#[test]
fn hierarchies_end_at_it() {
    for damaged in DAMAGED {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        expect(&post(&world, &PARTY_ACCOUNT, &account("top", json!({}))), 201);
        let middle = account("middle", related("childOf", "PartyAccount", "top"));
        expect(&post(&world, &BILLING_ACCOUNT, &middle), 201);
        let low = account("low", related("childOf", "BillingAccount", "middle"));
        expect(&post(&world, &FINANCIAL_ACCOUNT, &low), 201);
        let circle = related("childOf", "FinancialAccount", "low");
        assert_eq!(patch(&world, &PARTY_ACCOUNT, "top", &circle), 400);
        damage(&memory, &BILLING_ACCOUNT, "middle", damaged);
        assert_eq!(patch(&world, &PARTY_ACCOUNT, "top", &circle), 200);
        assert_eq!(
            patch(&world, &FINANCIAL_ACCOUNT, "low", &json!({ "accountRelationship": null })),
            200
        );
        assert_eq!(delete(&world, &BILLING_ACCOUNT, "middle"), 204);
    }
}

/// That it says that others lie below it leads nowhere either.
#[test]
fn what_it_said_of_those_below_does_not_count() {
    for damaged in DAMAGED {
        let memory = Memory::default();
        let world = World::on(memory.clone());
        expect(&post(&world, &BILLING_ACCOUNT, &account("low", json!({}))), 201);
        let top = account("top", related("contains", "BillingAccount", "low"));
        expect(&post(&world, &BILLING_ACCOUNT, &top), 201);
        let circle = related("contains", "BillingAccount", "top");
        assert_eq!(patch(&world, &BILLING_ACCOUNT, "low", &circle), 400);
        damage(&memory, &BILLING_ACCOUNT, "top", damaged);
        assert_eq!(patch(&world, &BILLING_ACCOUNT, "low", &circle), 200);
    }
}

/// A page that was damaged may come back from a copy: what it says of others is not given up, until it is
/// deleted.
#[test]
fn rules_do_not_pass_over_a_damaged_page() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "f", "name": "PDF" })), 201);
    let mut referring = account("1", format("f"));
    referring["note"] = json!(noise(6_000));
    expect(&post(&world, &BILLING_ACCOUNT, &referring), 201);
    for number in 2..40 {
        expect(&post(&world, &BILLING_ACCOUNT, &account(&number.to_string(), json!({}))), 201);
    }
    let status = |definition, rest: &str| {
        let world = World::on(memory.clone());
        ask(&world, definition, Method::GET, rest, &Value::Null).status().as_u16()
    };
    let damaged = damage_page(&memory, || {
        status(&BILLING_ACCOUNT, "/1") == 500
            && status(&BILLING_ACCOUNT, "/2") == 200
            && status(&BILL_FORMAT, "/f") == 200
    });
    block_on(damaged).unwrap();
    let world = World::on(memory.clone());
    assert_eq!(delete(&world, &BILL_FORMAT, "f"), 500);
    assert_eq!(patch(&world, &BILL_FORMAT, "f", &json!({ "name": "PDF/A" })), 200);
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
    assert_eq!(delete(&world, &BILL_FORMAT, "f"), 204);
}
