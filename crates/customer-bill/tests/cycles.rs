//! Runs of billing cycles.

mod common;

use common::{
    BILL, BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, Books, CYCLE, ITEM, ON_DEMAND, Value, item,
    json, money,
};

/// Books with a monthly cycle, and accounts that have it.
fn books(accounts: &[(&str, Value)]) -> Books {
    let books = Books::new();
    books.post(
        &BILLING_CYCLE_SPECIFICATION,
        &json!({
        "id": "monthly", "name": "Monthly", "billingPeriod": "month", "billingDateShift": 32,
        "chargeDateOffset": 31, "mailingDateOffset": 34, "paymentDueDateOffset": 45 }),
    );
    for (id, attributes) in accounts {
        let mut attributes = attributes.clone();
        attributes["billStructure"] = json!({ "cycleSpecification": { "id": "monthly" } });
        books.account(id, attributes);
    }
    books
}

fn january() -> Value {
    json!({ "name": "January", "BillCycleSpecification": { "id": "monthly" },
        "validFor": { "startDateTime": "2026-01-01T00:00:00Z" } })
}

#[test]
fn every_active_account_gets_one_bill() {
    let books = books(&[
        ("a", json!({})),
        ("b", json!({ "state": "Suspended" })),
        ("c", json!({})),
        ("d", json!({})),
        ("e", json!({ "generateEmptyBill": true, "creditLimit": money("EUR", "1") })),
    ]);
    books.account("other", json!({}));
    for account in ["a", "a", "b", "d", "other"] {
        books.item(account, "1", "0.19", json!({}));
    }
    books.item("a", "5", "0", json!({ "date": "2026-02-01T00:00:00Z" }));
    books.item(
        "d",
        "1",
        "0",
        json!({ "appliedTax": null, "taxExcludedAmount": money("USD", "1") }),
    );
    let cycle = books.post(&CYCLE, &january());
    assert_eq!(cycle["run"]["state"], "inProgress");
    assert_eq!(cycle["run"]["accounts"], 5);
    for (date, expected) in [
        ("billingDate", "2026-02-02"),
        ("chargeDate", "2026-02-01"),
        ("mailingDate", "2026-02-04"),
        ("paymentDueDate", "2026-02-15"),
    ] {
        assert_eq!(cycle[date], format!("{expected}T00:00:00.000Z"), "{date}");
    }
    assert!(cycle.get("creditDate").is_none());
    books.work();
    let id = cycle["id"].as_str().unwrap();
    let run = books.get(&CYCLE, id)["run"].clone();
    assert_eq!(run["state"], "done");
    for (count, expected) in
        [("done", 5), ("bills", 2), ("inactive", 1), ("withoutItems", 1), ("rejected", 1)]
    {
        assert_eq!(run[count], expected, "{count} of {run}");
    }
    assert_eq!(run["rejection"][0]["billingAccount"]["id"], "d");
    assert_eq!(run["amountDue"], json!([money("EUR", "2.38")]));
    let (bills, total) = books.list(&BILL, &format!("billCycle.id={id}&sort=billNo"));
    assert_eq!(total, 2);
    let bill = &bills[0];
    for (attribute, expected) in [
        ("runType", json!("onCycle")),
        ("billDate", json!("2026-02-02T00:00:00.000Z")),
        ("paymentDueDate", json!("2026-02-15T00:00:00.000Z")),
        ("nextBillDate", json!("2026-03-05T00:00:00.000Z")),
        (
            "billingPeriod",
            json!({ "startDateTime": "2026-01-01T00:00:00.000Z",
            "endDateTime": "2026-02-01T00:00:00.000Z" }),
        ),
    ] {
        assert_eq!(bill[attribute], expected, "{attribute}");
    }
    assert_eq!(bill["billCycle"]["name"], "January");
    assert_eq!(bills[1]["amountDue"], money("EUR", "0.00"));
}

