//! What who acts for a party changes: accounts that name the party, before and after.

mod common;

use account_management::{ALL, BILL_FORMAT, BILLING_ACCOUNT};
use common::callers::{
    READ_WRITE, account_of, acting_for, as_operator, ask, delete, get, id_of, patch, post, related,
    some_accounts,
};
use common::ways::{V4, V5};
use common::{World, expect, request_in};
use http::{HeaderValue, Method};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::caller;

#[test]
fn who_creates_names_a_party_of_their_own() {
    let world = some_accounts();
    let world = acting_for(&world, &["1", "4"]);
    let others = account_of("n", &[("2", "owner")]);
    let bulk = |documents: &[&Value]| -> Value {
        let add = |document: &&Value| json!({ "op": "add", "path": "/", "value": document });
        documents.iter().map(add).collect()
    };
    for version in [V4, V5] {
        let mut others = others.clone();
        let mut own = account_of("o", &[("2", "owner"), ("4", "partner")]);
        if version == V4 {
            let party = |id: &str| json!({ "id": id, "name": id, "@referredType": "Individual" });
            others["relatedParty"] = json!([party("2")]);
            own["relatedParty"] = json!([party("2"), party("4")]);
        }
        let refused = ask(world, version, &BILLING_ACCOUNT, Method::POST, "", &others);
        let refused = expect(&refused, 403);
        assert_eq!(
            (&refused["code"], &refused["message"]),
            (&json!("52"), &json!("/relatedParty must name one of the caller's parties."))
        );
        let both = bulk(&[&own, &others]);
        let refused = ask(world, version, &BILLING_ACCOUNT, Method::PATCH, "", &both);
        let refused = expect(&refused, 403);
        assert_eq!(
            refused["message"],
            "In /1/value: /relatedParty must name one of the caller's parties."
        );
        expect(&get(world, "/o"), 404);
        let only = bulk(&[&own]);
        expect(&ask(world, version, &BILLING_ACCOUNT, Method::PATCH, "", &only), 200);
        expect(&get(world, "/o"), 200);
        assert_eq!(delete(world, "o").status(), 204);
    }
    expect(&get(as_operator(world), "/n"), 404);
}

#[test]
fn a_taken_id_is_a_conflict_whoever_sees_it() {
    let world = some_accounts();
    let world = acting_for(&world, &["1"]);
    let answer = |id: &str| {
        let answer = post(world, &account_of(id, &[("1", "owner")]));
        let error = expect(&answer, 409).to_string();
        (answer.headers().clone(), error.replace(&format!("/id {id}"), "/id"))
    };
    assert_eq!(answer("a"), answer("b"));
    // Who may not create it is not told either.
    let others = |id: &str| {
        let answer = post(world, &account_of(id, &[("2", "owner")]));
        expect(&answer, 403).to_string()
    };
    assert_eq!(others("b"), others("x"));
}

#[test]
fn who_changes_keeps_a_party_of_their_own() {
    let world = some_accounts();
    let world = acting_for(&world, &["1"]);
    let give_away = json!({ "relatedParty": related(&[("2", "owner")]) });
    let refused = expect(&patch(world, "a", &give_away), 403);
    assert_eq!(refused["code"], "52");
    // To share is possible, and then others see it too.
    let share = json!({ "relatedParty": related(&[("9", "owner"), ("1", "partner")]) });
    expect(&patch(world, "a", &share), 200);
    expect(&get(acting_for(world, &["9"]), "/a"), 200);
    // Who may assign accounts can give one away, and does not see it any more.
    for scope in ["tmf666:assign", "admin"] {
        let mut given = caller("t", &["tmf666:read", "tmf666:write", scope], &["1"]);
        // What `admin` means for parties is for the check of tokens to say.
        given.parties = caller("t", &[], &["1"]).parties;
        world.call_as(given.clone());
        expect(&patch(world, "a", &give_away), 200);
        expect(&get(world, "/a"), 404);
        expect(&patch(world, "a", &share), 404);
        // What is not theirs cannot be created so.
        expect(&post(world, &account_of("n", &[("2", "owner")])), 403);
        expect(&patch(as_operator(world), "a", &share), 200);
    }
    assert_eq!(delete(acting_for(world, &["9"]), "a").status(), 204);
}

#[test]
fn what_everybody_shares_is_changed_by_the_operator_alone() {
    let world = World::on(Memory::default());
    for definition in ALL.into_iter().filter(|definition| {
        ["billFormat", "billPresentationMedia", "billingCycleSpecification"]
            .contains(&definition.name())
    }) {
        let document = json!({ "id": "1", "name": "x" });
        let bulk = json!([{ "op": "add", "path": "/", "value": document }]);
        let ask = |world: &World, method: Method, rest: &str, body: &Value| {
            ask(world, V5, definition, method, rest, body).status().as_u16()
        };
        assert_eq!(ask(acting_for(&world, &["1"]), Method::POST, "", &document), 403);
        assert_eq!(ask(&world, Method::PATCH, "", &bulk), 403);
        assert_eq!(ask(as_operator(&world), Method::POST, "", &document), 201);
        let world = acting_for(&world, &["1"]);
        assert_eq!(ask(world, Method::GET, "/1", &Value::Null), 200);
        assert_eq!(ask(world, Method::GET, "", &Value::Null), 200);
        assert_eq!(ask(world, Method::PATCH, "/1", &json!({ "name": "y" })), 403);
        assert_eq!(ask(world, Method::DELETE, "/1", &Value::Null), 403);
    }
}

