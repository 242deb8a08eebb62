//! What becomes of bills: states, payments, and bills that were made elsewhere.

mod common;

use common::{
    BILL, BILLING_ACCOUNT, Books, FINANCIAL_ACCOUNT, ON_DEMAND, Value, expect, json, money,
};
use http::Method;

/// A bill of 119 EUR, for account a.
fn bill(books: &Books) -> String {
    books.item("a", "100", "19", json!({}));
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    request["customerBill"]["id"].as_str().unwrap().to_owned()
}

fn payment(value: &str) -> Value {
    json!({ "appliedAmount": money("EUR", value), "payment": { "id": format!("payment of {value}") } })
}

#[test]
fn states_follow_one_another() {
    let books = Books::new();
    books.account("a", json!({}));
    let id = bill(&books);
    let message = books.patch_refused(&BILL, 409, &id, &json!({ "state": "settled" }));
    assert!(message.contains("validated or sent or onHold"), "{message}");
    for state in ["validated", "onHold", "sent", "settled"] {
        assert_eq!(books.patch(&BILL, &id, &json!({ "state": state }))["state"], state);
    }
    books.patch_refused(&BILL, 409, &id, &json!({ "state": "onHold" }));
    // Settled by hand: nothing is open any more.
    assert_eq!(books.balances(&BILLING_ACCOUNT, "a")[1], "receivable EUR 0.00");
}

#[test]
fn payments_move_what_remains_and_what_stands_on_the_account() {
    let books = Books::new();
    books.financial_account("f");
    books.account("a", json!({ "financialAccount": { "id": "f" } }));
    let id = bill(&books);
    books.patch(&BILL, &id, &json!({ "state": "sent" }));
    let pay = |payments: &[&str]| {
        let payments: Vec<_> = payments.iter().map(|value| payment(value)).collect();
        json!({ "appliedPayment": payments })
    };
    for (payments, state, remains) in [
        (&["19.01"][..], "partiallyPaid", "99.99"),
        (&["19.01", "99.99"], "settled", "0.00"),
        (&["19.01", "99.99", "-99.99"], "partiallyPaid", "99.99"),
    ] {
        let bill = books.patch(&BILL, &id, &pay(payments));
        assert_eq!(bill["state"], state);
        assert_eq!(bill["remainingAmount"], money("EUR", remains));
        assert_eq!(bill["amountDue"], money("EUR", "119.00"));
        let receivable = format!("receivable EUR {remains}");
        for (definition, account) in [(&BILLING_ACCOUNT, "a"), (&FINANCIAL_ACCOUNT, "f")] {
            assert_eq!(books.balances(definition, account)[1], receivable);
        }
    }
    books.patch_refused(&BILL, 400, &id, &pay(&["19.01"]));
    books.patch_refused(&BILL, 400, &id, &pay(&["19.01", "99.99", "-99.99", "100"]));
}

#[test]
fn amounts_are_the_servers() {
    let books = Books::new();
    books.account("a", json!({}));
    let id = bill(&books);
    let before = books.get(&BILL, &id);
    for (attribute, value) in [
        ("amountDue", money("EUR", "1")),
        ("remainingAmount", money("EUR", "1")),
        ("taxItem", json!([])),
        ("billNo", json!("X")),
        ("billingAccount", json!({ "id": "b" })),
        ("relatedParty", json!([])),
    ] {
        let message = books.patch_refused(&BILL, 400, &id, &json!({ attribute: value }));
        assert!(message.contains(attribute), "{message}");
    }
    assert_eq!(books.get(&BILL, &id), before);
    assert_eq!(books.patch(&BILL, &id, &before)["state"], "new");
    let changed = books.patch(&BILL, &id, &json!({ "billCycle": { "id": "c" }, "note": "ours" }));
    assert_eq!((&changed["billCycle"]["id"], &changed["note"]), (&json!("c"), &json!("ours")));
    assert_eq!(books.status(&BILL, Method::DELETE, &id), 405);
}

