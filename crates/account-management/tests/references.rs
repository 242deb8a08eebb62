//! What refers to what, told apart by kind and id in one way for every rule.

mod common;

use account_management::{
    BILL_FORMAT, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT, SETTLEMENT_ACCOUNT,
};
use common::{World, account, delete, expect, patch, post};
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::Definition;
use tmf630::model::api::Api;
use tmf630::model::index::Index;

fn related_to(reference: Value) -> Value {
    json!({ "accountRelationship": [{ "relationshipType": "related", "account": reference }] })
}

/// Which kinds of accounts with the id 1 a reference means: those that cannot be deleted while it is
/// there.
fn kept_by(reference: &Value) -> Vec<&'static str> {
    let kinds: [&'static Definition; 4] =
        [&PARTY_ACCOUNT, &BILLING_ACCOUNT, &SETTLEMENT_ACCOUNT, &FINANCIAL_ACCOUNT];
    let kept = kinds.into_iter().filter(|kind| {
        let world = World::on(Memory::default());
        expect(&post(&world, kind, &account("1", json!({}))), 201);
        let referring = account("2", related_to(reference.clone()));
        expect(&post(&world, &PARTY_ACCOUNT, &referring), 201);
        delete(&world, kind, "1") == 409
    });
    kept.map(|kind| kind.resource.class).collect()
}

/// The same where what is referred to has to exist: the kinds of which one is enough.
fn satisfied_by(reference: &Value) -> Vec<&'static str> {
    let kinds: [&'static Definition; 4] =
        [&PARTY_ACCOUNT, &BILLING_ACCOUNT, &SETTLEMENT_ACCOUNT, &FINANCIAL_ACCOUNT];
    let satisfying = kinds.into_iter().filter(|kind| {
        let world = World::on(Memory::default()).with("references", "strict");
        expect(&post(&world, kind, &account("1", json!({}))), 201);
        let referring = account("2", related_to(reference.clone()));
        post(&world, &PARTY_ACCOUNT, &referring).status() == 201
    });
    satisfying.map(|kind| kind.resource.class).collect()
}

#[test]
fn every_rule_understands_a_reference_alike() {
    let all = vec!["PartyAccount", "BillingAccount", "SettlementAccount", "FinancialAccount"];
    for (reference, expected) in [
        (json!({ "id": "1" }), all.clone()),
        (json!({ "id": "1", "@referredType": "BillingAccount" }), vec!["BillingAccount"]),
        (json!({ "id": "1", "@referredType": "billingAccount" }), vec!["BillingAccount"]),
        (json!({ "id": "1", "@referredType": "PartyAccount" }), all[..3].to_vec()),
        (json!({ "id": "1", "@referredType": "Account" }), all.clone()),
        (json!({ "id": "1", "@referredType": "GoldAccount" }), all.clone()),
        (
            json!({ "id": "1", "@referredType": "GoldAccount", "@baseType": "FinancialAccount" }),
            vec!["FinancialAccount"],
        ),
        (json!({ "id": "1", "@type": "AccountRef", "@baseType": "EntityRef" }), all.clone()),
        // What a class is comes before what it extends.
        (
            json!({ "id": "1", "@referredType": "FinancialAccount", "@baseType": "PartyAccount" }),
            vec!["FinancialAccount"],
        ),
    ] {
        assert_eq!(kept_by(&reference), expected, "{reference}");
        assert_eq!(satisfied_by(&reference), expected, "{reference}");
    }
}

#[test]
fn what_must_exist_is_looked_for_by_every_way_to_write() {
    let world = World::on(Memory::default()).with("references", "strict");
    let format =
        |id: &str| json!({ "billStructure": { "format": { "@type": "BillFormatRef", "id": id } } });
    let refused = expect(&post(&world, &BILLING_ACCOUNT, &account("a", format("f"))), 400);
    let message = "/billStructure/format must refer to a resource that exists; f does not";
    assert_eq!(refused["message"], message);
    expect(&post(&world, &BILLING_ACCOUNT, &account("a", json!({}))), 201);
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "a", &format("f")), 400);
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "f", "name": "PDF" })), 201);
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "a", &format("f")), 200);
    assert_eq!(delete(&world, &BILL_FORMAT, "f"), 409);
    // A format that is written down in the account itself need not exist.
    let value = json!({ "billStructure": { "format": { "@type": "BillFormat", "id": "x", "name": "PDF" } } });
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "a", &value), 200);
    assert_eq!(delete(&world, &BILL_FORMAT, "f"), 204);
}

/// Many that refer to the id mean another kind: that is no reason to keep this one.
#[test]
fn what_others_of_the_same_id_are_referred_to_by_does_not_count() {
    let world = World::on(Memory::default());
    expect(&post(&world, &BILLING_ACCOUNT, &account("1", json!({}))), 201);
    let reference = json!({ "id": "1", "@referredType": "FinancialAccount" });
    for number in 0..60 {
        let referring = account(&format!("r{number}"), related_to(reference.clone()));
        expect(&post(&world, &SETTLEMENT_ACCOUNT, &referring), 201);
    }
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
}

