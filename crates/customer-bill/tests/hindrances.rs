//! What is in the way of a bill is said, and is in nobody else's way.

mod common;

use common::{
    BILL, BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, Books, CYCLE, ITEM, ON_DEMAND, Value,
    expect, item, json, money,
};
use http::Method;

fn many(books: &Books, account: &str, count: usize) -> String {
    let created = expect(&books.bulk(&vec![item(account, "0.1", "0.019", json!({})); count]), 200);
    created.as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned()
}

/// What became of a run over the accounts of the cycle `m`.
fn run(books: &Books) -> Value {
    let cycle = books.post(
        &CYCLE,
        &json!({ "BillCycleSpecification": { "id": "m" },
        "validFor": { "startDateTime": "2026-01-01T00:00:00Z" } }),
    );
    books.work();
    books.get(&CYCLE, cycle["id"].as_str().unwrap())["run"].clone()
}

fn demand(books: &Books, account: &str) -> Value {
    books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": account } }))
}

#[test]
fn an_item_that_cannot_be_read_is_named_until_it_is_deleted() {
    let books = Books::new();
    books.account("a", json!({}));
    many(&books, "a", 5);
    let id = many(&books, "a", 5);
    books.damage(&ITEM, &id);
    let request = demand(&books, "a");
    assert_eq!(request["state"], "rejected", "{request}");
    assert!(request["stateReason"].as_str().unwrap().contains(&id), "{request}");
    assert_eq!(books.list(&ITEM, "isBilled=true").1, 0);
    assert_eq!(books.status(&ITEM, Method::DELETE, &id), 204);
    assert_eq!(demand(&books, "a")["state"], "done");
    assert_eq!(books.list(&ITEM, "isBilled=true").1, 9);
}

#[test]
fn a_bill_of_many_items_that_cannot_be_made_gives_them_back() {
    let books = Books::new();
    books.account("a", json!({}));
    many(&books, "a", 1000);
    let id = many(&books, "a", 400);
    let request = demand(&books, "a");
    assert_eq!(request["state"], "inProgress");
    common::step(&books);
    books.damage(&ITEM, &id);
    books.work();
    let request = books.get(&ON_DEMAND, request["id"].as_str().unwrap());
    assert_eq!(request["state"], "terminatedWithError", "{request}");
    assert!(request["stateReason"].as_str().unwrap().contains(&id), "{request}");
    assert_eq!(books.list(&BILL, "").1, 0);
    assert_eq!(books.list(&ITEM, "isBilled=true&limit=1").1, 0);
    assert_eq!(books.balances(&BILLING_ACCOUNT, "a")[0], "unbilled EUR 166.60");
    assert_eq!(books.status(&ITEM, Method::DELETE, &id), 204);
    let again = demand(&books, "a");
    books.work();
    let again = books.get(&ON_DEMAND, again["id"].as_str().unwrap());
    assert_eq!(again["state"], "done", "{again}");
    let bill = books.get(&BILL, again["customerBill"]["id"].as_str().unwrap());
    assert_eq!(bill["billNo"], "INV-2026-000001");
    assert_eq!(bill["taxExcludedAmount"], money("EUR", "139.90"));
}

#[test]
fn a_run_goes_on_behind_an_account_that_cannot_be_billed() {
    let books = Books::new();
    books.post(
        &BILLING_CYCLE_SPECIFICATION,
        &json!({ "id": "m", "name": "M", "billingPeriod": "month" }),
    );
    let mut damaged = Vec::new();
    for account in ["a", "b", "c", "d"] {
        books.account(account, json!({ "billStructure": { "cycleSpecification": { "id": "m" } } }));
        damaged.push(many(&books, account, if account == "c" { 700 } else { 3 }));
    }
    books.damage(&ITEM, &damaged[1]);
    books.damage(&ITEM, &damaged[2]);
    let run = run(&books);
    assert_eq!(
        (&run["state"], &run["bills"], &run["rejected"]),
        (&json!("done"), &json!(2), &json!(2)),
        "{run}"
    );
    for (index, account) in [(0, "b"), (1, "c")] {
        assert_eq!(run["rejection"][index]["billingAccount"]["id"], account);
        let reason = run["rejection"][index]["reason"].as_str().unwrap();
        assert!(reason.contains(&damaged[index + 1]), "{reason}");
    }
    assert_eq!(books.list(&ITEM, "isBilled=true&limit=1").1, 6);
}