#[test]
fn numbers_are_compared_by_their_values() {
    let books = Books::new();
    books.account("a", json!({}));
    let id = bill(&books);
    // As a client has it that knows no zeros at the end.
    for (payments, remains) in [(json!([40]), "79.00"), (json!([40.0, 9]), "70.00")] {
        let payments = payments
            .as_array()
            .unwrap()
            .iter()
            .map(|value| json!({ "appliedAmount": { "unit": "EUR", "value": value } }));
        let payments: Vec<_> = payments.collect();
        let paid = books.patch(&BILL, &id, &json!({ "appliedPayment": payments }));
        assert_eq!(paid["remainingAmount"], money("EUR", remains));
    }
    let sent_back =
        json!({ "amountDue": money("EUR", "119"), "remainingAmount": money("EUR", "70.0") });
    let kept = books.patch(&BILL, &id, &sent_back);
    assert_eq!(kept["amountDue"], money("EUR", "119.00"));
}

#[test]
fn no_payments_are_no_way_around_the_states() {
    let books = Books::new();
    books.account("a", json!({}));
    let id = bill(&books);
    let around = json!({ "appliedPayment": [], "state": "settled" });
    books.patch_refused(&BILL, 409, &id, &around);
    books.patch(&BILL, &id, &json!({ "state": "onHold" }));
    books.patch(&BILL, &id, &json!({ "appliedPayment": [payment("19")] }));
    let message = books.patch_refused(&BILL, 409, &id, &json!({ "state": "new" }));
    assert!(message.contains("partiallyPaid"), "{message}");
    assert_eq!(
        books.patch(&BILL, &id, &json!({ "state": "partiallyPaid" }))["state"],
        "partiallyPaid"
    );
}

