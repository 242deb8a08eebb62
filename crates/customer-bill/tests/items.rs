//! Bill items: they are created, changed and deleted until they are billed.

mod common;

use common::{
    BILL, BILLING_ACCOUNT, Books, ITEM, ON_DEMAND, Value, World, expect, item, json, money,
};
use http::Method;
use kv_tree::Memory;

#[test]
fn an_item_is_completed_and_found() {
    let books = Books::new();
    books.account("a", json!({}));
    let body =
        item("a", "83.33333", "17.499998", json!({ "date": null, "product": { "id": "p" } }));
    let item = books.post(&ITEM, &body);
    assert_eq!(item["isBilled"], false);
    assert_eq!(item["taxIncludedAmount"], money("EUR", "100.833328"));
    assert!(item["date"].as_str().unwrap().ends_with('Z'));
    assert!(item.get("$server").is_none(), "{item}");
    let id = item["id"].as_str().unwrap();
    assert_eq!(books.get(&ITEM, id), item);
    for query in [
        "billingAccount.id=a",
        "product.id=p",
        "isBilled=false",
        "billingAccount.id=a&date.gt=2026-01-01&sort=-date",
        "billingAccount.id=a&sort=date",
    ] {
        assert_eq!(books.list(&ITEM, query), (vec![item.clone()], 1), "{query}");
    }
    for query in [
        "billingAccount.id=b",
        "isBilled=true",
        "billingAccount.id=a&date.lt=2026-01-01",
        "$server.parties.id=partner",
        "bill.id=x",
    ] {
        assert_eq!(books.list(&ITEM, query).1, 0, "{query}");
    }
}

#[test]
fn what_does_not_add_up_is_refused() {
    let books = Books::new();
    books.account("a", json!({}));
    let refused =
        |attributes: Value| books.refused(&ITEM, 400, &item("a", "10", "1.9", attributes));
    assert!(refused(json!({ "taxIncludedAmount": money("EUR", "12.00") })).contains("11.9"));
    assert!(
        refused(json!({ "taxExcludedAmount": money("XYZ", "10") })).contains("/taxExcludedAmount")
    );
    assert!(refused(json!({ "taxExcludedAmount": money("USD", "10") })).contains("USD"));
    assert!(refused(json!({ "billingAccount": { "id": "b" } })).contains("/billingAccount/id"));
    assert!(refused(json!({ "billingAccount": null })).contains("/billingAccount/id is required"));
    assert!(refused(json!({ "bill": { "id": "x" } })).contains("/bill"));
    assert!(refused(json!({ "$server": { "parties": [] } })).contains("/$server"));
    assert_eq!(books.list(&ITEM, "").1, 0);
    assert!(books.balances(&BILLING_ACCOUNT, "a").is_empty());
}

#[test]
fn an_item_of_a_closed_account_is_refused() {
    let books = Books::new();
    books.account("a", json!({ "state": "Closed" }));
    assert!(books.refused(&ITEM, 400, &item("a", "1", "0", json!({}))).contains("Closed"));
}

#[test]
fn balances_follow_items() {
    let books = Books::new();
    books.account("a", json!({}));
    let balances = || books.balances(&BILLING_ACCOUNT, "a");
    let first = books.item("a", "10", "1.9", json!({}));
    books.item("a", "0.000001", "0", json!({}));
    assert_eq!(balances(), ["unbilled EUR 11.900001", "receivable EUR 0.00"]);
    let id = first["id"].as_str().unwrap();
    let changes = json!({ "taxExcludedAmount": money("EUR", "20"), "taxIncludedAmount": money("EUR", "21.9") });
    books.patch(&ITEM, id, &changes);
    assert_eq!(balances()[0], "unbilled EUR 21.900001");
    assert_eq!(books.status(&ITEM, Method::DELETE, id), 204);
    assert_eq!(balances()[0], "unbilled EUR 0.000001");
    // Many of them are folded.
    for _ in 0..200 {
        books.item("a", "0.1", "0", json!({}));
    }
    assert_eq!(balances()[0], "unbilled EUR 20.000001");
    assert!(books.keys("ledger/billingAccount/a/") < 50, "they are not folded");
    assert_eq!(books.list(&BILLING_ACCOUNT, "accountBalance.amount.value.gt=20").1, 1);
    assert_eq!(books.list(&BILLING_ACCOUNT, "accountBalance.amount.value.gt=21").1, 0);
}

