//! What subscriptions are told, and who is told.

mod common;

use account_management::{BILL_FORMAT, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, HUB};
use common::callers::{account_of, acting_for, as_operator};
use common::events::{CALLBACK, deliver, sent, status, subscribe, subscribe_in, told, world};
use common::{account, ask, delete, expect, patch, post, request_in};
use http::Method;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Version;
use tmf630::testing::{World, caller};

#[test]
fn every_kind_of_change_is_told_once_and_nothing_else() {
    let world = world();
    subscribe(&world, "");
    expect(&post(&world, &BILLING_ACCOUNT, &account("1", json!({ "state": "Active" }))), 201);
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &json!({ "name": "other" })), 200);
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &json!({ "name": "other" })), 200);
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &json!({ "state": "Suspended" })), 200);
    let both = json!({ "state": "Active", "description": "x" });
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &both), 200);
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "1"), 204);
    // What is refused is not told.
    assert_eq!(post(&world, &BILLING_ACCOUNT, &json!({ "name": 1 })).status(), 400);
    assert_eq!(deliver(&world).delivered, 6);
    assert_eq!(
        told(&world),
        [
            "BillingAccountCreate 1",
            "BillingAccountAttributeValueChange 1",
            "BillingAccountStateChange 1",
            "BillingAccountStateChange 1",
            "BillingAccountAttributeValueChange 1",
            "BillingAccountDelete 1",
        ]
    );
    assert_eq!((deliver(&world).delivered, told(&world).len()), (0, 0));
}

#[test]
fn each_version_has_its_own_kinds_and_form() {
    let world = world();
    let v5 = subscribe_in(Version::V5, &world, &json!({ "callback": CALLBACK }));
    let v4 = subscribe_in(Version::V4, &world, &json!({ "callback": CALLBACK }));
    assert_eq!((&v5["version"], &v4["version"]), (&json!("v5"), &json!("v4")));
    assert_eq!((&v5["@type"], v4.get("@type")), (&json!("Hub"), None));
    let request = json!({ "id": "1", "name": "a", "state": "Active", "relatedParty": [{
        "role": "owner", "partyOrPartyRole": { "id": "p", "@referredType": "Organization" } }] });
    expect(&post(&world, &BILLING_ACCOUNT, &request), 201);
    world.advance(1);
    let change = json!({ "name": "b", "description": null });
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "1", &change), 200);
    deliver(&world);
    let mut sent = sent(&world);
    sent.sort_by_key(|event| event.get("payload").is_some());
    let [created, changed, in_v4] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(created["event"]["billingAccount"]["name"], "a");
    assert_eq!(created["@type"], "BillingAccountCreateEvent");
    for name in ["eventId", "eventTime", "domain", "title", "timeOccurred", "timeOcurred", "source"]
    {
        assert!(created.get(name).is_some(), "{name}");
    }
    let about = changed["event"]["billingAccount"].as_object().unwrap();
    let names: Vec<_> = about.keys().map(String::as_str).collect();
    assert_eq!(names, ["@type", "href", "id", "lastUpdate", "name"]);
    assert!(about["href"].as_str().unwrap().ends_with("/v5/billingAccount/1"));
    // The same event, in the form of v4.
    assert_eq!(in_v4["eventId"], changed["eventId"]);
    assert_eq!(in_v4["fieldPath"], "lastModified,name");
    let about = &in_v4["payload"]["billingAccount"];
    assert_eq!((&about["name"], &about["relatedParty"][0]["id"]), (&json!("b"), &json!("p")));
    assert!(about["href"].as_str().unwrap().ends_with("/v4/billingAccount/1"));
    assert!(in_v4.get("@type").is_none() && in_v4.get("event").is_none());
}

#[test]
fn what_was_removed_is_told_as_null() {
    let world = world();
    subscribe(&world, "eventType=BillFormatAttributeValueChangeEvent");
    expect(
        &post(&world, &BILL_FORMAT, &json!({ "id": "1", "name": "a", "description": "x" })),
        201,
    );
    assert_eq!(patch(&world, &BILL_FORMAT, "1", &json!({ "description": null })), 200);
    deliver(&world);
    let [event] = &sent(&world)[..] else { panic!() };
    assert_eq!(event["event"]["billFormat"]["description"], Value::Null);
    assert!(event["event"]["billFormat"].get("description").is_some());
}

#[test]
fn queries_choose_by_the_event_and_by_what_it_is_about() {
    for (query, expected) in [
        ("", 3),
        ("eventType=BillingAccountCreateEvent", 2),
        ("?eventType = BillingAccountCreateEvent , BillFormatCreateEvent", 3),
        ("eventType=BillFormatCreateEvent&eventType=BillingAccountCreateEvent", 3),
        ("eventType=BillFormatCreateEvent;billingAccount.state=Active", 2),
        ("billingAccount.state=Active", 1),
        ("event.billingAccount.state = Active", 1),
        ("payload.billingAccount.state=Active", 1),
        ("eventType=BillingAccountCreateEvent&billingAccount.name.regex=^2", 1),
        ("eventTime.gt=2000-01-01", 3),
        ("eventTime.lt=2000-01-01", 0),
        ("filter=$.event[?(@.state=='Active')]", 1),
        ("$[?(@.eventType=='BillFormatCreateEvent')]", 1),
        ("$.billingAccount.relatedParty[?(@.role=='owner')]", 2),
        ("$.payload.billFormat", 1),
    ] {
        let world = world();
        subscribe(&world, query);
        expect(&post(&world, &BILLING_ACCOUNT, &account("1", json!({ "state": "Active" }))), 201);
        expect(&post(&world, &BILLING_ACCOUNT, &account("2", json!({ "state": "Defined" }))), 201);
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": "3", "name": "x" })), 201);
        assert_eq!(deliver(&world).delivered, expected, "{query}");
    }
}