#[test]
fn what_is_repeated_makes_no_second_bill() {
    let books = books(&[("a", json!({}))]);
    books.item("a", "1", "0.19", json!({}));
    for (bills, before) in [(1, 0), (0, 1)] {
        let cycle = books.post(&CYCLE, &january());
        books.work();
        let run = &books.get(&CYCLE, cycle["id"].as_str().unwrap())["run"];
        assert_eq!((&run["bills"], &run["billedBefore"]), (&json!(bills), &json!(before)));
        books.item("a", "1", "0.19", json!({}));
    }
    assert_eq!(books.list(&BILL, "").1, 1);
    assert_eq!(books.list(&ITEM, "isBilled=false").1, 2);
}

#[test]
fn accounts_with_many_items_are_among_others() {
    let books = books(&[("a", json!({})), ("b", json!({})), ("c", json!({}))]);
    for account in ["a", "b", "c"] {
        let count = if account == "b" { 700 } else { 3 };
        let response = books.bulk(&vec![item(account, "0.01", "0", json!({})); count]);
        assert_eq!(response.status(), 200);
    }
    let cycle = books.post(&CYCLE, &january());
    let mut seen = 0;
    loop {
        let run = books.get(&CYCLE, cycle["id"].as_str().unwrap())["run"].clone();
        let (bills, total) = books.list(&BILL, "sort=billNo");
        assert_eq!(run["bills"], total, "{run}");
        let billed: usize = bills
            .iter()
            .map(|bill| if bill["billingAccount"]["id"] == "b" { 700 } else { 3 })
            .sum();
        assert_eq!(books.list(&ITEM, "isBilled=true&limit=1").1, billed as u64);
        if run["state"] == "done" {
            break;
        }
        common::step(&books);
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
    let amounts: Vec<_> = books
        .list(&BILL, "sort=billNo")
        .0
        .iter()
        .map(|bill| bill["amountDue"]["value"].to_string())
        .collect();
    assert_eq!(amounts, ["0.03", "7.00", "0.03"]);
    for account in ["a", "b", "c"] {
        assert_eq!(books.balances(&BILLING_ACCOUNT, account)[0], "unbilled EUR 0.00");
    }
}

#[test]
fn two_runs_and_requests_at_once_bill_everything_once() {
    let accounts: Vec<_> = (0..120).map(|n| (format!("a{n:03}"), json!({}))).collect();
    let accounts: Vec<_> = accounts.iter().map(|(id, it)| (&id[..], it.clone())).collect();
    let books = books(&accounts);
    for (id, _) in &accounts {
        books.item(id, "1", "0.19", json!({}));
    }
    let cycles = [books.post(&CYCLE, &january()), books.post(&CYCLE, &january())];
    for (id, _) in accounts.iter().step_by(7) {
        books.post(&ON_DEMAND, &json!({ "billingAccount": { "id": id } }));
    }
    // Workers take turns.
    for _ in 0..20 {
        common::step(&books);
    }
    books.work();
    let bills: u64 = cycles
        .iter()
        .map(|cycle| {
            books.get(&CYCLE, cycle["id"].as_str().unwrap())["run"]["bills"].as_u64().unwrap()
        })
        .sum();
    let (all, total) = books.list(&BILL, "limit=1000");
    assert_eq!(total, 120);
    assert_eq!(bills, 120 - 18);
    let mut numbers: Vec<_> =
        all.iter().map(|bill| bill["billNo"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    let expected: Vec<_> = (1..=120).map(|n| format!("INV-2026-{n:06}")).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn what_is_no_run_is_refused() {
    let books = books(&[]);
    let refused = |body: Value| books.refused(&CYCLE, 400, &body);
    assert!(refused(json!({})).contains("/BillCycleSpecification/id is required"));
    assert!(refused(json!({ "BillCycleSpecification": { "id": "x" } })).contains("x does not"));
    let mut backwards = january();
    backwards["validFor"]["endDateTime"] = json!("2025-01-01T00:00:00Z");
    assert!(refused(backwards).contains("/validFor"));
    assert_eq!(books.list(&CYCLE, "").1, 0);
    let example = json!({ "billCycleSpecification": { "id": "monthly" } });
    let cycle = books.post(&CYCLE, &example);
    assert_eq!(cycle["BillCycleSpecification"]["id"], "monthly");
    assert_eq!(cycle["run"]["accounts"], 0);
}