#[test]
fn a_balance_that_changes_is_in_no_ones_way() {
    let books = Books::new();
    books.account("a", json!({}));
    books.item("a", "1", "0.19", json!({}));
    let tag = |books: &Books| {
        let answer = books.ask(&BILLING_ACCOUNT, Method::GET, "/a", &Value::Null);
        answer.headers()["etag"].clone()
    };
    let seen = tag(&books);
    books.item("a", "1", "0.19", json!({}));
    assert_ne!(tag(&books), seen);
    let conditional = |method: Method, header: &str, body: &str| {
        let mut request = common::request(&BILLING_ACCOUNT, method, "/a", body);
        request.headers_mut().insert(header.parse::<http::HeaderName>().unwrap(), seen.clone());
        pollster::block_on(books.0.ask(&BILLING_ACCOUNT, request)).status().as_u16()
    };
    assert_eq!(conditional(Method::GET, "if-none-match", ""), 200);
    assert_eq!(conditional(Method::PATCH, "if-match", r#"{ "description": "x" }"#), 200);
    assert_eq!(conditional(Method::PATCH, "if-match", r#"{ "description": "y" }"#), 412);
}

#[test]
fn a_bill_made_elsewhere_is_taken_once() {
    let books = Books::new();
    books.account("a", json!({}));
    let imported = json!({ "billNo": "INV-2026-000001", "billDate": "2026-01-01T00:00:00Z",
        "amountDue": money("EUR", "50"), "billingAccount": { "id": "a" },
        "appliedPayment": [payment("20")] });
    let bill_made = books.post(&BILL, &imported);
    assert_eq!(bill_made["remainingAmount"], money("EUR", "30.00"));
    assert_eq!(bill_made["state"], "new");
    assert!(bill_made["billDocument"][0]["id"].is_string());
    assert_eq!(bill_made["relatedParty"], books.get(&BILLING_ACCOUNT, "a")["relatedParty"]);
    assert_eq!(
        books.balances(&BILLING_ACCOUNT, "a"),
        ["unbilled EUR 0.00", "receivable EUR 30.00"]
    );
    let message = books.refused(&BILL, 409, &imported);
    assert!(message.contains("INV-2026-000001"), "{message}");
    // The series goes on behind it.
    let own = books.get(&BILL, &bill(&books));
    assert_eq!(own["billNo"], "INV-2026-000002");
}

#[test]
fn an_account_ends_when_nothing_stands_on_it() {
    let books = Books::new();
    books.account("a", json!({}));
    let ends = |expected: &str| {
        let message =
            books.patch_refused(&BILLING_ACCOUNT, 409, "a", &json!({ "state": "Closed" }));
        assert!(message.contains(expected), "{message}");
        assert_eq!(books.status(&BILLING_ACCOUNT, Method::DELETE, "a"), 409);
    };
    books.item("a", "1", "0.19", json!({}));
    books.item("a", "-1", "-0.19", json!({}));
    ends("2 unbilled items and 0 open bills");
    let request = books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": "a" } }));
    assert_eq!(request["state"], "done");
    // A bill of nothing is not open.
    let id = bill(&books);
    ends("0 unbilled items and 1 open bills");
    books.patch(&BILL, &id, &json!({ "appliedPayment": [payment("119")] }));
    books.patch(&BILLING_ACCOUNT, "a", &json!({ "state": "Closed" }));
    assert_eq!(books.status(&BILLING_ACCOUNT, Method::DELETE, "a"), 204);
}

#[test]
fn balances_follow_an_account_to_another_financial_account() {
    let books = Books::new();
    for id in ["f", "g"] {
        books.financial_account(id);
    }
    books.account("a", json!({ "financialAccount": { "id": "f" } }));
    books.account("b", json!({ "financialAccount": { "id": "f" } }));
    bill(&books);
    books.item("a", "1", "0.19", json!({}));
    books.item("b", "2", "0.38", json!({}));
    assert_eq!(
        books.balances(&FINANCIAL_ACCOUNT, "f"),
        ["unbilled EUR 3.57", "receivable EUR 119.00"]
    );
    books.patch(&BILLING_ACCOUNT, "a", &json!({ "financialAccount": { "id": "g" } }));
    assert_eq!(
        books.balances(&FINANCIAL_ACCOUNT, "f"),
        ["unbilled EUR 2.38", "receivable EUR 0.00"]
    );
    assert_eq!(
        books.balances(&FINANCIAL_ACCOUNT, "g"),
        ["unbilled EUR 1.19", "receivable EUR 119.00"]
    );
}

#[test]
fn balances_are_the_servers_and_others_their_clients() {
    let books = Books::new();
    let own = json!({ "@type": "AccountBalance", "balanceType": "deposit",
        "amount": money("EUR", "7"), "validFor": {} });
    books.account("a", json!({ "accountBalance": [own] }));
    books.item("a", "1", "0.19", json!({}));
    let expected = ["deposit EUR 7", "unbilled EUR 1.19", "receivable EUR 0.00"];
    assert_eq!(books.balances(&BILLING_ACCOUNT, "a"), expected);
    let mut account = books.get(&BILLING_ACCOUNT, "a");
    account["accountBalance"][1]["amount"]["value"] = json!(1000);
    account["accountBalance"][0]["amount"]["value"] = json!(8);
    let changed = books.patch(&BILLING_ACCOUNT, "a", &account);
    let expected = ["deposit EUR 8", "unbilled EUR 1.19", "receivable EUR 0.00"];
    assert_eq!(common::balances_of(&changed), expected);
    let (listed, _) = books.list(&BILLING_ACCOUNT, "accountBalance.balanceType=unbilled");
    assert_eq!(common::balances_of(&listed[0]), expected);
    let removed = books.patch(&BILLING_ACCOUNT, "a", &json!({ "accountBalance": null }));
    assert_eq!(common::balances_of(&removed), ["unbilled EUR 1.19", "receivable EUR 0.00"]);
}

#[test]
fn a_bill_is_seen_as_a_page_a_table_or_json() {
    let books = Books::new();
    books.account("a", json!({ "name": "<script>alert(1)</script>" }));
    books.item("a", "1", "0.19", json!({ "name": "=cmd()", "date": "2026-01-02T00:00:00Z" }));
    books.item("a", "2", "0.38", json!({ "name": "<b>", "date": "2026-01-01T00:00:00Z" }));
    let id = bill(&books);
    let seen = |accept: &str| {
        let mut request = common::request(&BILL, Method::GET, &format!("/{id}/document"), "");
        request.headers_mut().insert("accept", accept.parse().unwrap());
        pollster::block_on(books.0.ask(&BILL, request))
    };
    let text = |accept: &str, media_type: &str| {
        let response = seen(accept);
        assert_eq!(response.headers()["content-type"], media_type);
        String::from_utf8(response.body().to_vec()).unwrap()
    };
    let html = text("text/html,*/*;q=0.8", "text/html;charset=utf-8");
    assert!(
        html.contains("&lt;b&gt;") && !html.contains("<b>") && !html.contains("<script"),
        "{html}"
    );
    let csv = text("text/csv", "text/csv;charset=utf-8");
    let names: Vec<_> = csv.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(names, ["<b>", "'=cmd()", "Usage"], "{csv}");
    let json: Value = serde_json::from_str(&text("application/json", "application/json")).unwrap();
    assert_eq!(json["bill"]["billNo"], "INV-2026-000001");
    assert_eq!(json["item"].as_array().unwrap().len(), 3);
    assert!(!json.to_string().contains("$server"));
    assert_eq!(seen("application/pdf").status(), 406);
    assert_eq!(books.status(&BILL, Method::GET, "none/document"), 404);
    assert_eq!(books.status(&BILL, Method::GET, &format!("{id}/other")), 404);
    let refused = books.ask(&BILL, Method::DELETE, &format!("/{id}/document"), &Value::Null);
    expect(&refused, 405);
    assert_eq!(refused.headers()["allow"], "GET, HEAD, OPTIONS");
}

#[test]
fn a_state_of_ones_own_is_no_way_around_payments() {
    let books = Books::new();
    books.account("a", json!({}));
    let id = bill(&books);
    let pay = |value: &str| json!({ "appliedPayment": [payment(value)] });
    books.patch(&BILL, &id, &pay("19"));
    books.patch(&BILL, &id, &json!({ "state": "disputed" }));
    for state in ["new", "sent", "validated"] {
        books.patch_refused(&BILL, 409, &id, &json!({ "state": state }));
    }
    books.patch_refused(&BILL, 400, &id, &json!({ "state": null }));
    assert_eq!(
        books.patch(&BILL, &id, &json!({ "state": "partiallyPaid" }))["state"],
        "partiallyPaid"
    );
    assert_eq!(books.patch(&BILL, &id, &json!({ "state": "settled" }))["state"], "settled");
    books.patch_refused(&BILL, 409, &id, &json!({ "state": "partiallyPaid" }));
}

#[test]
fn no_bill_of_a_closed_account_becomes_open() {
    let books = Books::new();
    books.account("a", json!({}));
    let id = bill(&books);
    books.patch(&BILL, &id, &json!({ "appliedPayment": [payment("119")] }));
    books.patch(&BILLING_ACCOUNT, "a", &json!({ "state": "Closed" }));
    let back = json!({ "appliedPayment": [payment("119"), payment("-1")] });
    books.patch_refused(&BILL, 409, &id, &back);
    let open = json!({ "billingAccount": { "id": "a" }, "amountDue": money("EUR", "1") });
    books.refused(&BILL, 409, &open);
    let mut paid = open;
    paid["state"] = json!("settled");
    books.post(&BILL, &paid);
    let overpaid = json!({ "amountDue": money("EUR", "1"), "appliedPayment": [payment("2")] });
    assert!(books.refused(&BILL, 400, &overpaid).contains("/appliedPayment"));
}

#[test]
fn bills_that_were_there_before_their_account_are_in_its_financial_account() {
    let books = Books::new();
    books.financial_account("f");
    books.post(&BILL, &json!({ "billingAccount": { "id": "a" }, "amountDue": money("EUR", "5") }));
    books.account("a", json!({ "financialAccount": { "id": "f" } }));
    for (definition, id) in [(&BILLING_ACCOUNT, "a"), (&FINANCIAL_ACCOUNT, "f")] {
        assert_eq!(books.balances(definition, id)[1], "receivable EUR 5.00");
    }
}
