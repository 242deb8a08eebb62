//! Partners load items for their customers, customers check their bills, and nobody sees what is another's.

mod common;

use common::{
    BILL, BILLING_ACCOUNT, Books, CYCLE, ITEM, ON_DEMAND, Value, World, caller, expect, item, json,
};
use http::Method;
use kv_tree::Memory;

const SCOPES: [&str; 3] = ["tmf666:read", "tmf678:read", "tmf678:write"];

/// Books with an account whose parties are a partner and a customer.
fn books() -> Books {
    let books = Books(World::on(Memory::default()));
    books.0.call_as(caller("t", &["admin"], &[]));
    books.account("a", json!({}));
    books
}

fn act_as(books: &Books, party: &str) {
    books.0.call_as(caller("t", &SCOPES, &[party]));
}

#[test]
fn the_story_of_a_partner_and_its_customer() {
    let books = books();
    act_as(&books, "partner");
    let item = books.item("a", "1", "0.19", json!({}));
    assert!(!item.to_string().contains("$server"));
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    let bill = request["customerBill"]["id"].as_str().unwrap();
    let ids = [
        (&ITEM, item["id"].as_str().unwrap()),
        (&BILL, bill),
        (&ON_DEMAND, request["id"].as_str().unwrap()),
    ];
    for party in ["partner", "customer of a"] {
        act_as(&books, party);
        for (definition, id) in ids {
            books.get(definition, id);
            assert_eq!(books.list(definition, "").1, 1);
        }
        let document = books.ask(&BILL, Method::GET, &format!("/{bill}/document"), &Value::Null);
        assert_eq!(document.status(), 200);
        assert_eq!(
            books.balances(&BILLING_ACCOUNT, "a"),
            ["unbilled EUR 0.00", "receivable EUR 1.19"]
        );
    }
    act_as(&books, "other partner");
    for (definition, id) in ids {
        assert_eq!(books.status(definition, Method::GET, id), 404);
        assert_eq!(books.list(definition, "").1, 0);
    }
    assert_eq!(books.status(&BILL, Method::GET, &format!("{bill}/document")), 404);
    assert_eq!(books.status(&ITEM, Method::DELETE, ids[0].1), 404);
    books.patch_refused(&BILL, 404, bill, &json!({ "state": "sent" }));
}

#[test]
fn who_does_not_see_an_account_does_nothing_for_it() {
    let books = books();
    books.item("a", "1", "0.19", json!({}));
    act_as(&books, "other partner");
    for attributes in [
        json!({}),
        json!({ "isBilled": true }),
        json!({ "isBilled": true, "billingAccount": null }),
    ] {
        let message = books.refused(&ITEM, 400, &item("a", "1", "0.19", attributes));
        assert!(message.contains("/billingAccount/id"), "{message}");
    }
    let unknown = books.refused(&ON_DEMAND, 400, &json!({ "billingAccount": { "id": "a" } }));
    let missing = books.refused(&ON_DEMAND, 400, &json!({ "billingAccount": { "id": "b" } }));
    assert_eq!(unknown.replace("; a does", "; b does"), missing);
    // Runs are the operator's.
    assert_eq!(books.ask(&CYCLE, Method::POST, "", &json!({})).status(), 403);
    books.0.call_as(caller("t", &["admin"], &[]));
    assert_eq!(books.list(&ITEM, "").1, 1);
    assert_eq!(books.list(&ON_DEMAND, "").1, 0);
}

#[test]
fn a_new_owner_sees_only_what_came_after() {
    let books = books();
    books.item("a", "1", "0.19", json!({}));
    let old = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    let kept = books.item("a", "2", "0.38", json!({}));
    let parties = json!([{ "role": "customer", "partyOrPartyRole": { "id": "new owner" } }]);
    books.patch(&BILLING_ACCOUNT, "a", &json!({ "relatedParty": parties }));
    let new = books.item("a", "3", "0.57", json!({}));
    act_as(&books, "new owner");
    assert_eq!(books.list(&ITEM, ""), (vec![new.clone()], 1));
    assert_eq!(books.list(&BILL, "").1, 0);
    books.0.call_as(caller("t", &["admin"], &[]));
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    act_as(&books, "new owner");
    let bill = books.get(&BILL, request["customerBill"]["id"].as_str().unwrap());
    assert_eq!(bill["relatedParty"][0]["partyOrPartyRole"]["id"], "new owner");
    assert_eq!(books.list(&BILL, "").1, 1);
    act_as(&books, "customer of a");
    let own = old["customerBill"]["id"].as_str().unwrap();
    books.get(&BILL, own);
    assert_eq!(books.list(&BILL, "").1, 1);
    assert_eq!(books.list(&ITEM, "").1, 2);
    assert_eq!(books.get(&ITEM, kept["id"].as_str().unwrap())["isBilled"], true);
    assert_eq!(books.status(&BILLING_ACCOUNT, Method::GET, "a"), 404);
}

#[test]
fn scopes_are_those_of_the_resource() {
    let books = books();
    let status = |scopes: &[&str], definition, method: Method, body: &Value| {
        books.0.call_as(caller("t", scopes, &[]));
        books.ask(definition, method, "", body).status().as_u16()
    };
    let body = item("a", "1", "0.19", json!({}));
    assert_eq!(status(&["tmf678:read"], &ITEM, Method::POST, &body), 403);
    assert_eq!(status(&["tmf678:customerBill:write"], &ITEM, Method::POST, &body), 403);
    assert_eq!(status(&["tmf666:write"], &ITEM, Method::POST, &body), 403);
    assert_eq!(
        status(&["tmf678:appliedCustomerBillingRate:write"], &ITEM, Method::POST, &body),
        201
    );
    assert_eq!(
        status(&["tmf678:appliedCustomerBillingRate:read"], &ITEM, Method::GET, &Value::Null),
        200
    );
    assert_eq!(
        status(&["tmf678:appliedCustomerBillingRate:read"], &BILL, Method::GET, &Value::Null),
        403
    );
    books.0.call_as(caller("other", &["admin"], &[]));
    assert_eq!(books.list(&ITEM, "").1, 0);
    expect(&books.ask(&ITEM, Method::POST, "", &body), 400);
}

#[test]
fn who_gave_an_account_away_charges_it_no_more() {
    let books = books();
    act_as(&books, "partner");
    let item = books.item("a", "1", "0.19", json!({}));
    let id = item["id"].as_str().unwrap();
    books.0.call_as(caller("t", &["admin"], &[]));
    let parties = json!([{ "role": "customer", "partyOrPartyRole": { "id": "new owner" } }]);
    books.patch(&BILLING_ACCOUNT, "a", &json!({ "relatedParty": parties }));
    act_as(&books, "partner");
    books.get(&ITEM, id);
    books.patch_refused(&ITEM, 409, id, &json!({ "name": "other" }));
    assert_eq!(books.status(&ITEM, Method::DELETE, id), 409);
}