#[test]
fn days_beyond_all_times_are_none() {
    let books = Books::new();
    for (id, days) in [("x", i64::MAX), ("y", i64::MIN), ("z", 200_000_000_000_000)] {
        let specification = json!({ "id": id, "name": id, "billingPeriod": "month",
            "paymentDueDateOffset": days, "billingDateShift": -5, "mailingDateOffset": days });
        books.post(&BILLING_CYCLE_SPECIFICATION, &specification);
        books.account(id, json!({ "billStructure": { "cycleSpecification": { "id": id } } }));
        many(&books, id, 1);
        let cycle = books.post(&CYCLE, &json!({ "BillCycleSpecification": { "id": id } }));
        assert!(cycle.get("mailingDate").is_none());
        let bill = demand(&books, id)["customerBill"]["id"].as_str().unwrap().to_owned();
        let bill = books.get(&BILL, &bill);
        match days < 0 {
            // Not before the bill.
            true => assert_eq!(bill["paymentDueDate"], bill["billDate"]),
            false => assert!(bill.get("paymentDueDate").is_none(), "{bill}"),
        }
    }
}

#[test]
fn a_series_goes_on_behind_many_imports() {
    let books = Books::new();
    books.account("a", json!({}));
    for number in 1..=300 {
        books.post(&BILL, &json!({ "billNo": format!("INV-2026-{number:06}") }));
    }
    books.post(&BILL, &json!({ "billNo": "INV-2026-000302" }));
    for expected in ["INV-2026-000301", "INV-2026-000303"] {
        books.item("a", "1", "0.19", json!({}));
        let request = demand(&books, "a");
        let bill = books.get(&BILL, request["customerBill"]["id"].as_str().unwrap());
        assert_eq!(bill["billNo"], expected);
    }
}

#[test]
fn what_is_imported_is_not_taken_for_what_was_made_here() {
    let books = Books::new();
    for account in ["a", "b"] {
        books.account(account, json!({}));
    }
    books.item("a", "1", "0.19", json!({}));
    let request = demand(&books, "a");
    let made = request["customerBill"]["id"].as_str().unwrap();
    let imported =
        json!({ "id": "i", "billingAccount": { "id": "a" }, "amountDue": money("EUR", "1") });
    books.post(&BILL, &imported);
    let billed = |account: &str, bill: &str| {
        item(account, "5", "0", json!({ "isBilled": true, "bill": { "id": bill } }))
    };
    for (account, bill) in [("a", made), ("b", made), ("b", "i")] {
        let message = books.refused(&ITEM, 400, &billed(account, bill));
        assert!(message.contains("/bill/id"), "{message}");
    }
    books.post(&ITEM, &billed("a", "i"));
    // An import that says so before the bill is there is not shown with another account's.
    books.post(&ITEM, &billed("b", "later"));
    books.post(&BILL, &json!({ "id": "later", "billingAccount": { "id": "a" } }));
    for (bill, expected) in [(made, 1), ("i", 1), ("later", 0)] {
        let mut request = common::request(&BILL, Method::GET, &format!("/{bill}/document"), "");
        request.headers_mut().insert("accept", "application/json".parse().unwrap());
        let document = expect(&pollster::block_on(books.0.ask(&BILL, request)), 200);
        assert_eq!(document["item"].as_array().unwrap().len(), expected, "{bill}");
    }
    // A name that looks like an entry of the index is none.
    let disguised = format!("{made}\u{1}0");
    books.post(&ITEM, &billed("a", &disguised));
    let mut request = common::request(&BILL, Method::GET, &format!("/{made}/document"), "");
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let document = expect(&pollster::block_on(books.0.ask(&BILL, request)), 200);
    assert_eq!(document["item"].as_array().unwrap().len(), 1);
    // What no account here can be called concerns none.
    for account in ["a/EUR", "a/nonsense"] {
        books.post(
            &BILL,
            &json!({ "billingAccount": { "id": account }, "amountDue": money("EUR", "7") }),
        );
    }
    assert_eq!(books.balances(&BILLING_ACCOUNT, "a")[1], "receivable EUR 2.19");
}