#[test]
fn a_reference_to_what_is_not_seen_is_one_to_what_is_not_there() {
    let memory = Memory::default();
    let world = World::on(memory).with("references", "strict");
    expect(&post(as_operator(&world), &account_of("theirs", &[("2", "owner")])), 201);
    expect(&post(&world, &account_of("mine", &[("1", "owner")])), 201);
    let format = json!({ "id": "f", "name": "x" });
    expect(&ask(&world, V5, &BILL_FORMAT, Method::POST, "", &format), 201);
    let world = acting_for(&world, &["1"]);
    let referring = |id: &str| {
        let relationship = json!({
            "relationshipType": "childOf", "account": { "id": id, "@referredType": "BillingAccount" }
        });
        let answer = patch(world, "mine", &json!({ "accountRelationship": [relationship] }));
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), text.replace(&format!("; {id} "), "; "))
    };
    assert_eq!(referring("theirs"), referring("absent"));
    assert_eq!(referring("theirs").0, 400);
    assert_eq!(referring("mine").0, 400);
    // What everybody shares can be referred to.
    let structure = json!({ "billStructure": { "format": { "id": "f" } } });
    expect(&patch(world, "mine", &structure), 200);
    expect(&post(as_operator(world), &account_of("shared", &[("2", "owner"), ("1", "x")])), 201);
    acting_for(world, &["1"]);
    assert_eq!(referring("shared").0, 200);
}

#[test]
fn what_was_referred_to_before_is_nobodys_fault() {
    let memory = Memory::default();
    let world = World::on(memory).with("references", "strict");
    expect(&post(as_operator(&world), &account_of("theirs", &[("2", "owner")])), 201);
    expect(&post(&world, &account_of("other", &[("1", "owner")])), 201);
    let relationship = |id: &str| {
        let account = json!({ "id": id, "@referredType": "BillingAccount" });
        json!({ "relationshipType": "related", "account": account })
    };
    let mut mine = account_of("mine", &[("1", "owner")]);
    mine["accountRelationship"] = json!([relationship("theirs")]);
    expect(&post(&world, &mine), 201);
    let world = acting_for(&world, &["1"]);
    let change = |relationships: Value| {
        patch(world, "mine", &json!({ "accountRelationship": relationships })).status()
    };
    // The operator put it there; the party can add to it, and change what it says of it.
    assert_eq!(change(json!([relationship("other"), relationship("theirs")])), 200);
    assert_eq!(change(json!([relationship("theirs"), relationship("absent")])), 400);
    assert_eq!(change(json!([relationship("other")])), 200);
    assert_eq!(change(json!([relationship("theirs")])), 400);
}

#[test]
fn who_refers_is_named_to_those_who_see_it() {
    let world = World::on(Memory::default());
    let mut referring = account_of("secret", &[("2", "owner")]);
    referring["accountRelationship"] =
        json!([{ "relationshipType": "childOf", "account": { "id": "mine" } }]);
    expect(&post(as_operator(&world), &account_of("mine", &[("1", "owner")])), 201);
    expect(&post(&world, &referring), 201);
    let refused = delete(acting_for(&world, &["1"]), "mine");
    let refused = expect(&refused, 409);
    assert_eq!(
        refused["message"],
        "What you do not see refers to mine, which cannot be deleted as long as it does."
    );
    let refused = expect(&delete(as_operator(&world), "mine"), 409);
    assert!(refused["message"].as_str().unwrap().contains("billingAccount secret"), "{refused}");

    // A circle is refused, and nothing of it told.
    let circle = json!({ "accountRelationship": [
        { "relationshipType": "childOf", "account": { "id": "secret" } }
    ] });
    let refused = patch(acting_for(&world, &["1"]), "mine", &circle);
    let refused = expect(&refused, 400).to_string();
    assert!(!refused.contains("secret") && refused.contains("mine"), "{refused}");
}

#[test]
fn a_key_of_another_caller_is_another_key() {
    let world = World::on(Memory::default());
    let create = |id: &str| {
        let body = account_of(id, &[("1", "owner"), ("2", "owner")]).to_string();
        let mut request = request_in(V5, &BILLING_ACCOUNT, Method::POST, "", &body);
        request.headers_mut().insert("idempotency-key", HeaderValue::from_static("k"));
        block_on(world.ask(&BILLING_ACCOUNT, request))
    };
    acting_for(&world, &["1"]);
    expect(&create("a"), 201);
    assert_eq!(id_of(&expect(&create("a"), 201)), "a");
    expect(&create("b"), 422);
    // Neither found nor in the way.
    acting_for(&world, &["2"]);
    expect(&create("b"), 201);
    world.call_as(caller("other", READ_WRITE, &["1"]));
    expect(&create("c"), 201);
    as_operator(&world);
    expect(&create("d"), 201);
    acting_for(&world, &["1"]);
    assert_eq!(id_of(&expect(&create("a"), 201)), "a");
}
