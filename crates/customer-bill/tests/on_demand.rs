//! Bills that are asked for.

mod common;

use common::{
    BILL, BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, Books, FINANCIAL_ACCOUNT, ITEM, ON_DEMAND,
    Value, World, expect, item, json, money,
};
use http::Method;
use kv_tree::Memory;

fn demand(books: &Books, attributes: Value) -> Value {
    let mut body = json!({ "billingAccount": { "id": "a" } });
    for (name, value) in attributes.as_object().unwrap() {
        body[name] = value.clone();
    }
    books.post(&ON_DEMAND, &body)
}

fn bill_of(books: &Books, request: &Value) -> Value {
    assert_eq!(request["state"], "done", "{request}");
    books.get(&BILL, request["customerBill"]["id"].as_str().unwrap())
}

#[test]
fn a_bill_says_what_its_items_and_its_account_say() {
    let books = Books::new();
    books.post(
        &BILLING_CYCLE_SPECIFICATION,
        &json!({
        "id": "monthly", "name": "Monthly", "billingDateShift": 31, "paymentDueDateOffset": 45 }),
    );
    books.financial_account("f");
    books.account(
        "a",
        json!({
        "financialAccount": { "id": "f" }, "defaultPaymentMethod": { "id": "card" },
        "billStructure": { "cycleSpecification": { "id": "monthly" } } }),
    );
    let covered =
        json!({ "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z" });
    books.item("a", "10.005", "1.90095", json!({ "periodCoverage": covered }));
    books.item("a", "-0.335", "0", json!({ "appliedTax": null }));
    books.item(
        "a",
        "1",
        "0.07",
        json!({ "appliedTax": [
        { "taxCategory": "VAT", "taxRate": 7, "taxAmount": money("EUR", "0.07") }] }),
    );
    let request = demand(&books, json!({ "billDate": "2026-02-03T00:00:00Z" }));
    let bill = bill_of(&books, &request);
    for (attribute, expected) in [
        ("billNo", json!("INV-2026-000001")),
        ("state", json!("new")),
        ("runType", json!("offCycle")),
        ("billDate", json!("2026-02-03T00:00:00.000Z")),
        ("paymentDueDate", json!("2026-02-17T00:00:00.000Z")),
        ("taxExcludedAmount", money("EUR", "10.67")),
        ("taxIncludedAmount", money("EUR", "12.64")),
        ("amountDue", money("EUR", "12.64")),
        ("remainingAmount", money("EUR", "12.64")),
        (
            "billingPeriod",
            json!({ "startDateTime": "2026-01-01T00:00:00.000Z",
            "endDateTime": "2026-02-01T00:00:00.000Z" }),
        ),
    ] {
        assert_eq!(bill[attribute], expected, "{attribute} of {bill}");
    }
    assert_eq!(bill["taxItem"].as_array().unwrap().len(), 2, "{bill}");
    assert_eq!(bill["financialAccount"]["id"], "f");
    assert_eq!(bill["paymentMethod"]["id"], "card");
    assert_eq!(bill["billingAccount"]["name"], "Account a");
    assert_eq!(bill["relatedParty"], books.get(&BILLING_ACCOUNT, "a")["relatedParty"]);
    let url = bill["billDocument"][0]["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("/customerBill/{}/document", bill["id"].as_str().unwrap())));
    assert!(bill["billDocument"][0]["id"].is_string());
    let own = format!("bill.id={}", bill["id"].as_str().unwrap());
    assert_eq!(books.list(&ITEM, &own).1, 3);
    assert_eq!(books.list(&ITEM, "isBilled=false").1, 0);
    for (definition, id) in [(&BILLING_ACCOUNT, "a"), (&FINANCIAL_ACCOUNT, "f")] {
        assert_eq!(books.balances(definition, id), ["unbilled EUR 0.00", "receivable EUR 12.64"]);
    }
}

#[test]
fn amounts_are_rounded_once_a_bill_or_each_line() {
    for (rounding, expected) in [("bill", ["10.03", "1.90"]), ("line", ["10.05", "1.90"])] {
        let books = Books(World::on(Memory::default()).with("rounding", rounding));
        books.account("a", json!({}));
        for _ in 0..5 {
            books.item("a", "2.005", "0.38", json!({}));
        }
        let bill = bill_of(&books, &demand(&books, json!({})));
        assert_eq!(bill["taxExcludedAmount"], money("EUR", expected[0]), "{rounding}");
        assert_eq!(bill["taxItem"][0]["taxAmount"], money("EUR", expected[1]), "{rounding}");
    }
}

#[test]
fn items_up_to_the_date_are_billed_and_numbers_count() {
    let books = Books::new();
    books.account("a", json!({}));
    for day in ["01", "02", "03"] {
        books.item("a", "1", "0.19", json!({ "date": format!("2026-01-{day}T00:00:00Z") }));
    }
    let bill = bill_of(&books, &demand(&books, json!({ "billDate": "2026-01-02T00:00:00Z" })));
    assert_eq!(bill["taxExcludedAmount"], money("EUR", "2.00"));
    let next = bill_of(&books, &demand(&books, json!({})));
    assert_eq!(next["billNo"], "INV-2026-000002");
    assert_eq!(next["taxExcludedAmount"], money("EUR", "1.00"));
    let earlier = demand(&books, json!({ "billDate": "2025-12-31T00:00:00Z" }));
    assert_eq!(earlier["state"], "rejected");
}

#[test]
fn where_there_is_nothing_to_bill_it_is_said() {
    let books = Books::new();
    books.account("a", json!({}));
    let request = demand(&books, json!({}));
    assert_eq!(request["state"], "rejected");
    assert_eq!(request["stateReason"], "nothing to bill");
    assert!(request.get("customerBill").is_none());
    assert_eq!(books.get(&ON_DEMAND, request["id"].as_str().unwrap()), request);
    books.patch(&BILLING_ACCOUNT, "a", &json!({ "generateEmptyBill": true }));
    let bill = bill_of(&books, &demand(&books, json!({ "currency": "JPY" })));
    assert_eq!(bill["amountDue"], money("JPY", "0"));
    // Nothing is open of it.
    assert_eq!(books.status(&BILLING_ACCOUNT, Method::DELETE, "a"), 204);
}

#[test]
fn of_several_currencies_one_is_asked_for() {
    let books = Books::new();
    books.account("a", json!({}));
    books.item("a", "1", "0.19", json!({}));
    books.item(
        "a",
        "0",
        "0",
        json!({ "appliedTax": null, "taxExcludedAmount": money("JPY", "100.4") }),
    );
    let request = demand(&books, json!({}));
    assert_eq!(request["state"], "rejected");
    assert!(request["stateReason"].as_str().unwrap().contains("EUR, JPY"), "{request}");
    let bill = bill_of(&books, &demand(&books, json!({ "currency": "JPY" })));
    assert_eq!(bill["amountDue"], money("JPY", "100"));
    let bill = bill_of(&books, &demand(&books, json!({})));
    assert_eq!(bill["amountDue"], money("EUR", "1.19"));
    assert!(
        books
            .refused(
                &ON_DEMAND,
                400,
                &json!({
        "billingAccount": { "id": "a" }, "currency": "XYZ" })
            )
            .contains("/currency")
    );
}

#[test]
fn a_trial_changes_nothing() {
    let books = Books::new();
    books.account("a", json!({}));
    books.item("a", "1", "0.19", json!({}));
    let body = json!({ "billingAccount": { "id": "a" }, "category": "trial" });
    let preview = expect(&books.ask(&ON_DEMAND, Method::POST, "", &body), 200);
    assert_eq!(preview["preview"]["amountDue"], money("EUR", "1.19"), "{preview}");
    assert_eq!(books.list(&ON_DEMAND, "").1, 0);
    assert_eq!(books.list(&BILL, "").1, 0);
    assert_eq!(books.list(&ITEM, "isBilled=false").1, 1);
    let bill = bill_of(&books, &demand(&books, json!({})));
    assert_eq!(bill["billNo"], "INV-2026-000001");
}

#[test]
fn a_bill_of_many_items_is_seen_whole_or_not_at_all() {
    let books = Books::new();
    books.account("a", json!({}));
    for _ in 0..2 {
        expect(&books.bulk(&vec![item("a", "0.105", "0.02", json!({})); 600]), 200);
    }
    let request = demand(&books, json!({}));
    assert_eq!(request["state"], "inProgress", "{request}");
    let again = demand(&books, json!({}));
    assert_eq!(again["state"], "rejected", "{again}");
    let id = request["id"].as_str().unwrap();
    let mut steps = 0;
    loop {
        let now = books.get(&ON_DEMAND, id);
        let is_done = now["state"] == "done";
        let billed = if is_done { 1200 } else { 0 };
        assert_eq!(books.list(&BILL, "").1, u64::from(is_done));
        for (query, expected) in [
            ("isBilled=true&limit=1", billed),
            ("isBilled=false&limit=1", 1200 - billed),
            ("billingAccount.id=a&isBilled=false&limit=1", 1200 - billed),
            ("billingAccount.id=a&limit=1", 1200),
        ] {
            assert_eq!(books.list(&ITEM, query).1, expected, "{query} after {steps} steps");
        }
        let (page, _) = books.list(&ITEM, "sort=-date&limit=500");
        assert!(page.iter().all(|item| item["isBilled"] == is_done), "after {steps} steps");
        assert_eq!(books.status(&BILLING_ACCOUNT, Method::DELETE, "a"), 409);
        if is_done {
            break;
        }
        if steps > 0 {
            // The first items are on their way to the bill.
            let (first, _) = books.list(&ITEM, "sort=id&limit=1");
            let id = first[0]["id"].as_str().unwrap();
            books.patch_refused(&ITEM, 409, id, &json!({ "name": "other" }));
            assert_eq!(books.status(&ITEM, Method::DELETE, id), 409);
        }
        common::step(&books);
        steps += 1;
    }
    assert!(steps >= 2);
    let bill = bill_of(&books, &books.get(&ON_DEMAND, id));
    assert_eq!(bill["taxExcludedAmount"], money("EUR", "126.00"));
    assert_eq!(bill["amountDue"], money("EUR", "150.00"));
    let own = format!("bill.id={}&limit=1", bill["id"].as_str().unwrap());
    assert_eq!(books.list(&ITEM, &own).1, 1200);
    assert_eq!(
        books.balances(&BILLING_ACCOUNT, "a"),
        ["unbilled EUR 0.00", "receivable EUR 150.00"]
    );
}

#[test]
fn requests_of_other_systems_are_taken() {
    let books = Books::new();
    for (account, payload) in [
        (
            "0.0.0.1+-account+100001",
            json!({ "@type": "CustomerBillOnDemand_CreateOracle",
            "billingAccount": { "id": "0.0.0.1+-account+100001" } }),
        ),
        (
            "acct-100",
            json!({ "name": "Generate bill", "relatedParty": [{ "id": "cust-100",
            "role": "customer", "@referredType": "Organization" }],
            "billingAccount": { "id": "acct-100" }, "billDate": "2026-04-08" }),
        ),
    ] {
        books.account(account, json!({}));
        books.item(account, "1", "0.19", json!({}));
        let request = books.post(&ON_DEMAND, &payload);
        assert_eq!(request["state"], "done", "{request}");
    }
    let unknown = json!({ "billingAccount": { "id": "nobody" } });
    assert!(books.refused(&ON_DEMAND, 400, &unknown).contains("/billingAccount/id"));
}