#[test]
fn a_query_that_cannot_be_understood_is_refused_with_the_place() {
    let world = world();
    for (query, place) in [
        ("eventType=NoSuchEvent", "character 11"),
        ("eventType=BillingAccountCreateEvent&x", "character 37"),
        ("state=Active", "character 1"),
        ("eventType=*", "character 11"),
        ("eventType=BillFormatCreateEvent&limit=1", "character 33"),
        ("$.event[", "character 1"),
        ("eventTime.gt=yesterday", "character 1"),
        ("eventType=BillFormatCreateEvent&eventType.ne=BillFormatCreateEvent", "some type"),
    ] {
        let answer = post(&world, &HUB, &json!({ "callback": CALLBACK, "query": query }));
        let body = expect(&answer, 400).to_string();
        assert!(body.contains("/query") && body.contains(place), "{query}: {body}");
    }
    // v4 has fewer kinds.
    let body = json!({ "callback": CALLBACK, "query": "eventType=BillingAccountCreateEvent" });
    let request = request_in(Version::V4, &HUB, Method::POST, "", &body.to_string());
    assert_eq!(block_on(world.ask(&HUB, request)).status(), 400);
}

#[test]
fn fields_choose_what_is_sent() {
    let world = world();
    subscribe(
        &world,
        "eventType=BillingAccountCreateEvent&fields=correlationId, billingAccount.name",
    );
    expect(&post(&world, &BILLING_ACCOUNT, &account("1", json!({ "state": "Active" }))), 201);
    deliver(&world);
    let [event] = &sent(&world)[..] else { panic!() };
    let names: Vec<_> = event.as_object().unwrap().keys().cloned().collect();
    let expected =
        ["@baseType", "@type", "correlationId", "event", "eventId", "eventTime", "eventType"];
    assert_eq!(names, expected);
    assert_eq!(event["event"]["billingAccount"], json!({ "@type": "BillingAccount", "name": "1" }));
}

#[test]
fn who_acts_for_parties_is_told_of_theirs_alone() {
    let world = world();
    acting_for(&world, &["1"]);
    let of_1 = subscribe(&world, "");
    acting_for(&world, &["2"]);
    let of_2 = subscribe(&world, "");
    as_operator(&world);
    let of_all = subscribe(&world, "");
    assert!(of_1 != of_2 && of_2 != of_all);
    let events = |world: &World| {
        deliver(world);
        let mut told = told(world);
        told.sort();
        told
    };
    expect(&post(&world, &BILLING_ACCOUNT, &account_of("a", &[("1", "owner")])), 201);
    assert_eq!(events(&world), ["BillingAccountCreate a", "BillingAccountCreate a"]);
    // It becomes the other party's: who sees it now is told.
    let moved = json!({ "relatedParty": [{ "role": "owner", "partyOrPartyRole": { "id": "2" } }] });
    assert_eq!(patch(&world, &BILLING_ACCOUNT, "a", &moved), 200);
    assert_eq!(events(&world).len(), 2);
    assert_eq!(delete(&world, &BILLING_ACCOUNT, "a"), 204);
    assert_eq!(events(&world).len(), 2);
    assert_eq!(
        (status(&world, &of_1)["delivered"].clone(), status(&world, &of_2)["delivered"].clone()),
        (json!(1), json!(2))
    );
    // What is everybody's, everybody is told of.
    expect(&post(&world, &BILL_FORMAT, &json!({ "name": "x" })), 201);
    assert_eq!(events(&world).len(), 3);

    // Others' subscriptions are none.
    acting_for(&world, &["1"]);
    let list = ask(&world, &HUB, Method::GET, "", &Value::Null);
    assert_eq!(list.headers()["x-total-count"], "1");
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(ask(&world, &HUB, method, &format!("/{of_2}"), &Value::Null).status(), 404);
    }
    let redrive = ask(&world, &HUB, Method::POST, &format!("/{of_2}/redrive"), &Value::Null);
    assert_eq!(redrive.status(), 404);
    assert_eq!(delete(&world, &HUB, &of_1), 204);
    // Another tenant is told nothing.
    world.call_as(caller("other", &["tmf666:read", "tmf666:write"], &[]));
    subscribe(&world, "");
    as_operator(&world);
    expect(&post(&world, &BILLING_ACCOUNT, &account("b", json!({}))), 201);
    world.call_as(caller("other", &["tmf666:read", "tmf666:write"], &[]));
    assert_eq!(deliver(&world).delivered, 0);
}

#[test]
fn one_is_told_of_what_one_may_read() {
    let world = world();
    let scopes = ["tmf666:hub:write", "tmf666:hub:read", "tmf666:billFormat:read"];
    world.call_as(caller("t", &scopes, &[]));
    let some = subscribe(&world, "");
    let named = json!({ "callback": CALLBACK, "query": "eventType=BillingAccountCreateEvent" });
    assert_eq!(post(&world, &HUB, &named).status(), 403);
    world.call_as(caller("t", &["tmf666:hub:write"], &[]));
    assert_eq!(post(&world, &HUB, &json!({ "callback": "https://b.example/" })).status(), 403);
    as_operator(&world);
    expect(&post(&world, &BILLING_ACCOUNT, &account("b", json!({}))), 201);
    expect(&post(&world, &FINANCIAL_ACCOUNT, &account("c", json!({}))), 201);
    expect(&post(&world, &BILL_FORMAT, &json!({ "name": "x" })), 201);
    assert_eq!(deliver(&world).delivered, 1);
    assert_eq!(status(&world, &some)["delivered"], 1);
}