#[test]
fn the_id_of_a_bill_in_the_making_is_taken() {
    let books = Books::new();
    books.account("a", json!({}));
    many(&books, "a", 700);
    let request = demand(&books, "a");
    assert_eq!(request["state"], "inProgress");
    let bill = books.unpublished();
    let message =
        books.refused(&BILL, 409, &json!({ "id": bill, "billingAccount": { "id": "a" } }));
    assert!(message.contains(&bill), "{message}");
    let named = item("a", "5", "0", json!({ "isBilled": true, "bill": { "id": bill } }));
    assert!(books.refused(&ITEM, 400, &named).contains("/bill/id"));
    books.work();
    assert_eq!(books.get(&BILL, &bill)["amountDue"], money("EUR", "83.30"));
}

#[test]
fn an_account_that_is_too_long_for_a_bill_is_in_no_ones_way() {
    let books = Books::new();
    books.post(
        &BILLING_CYCLE_SPECIFICATION,
        &json!({ "id": "m", "name": "M", "billingPeriod": "month" }),
    );
    for account in ["a", "b"] {
        books.account(account, json!({ "billStructure": { "cycleSpecification": { "id": "m" } } }));
        many(&books, account, 2);
    }
    for _ in 0..4 {
        let party = json!({ "role": "x", "partyOrPartyRole": { "@type": "PartyRef", "id": "p", "name": "n".repeat(240_000) } });
        let mut request = common::request(
            &BILLING_ACCOUNT,
            Method::PATCH,
            "/a",
            &json!([{ "op": "add", "path": "/relatedParty/-", "value": party }]).to_string(),
        );
        request
            .headers_mut()
            .insert("content-type", "application/json-patch+json".parse().unwrap());
        expect(&pollster::block_on(books.0.ask(&BILLING_ACCOUNT, request)), 200);
    }
    books.account("c", json!({ "billStructure": { "cycleSpecification": { "id": "m" } } }));
    for numbers in [0..1800, 1800..3600, 3600..5400] {
        let tax = |number| json!({ "taxCategory": format!("category {number:0>30}"), "taxAmount": money("EUR", "0") });
        let taxes: Vec<_> = numbers.map(tax).collect();
        books.item("c", "1", "0", json!({ "appliedTax": taxes }));
    }
    let run = run(&books);
    assert_eq!((&run["bills"], &run["rejected"]), (&json!(1), &json!(2)), "{run}");
    for (account, reason) in [("a", "too long"), ("c", "tax categories")] {
        let request = demand(&books, account);
        assert!(request["stateReason"].as_str().unwrap().contains(reason), "{request}");
    }
}

#[test]
fn an_item_keeps_its_date() {
    let books = Books::new();
    books.account("a", json!({}));
    let dated =
        books.item("a", "1", "0", json!({ "date": "2026-11-27T01:00:00.12345678901234567890Z" }));
    let other = books.item("a", "1", "0", json!({}));
    let changed = books.patch(&ITEM, other["id"].as_str().unwrap(), &json!({ "date": null }));
    assert_eq!(changed["date"], other["date"]);
    let request = books.post(
        &ON_DEMAND,
        &json!({
        "billingAccount": { "id": "a" }, "billDate": "2026-11-28T00:00:00Z" }),
    );
    let bill = request["customerBill"]["id"].as_str().unwrap();
    assert_eq!(books.get(&ITEM, dated["id"].as_str().unwrap())["bill"]["id"], bill);
    assert_eq!(books.list(&ITEM, "isBilled=false").1, 0);
    assert!(
        books
            .refused(
                &ON_DEMAND,
                400,
                &json!({ "billingAccount": { "id": "a" },
        "billDate": "0000-01-01T00:00:00+14:00" })
            )
            .contains("/billDate")
    );
}
