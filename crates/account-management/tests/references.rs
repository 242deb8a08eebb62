//! What refers to what, told apart by kind and id in one way for every rule.

mod common;

use account_management::{
    BILL_FORMAT, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT, SETTLEMENT_ACCOUNT,
};
use common::{World, account, delete, expect, patch, post};
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::Definition;

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