#[test]
fn what_is_the_bills_cannot_be_changed() {
    let books = Books::new();
    books.account("a", json!({}));
    let item = books.item("a", "10", "1.9", json!({}));
    let id = item["id"].as_str().unwrap();
    for changes in [
        json!({ "isBilled": true }),
        json!({ "bill": { "id": "x" } }),
        json!({ "billingAccount": { "id": "b" } }),
    ] {
        books.patch_refused(&ITEM, 400, id, &changes);
    }
    assert_eq!(books.get(&ITEM, id), item);
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    let bill = request["customerBill"]["id"].as_str().unwrap();
    let message = books.patch_refused(&ITEM, 409, id, &json!({ "name": "other" }));
    assert!(message.contains(bill), "{message}");
    assert_eq!(books.status(&ITEM, Method::DELETE, id), 409);
    assert_eq!(books.get(&ITEM, id)["bill"]["id"], bill);
}

#[test]
fn what_was_billed_elsewhere_is_kept_as_it_is() {
    let books = Books::new();
    books.account("a", json!({}));
    for (number, attributes) in [
        json!({ "isBilled": true }),
        json!({ "isBilled": true, "bill": { "id": "elsewhere" } }),
        json!({ "isBilled": true, "billingAccount": { "id": "unknown" } }),
        json!({ "isBilled": true, "billingAccount": null, "taxExcludedAmount": null, "appliedTax": null }),
    ]
    .into_iter()
    .enumerate()
    {
        let created = books.item("a", "5", "0.95", attributes);
        assert_eq!(created["isBilled"], true, "{number}");
        let id = created["id"].as_str().unwrap();
        books.patch_refused(&ITEM, 409, id, &json!({ "name": "x" }));
    }
    assert!(books.balances(&BILLING_ACCOUNT, "a").is_empty());
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    assert_eq!(request["state"], "rejected");
    assert_eq!(books.list(&BILL, "").1, 0);
}

#[test]
fn many_items_are_created_at_once_or_none() {
    let books = Books::new();
    books.account("a", json!({}));
    let mut items = vec![item("a", "1.5", "0.285", json!({})); 1000];
    let created = expect(&books.bulk(&items), 200);
    assert_eq!(created.as_array().unwrap().len(), 1000);
    assert_eq!(books.balances(&BILLING_ACCOUNT, "a")[0], "unbilled EUR 1785.00");
    items[999]["taxIncludedAmount"] = money("EUR", "9");
    let error = expect(&books.bulk(&items), 400);
    assert!(
        error["message"].as_str().unwrap().contains("In /999/value: /taxIncludedAmount"),
        "{error}"
    );
    assert_eq!(books.list(&ITEM, "limit=1").1, 1000);
}

#[test]
fn writes_can_be_switched_off() {
    let books = Books(World::on(Memory::default()).with("bill_item_writes", "off"));
    books.account("a", json!({}));
    let answer = books.ask(&ITEM, Method::POST, "", &item("a", "1", "0", json!({})));
    expect(&answer, 405);
    assert_eq!(answer.headers()["allow"], "GET, HEAD, OPTIONS");
    for (definition, method, path) in [
        (&ITEM, Method::PATCH, ""),
        (&ITEM, Method::PATCH, "/x"),
        (&ITEM, Method::DELETE, "/x"),
        (&BILL, Method::POST, ""),
        (&common::CYCLE, Method::POST, ""),
    ] {
        expect(&books.ask(definition, method, path, &json!({})), 405);
    }
    let options = books.ask(&ITEM, Method::OPTIONS, "", &Value::Null);
    assert_eq!(options.headers()["allow"], "GET, HEAD, OPTIONS");
    expect(&books.ask(&ITEM, Method::GET, "", &Value::Null), 200);
    expect(&books.ask(&BILL, Method::PATCH, "/x", &json!({})), 404);
}
