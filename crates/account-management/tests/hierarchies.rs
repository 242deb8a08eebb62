//! No account lies below itself, whoever says so, in whatever words.

mod common;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use account_management::{ALL, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT};
use common::{World, account, delete, expect, patch, post, related, request};
use http::Method;
use kv_tree::Memory;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn an_account_is_not_its_own_parent() {
    let world = World::on(Memory::default());
    for kind in ["parent", "childOf", "contains", "hasParent", "parentAccount", "memberOf"] {
        for class in ["BillingAccount", "PartyAccount", "Account", ""] {
            let refused = post(&world, &BILLING_ACCOUNT, &account("1", related(kind, class, "1")));
            let message = expect(&refused, 400)["message"].to_string();
            assert!(
                message.contains("/accountRelationship must not put billingAccount 1"),
                "{message}"
            );
        }
        expect(
            &post(&world, &BILLING_ACCOUNT, &account("1", related(kind, "FinancialAccount", "1"))),
            201,
        );
        assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &related(kind, "GoldAccount", "1")), 400);
        assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
    }
    expect(&post(&world, &BILLING_ACCOUNT, &account("1", related("replaces", "", "1"))), 201);
}

#[test]
fn a_circle_through_kinds_is_refused_however_it_is_said() {
    let world = World::on(Memory::default());
    expect(&post(&world, &PARTY_ACCOUNT, &account("a", json!({}))), 201);
    let b = account("b", related("childOf", "PartyAccount", "a"));
    expect(&post(&world, &BILLING_ACCOUNT, &b), 201);
    let c = account("c", related("hasParent", "BillingAccount", "b"));
    expect(&post(&world, &FINANCIAL_ACCOUNT, &c), 201);
    // a > b > c; each of these says that c is above a.
    for (kind, class) in
        [("childOf", "FinancialAccount"), ("parent", ""), ("isContainedIn", "Account")]
    {
        assert_eq!(patch(&world, &PARTY_ACCOUNT, "a", &related(kind, class, "c")), 400, "{kind}");
    }
    let says = json!([
        { "relationshipType": "hasParent", "account": { "id": "b", "@referredType": "BillingAccount" } },
        { "relationshipType": "contains", "account": { "id": "a", "@referredType": "PartyAccount" } }
    ]);
    let contains_a = json!({ "accountRelationship": says });
    assert_eq!(patch(&world, &FINANCIAL_ACCOUNT, "c", &contains_a), 400);
    // Another account with the id is another account.
    assert_eq!(patch(&world, &PARTY_ACCOUNT, "a", &related("childOf", "BillingAccount", "c")), 200);
}

#[test]
fn what_an_account_no_longer_says_does_not_count() {
    let world = World::on(Memory::default());
    expect(
        &post(&world, &BILLING_ACCOUNT, &account("a", related("contains", "BillingAccount", "b"))),
        201,
    );
    expect(&post(&world, &BILLING_ACCOUNT, &account("b", json!({}))), 201);
    assert_eq!(
        patch(&world, &BILLING_ACCOUNT, "b", &related("contains", "BillingAccount", "a")),
        400
    );
    assert_eq!(
        patch(&world, &BILLING_ACCOUNT, "a", &related("childOf", "BillingAccount", "b")),
        200
    );
    assert_eq!(
        patch(&world, &BILLING_ACCOUNT, "b", &related("contains", "BillingAccount", "a")),
        200
    );
}

/// A new child costs what lies above it, however many lie beside it.
#[test]
fn a_root_can_have_any_number_of_accounts_below() {
    let world = World::on(Memory::default());
    expect(&post(&world, &PARTY_ACCOUNT, &account("root", json!({}))), 201);
    let child =
        |number: usize| account(&format!("c{number}"), related("childOf", "PartyAccount", "root"));
    for thousand in 0..3 {
        let added = (thousand * 1000..(thousand + 1) * 1000)
            .map(|number| json!({ "op": "add", "path": "/", "value": child(number) }));
        let body = json!(added.collect::<Vec<_>>()).to_string();
        let mut bulk = request(&BILLING_ACCOUNT, Method::PATCH, "?fields=none", &body);
        bulk.headers_mut().insert("content-type", "application/json-patch+json".parse().unwrap());
        expect(&pollster::block_on(world.ask(&BILLING_ACCOUNT, bulk)), 200);
    }
    let most = (3_000..3_010).map(|number| steps(&world, &child(number))).max();
    assert!(most.is_some_and(|most| most < 60), "{most:?}");
}