/// An account may refer to itself, and that alone does not keep it.
#[test]
fn what_refers_to_itself_exists_and_can_be_deleted() {
    let world = World::on(Memory::default()).with("references", "strict");
    let (any, party) =
        (json!({ "id": "1" }), json!({ "id": "1", "@referredType": "PartyAccount" }));
    for reference in [any, party.clone()] {
        let itself = account("1", related_to(reference));
        expect(&post(&world, &BILLING_ACCOUNT, &itself), 201);
        assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
    }
    // Another account with the id is not this one.
    let other = account("1", related_to(party));
    expect(&post(&world, &FINANCIAL_ACCOUNT, &other), 400);
    expect(&post(&world, &BILLING_ACCOUNT, &account("1", json!({}))), 201);
    expect(&post(&world, &FINANCIAL_ACCOUNT, &other), 201);
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 409);
    assert_eq!(delete(&world, &FINANCIAL_ACCOUNT, "1"), 204);
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
}

#[test]
fn one_that_exists_does_not_make_up_for_another() {
    let world = World::on(Memory::default()).with("references", "strict");
    expect(&post(&world, &BILLING_ACCOUNT, &account("1", json!({}))), 201);
    let two = |first: &str, second: &str| {
        let relationships = [first, second]
            .map(|id| json!({ "relationshipType": "related", "account": { "id": id } }));
        account("2", json!({ "accountRelationship": relationships }))
    };
    for (first, second) in [("1", "none"), ("none", "1")] {
        expect(&post(&world, &BILLING_ACCOUNT, &two(first, second)), 400);
    }
    expect(&post(&world, &BILLING_ACCOUNT, &two("1", "1")), 201);
}

/// As a program stored accounts that had no index but the name.
static EARLIER_API: Api = Api { relations: &[], ..account_management::ACCOUNT_MANAGEMENT };
static EARLIER: Definition = Definition {
    api: &EARLIER_API,
    own_indexes: &[Index::text("name")],
    rules: &[],
    ..BILLING_ACCOUNT
};

#[test]
fn references_count_before_they_are_in_an_index() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    for id in ["f", "g"] {
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": id, "name": "PDF" })), 201);
    }
    let format = json!({ "billStructure": { "format": { "@type": "BillFormatRef", "id": "f" } } });
    let earlier = World::on(memory.clone());
    for number in 0..5 {
        expect(&post(&earlier, &EARLIER, &account(&format!("a{number}"), json!({}))), 201);
    }
    expect(&post(&earlier, &EARLIER, &account("b", format)), 201);
    let above = account("c", common::related("contains", "BillingAccount", "a0"));
    expect(&post(&earlier, &EARLIER, &above), 201);

    let world = World::on(memory);
    assert_eq!(delete(&world, &BILL_FORMAT, "f"), 409);
    assert_eq!(delete(&world, &BILL_FORMAT, "g"), 204);
    // So it is with what lies above.
    let circle = common::related("contains", "BillingAccount", "c");
    assert_eq!(patch(&World::on(Memory::default()), &BILLING_ACCOUNT, "a0", &circle), 404);
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "a0", &circle), 400);
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "b"), 204);
    assert_eq!(delete(&world, &BILL_FORMAT, "f"), 204);
}

/// Of more than can be looked at, one may well mean this one.
#[test]
fn what_too_many_may_refer_to_is_kept() {
    let world = World::on(Memory::default());
    expect(&post(&world, &PARTY_ACCOUNT, &account("1", json!({}))), 201);
    let other = related_to(json!({ "id": "1", "@referredType": "FinancialAccount" }));
    let create = |numbers: std::ops::Range<usize>| {
        let add = |number: usize| {
            let document = account(&format!("r{number}"), other.clone());
            json!({ "op": "add", "path": "/", "value": document })
        };
        let body = json!(numbers.map(add).collect::<Vec<_>>()).to_string();
        let mut bulk =
            common::request(&SETTLEMENT_ACCOUNT, http::Method::PATCH, "?fields=none", &body);
        bulk.headers_mut().insert("content-type", "application/json-patch+json".parse().unwrap());
        expect(&pollster::block_on(world.ask(&SETTLEMENT_ACCOUNT, bulk)), 200);
    };
    create(0..500);
    assert_eq!(delete(&world, &PARTY_ACCOUNT, "1"), 409);
    assert_eq!(delete(&world, &SETTLEMENT_ACCOUNT, "r0"), 204);
    assert_eq!(delete(&world, &PARTY_ACCOUNT, "1"), 204);
}