/// How many steps of the store it takes to create the account.
fn steps(world: &World, account: &Value) -> usize {
    let request = request(&BILLING_ACCOUNT, Method::POST, "", &account.to_string());
    let mut answer = pin!(world.ask(&BILLING_ACCOUNT, request));
    let mut context = Context::from_waker(Waker::noop());
    for step in 0.. {
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
            expect(&answer, 201);
            return step;
        }
    }
    unreachable!("a request that never ends")
}

/// What is said in the accounts, as edges from above to below.
fn edges(world: &World) -> Vec<(String, String)> {
    let mut edges = Vec::new();
    for definition in &ALL[..4] {
        let list = common::ask(world, definition, Method::GET, "", &Value::Null);
        for document in expect(&list, 200).as_array().unwrap() {
            let own = format!("{}/{}", definition.resource.class, document["id"].as_str().unwrap());
            for relationship in document["accountRelationship"].as_array().into_iter().flatten() {
                let other = &relationship["account"];
                let class = other["@referredType"].as_str().unwrap();
                let (kind, id) = (&relationship["relationshipType"], &other["id"]);
                edges.extend(said(&own, kind.as_str().unwrap(), class, id.as_str().unwrap()));
            }
        }
    }
    edges
}

/// The edges that a relationship of `own` makes: billing and settlement accounts are party accounts.
fn said(own: &str, kind: &str, class: &str, id: &str) -> Vec<(String, String)> {
    let classes = match class {
        "PartyAccount" => vec!["PartyAccount", "BillingAccount", "SettlementAccount"],
        class => vec![class],
    };
    let edge = |class| match kind {
        "contains" => Some((own.to_owned(), format!("{class}/{id}"))),
        "childOf" => Some((format!("{class}/{id}"), own.to_owned())),
        _ => None,
    };
    classes.into_iter().filter_map(edge).collect()
}

/// Whether there is a circle, by taking away what nothing lies above.
fn has_circle(mut edges: Vec<(String, String)>) -> bool {
    loop {
        let before = edges.len();
        let below: Vec<_> = edges.iter().map(|(_, below)| below.clone()).collect();
        edges.retain(|(above, _)| below.contains(above));
        if edges.len() == before {
            return before > 0;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Changes are refused exactly if they would close a circle.
    #[test]
    fn a_change_is_refused_exactly_if_it_closes_a_circle(
        changes in vec((0..4_usize, 0..3_u8, prop::sample::select(&["contains", "childOf", "related"][..]), 0..4_usize, 0..3_u8), 1..30),
    ) {
        let world = World::on(Memory::default());
        for definition in &ALL[..4] {
            for id in 0..3 {
                expect(&post(&world, definition, &account(&id.to_string(), json!({}))), 201);
            }
        }
        for (own, id, kind, other, other_id) in changes {
            let (own, other) = (ALL[own], ALL[other].resource.class);
            let before = edges(&world);
            let change = related(kind, other, &other_id.to_string());
            let status = patch(&world, own, &id.to_string(), &change);
            let this = format!("{}/{id}", own.resource.class);
            // What the account said before is replaced: the model keeps what others say.
            let expected: Vec<_> = match status {
                200 => edges(&world),
                _ => {
                    prop_assert_eq!(edges(&world), before.clone(), "a refused change changes nothing");
                    let others = edges_without(&world, own, &id.to_string());
                    let said = said(&this, kind, other, &other_id.to_string());
                    others.into_iter().chain(said).collect()
                }
            };
            prop_assert_eq!(has_circle(expected), status == 400, "{} {} {}", kind, other, other_id);
        }
    }
}

/// The edges that all accounts but one say.
fn edges_without(
    world: &World,
    definition: &'static tmf630::Definition,
    id: &str,
) -> Vec<(String, String)> {
    let silent = json!({ "accountRelationship": null });
    let path = format!("/{id}");
    let before = expect(&common::ask(world, definition, Method::GET, &path, &Value::Null), 200);
    assert_eq!(patch(world, definition, id, &silent), 200);
    let others = edges(world);
    let said = json!({ "accountRelationship": before["accountRelationship"] });
    assert_eq!(patch(world, definition, id, &said), 200);
    others
}
