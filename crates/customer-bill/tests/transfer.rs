//! What is exported and imported elsewhere is answered there as it was, whatever is sent twice, and whatever
//! happens to the data meanwhile.

mod common;
mod kept;
mod transferring;

use std::collections::BTreeMap;
use std::time::Duration;

use account_management::{BILL_FORMAT, HUB, PARTY_ACCOUNT};
use common::{
    BILLING_ACCOUNT, CYCLE, FINANCIAL_ACCOUNT, ITEM, JOBS, ON_DEMAND, Value, expect, json,
};
use customer_bill_management::EXPORTED;
use http::Method;
use kept::later;
use kv_tree::Memory;
use pollster::block_on;
use transferring::{
    POSTING, answers_without_delivery, expect_the_same_elsewhere, export, import, instance,
    name_of, rest_of, send,
};

/// What earlier versions have stored.
#[test]
fn what_is_kept_is_exported_and_imported() {
    let memory = kept::read(include_str!("kept/1.store"));
    expect_the_same_elsewhere(&memory);
}

#[test]
fn what_is_imported_is_answered_as_it_was() {
    let memory = kept::write();
    let (first, lines) = export(&memory);
    assert_eq!((&first["format"], &first["version"]), (&json!("tmf-billing-export"), &json!(1)));
    assert_eq!(first["tenant"], "default");
    let other = Memory::default();
    // In parts of any size.
    let mut from = 0;
    for part in lines.chunks(7) {
        let report = import(&other, name_of(&first), from, part);
        from += part.len();
        assert_eq!(
            report,
            json!({
                "from": from - part.len(), "next": from, "created": part.len(), "unchanged": 0, "refused": []
            })
        );
    }
    assert_eq!(answers_without_delivery(&other), answers_without_delivery(&memory));
    // Numbers of bills, balances and the run that was begun go on as they would have.
    let continued = [&memory, &other].map(|memory| {
        let books = later(memory);
        block_on(books.0.work(&CYCLE, JOBS, Duration::MAX)).unwrap();
        books.item("b", "2", "0.38", json!({ "id": "last" }));
        let demand = json!({ "billingAccount": { "id": "b" }, "billDate": "2026-02-03T00:00:00Z" });
        books.post(&ON_DEMAND, &demand);
        answers_without_delivery(memory)
    });
    let numbers = |answers: &Value| {
        let bills = answers["TMF678 v5 customerBill"].as_array().unwrap().clone();
        let mut numbers: Vec<_> = bills
            .iter()
            .map(|bill| {
                (
                    bill["billNo"].to_string(),
                    bill["amountDue"].to_string(),
                    bill["state"].to_string(),
                )
            })
            .collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers(&continued[0]), numbers(&continued[1]));
    assert!(numbers(&continued[0]).len() >= 3, "{:?}", numbers(&continued[0]));
    let balances = |answers: &Value| {
        let accounts = answers["TMF666 v5 billingAccount"].as_array().unwrap().clone();
        let amounts = |account: &Value| {
            let balances = account["accountBalance"].as_array().cloned().unwrap_or_default();
            balances
                .iter()
                .map(|it| (it["balanceType"].clone(), it["amount"].clone()))
                .collect::<Vec<_>>()
        };
        accounts.iter().map(amounts).collect::<Vec<_>>()
    };
    assert_eq!(balances(&continued[0]), balances(&continued[1]));
}

#[test]
fn a_subscription_goes_on_where_it_is_imported_with_what_happens_there() {
    let memory = kept::write();
    let (first, lines) = export(&memory);
    let other = Memory::default();
    import(&other, name_of(&first), 0, &lines);
    let books = later(&other);
    block_on(books.0.deliver(&HUB)).unwrap();
    assert_eq!(books.0.sent.borrow().len(), 0, "nothing has happened");
    books.patch(&PARTY_ACCOUNT, "top", &json!({ "description": "moved" }));
    block_on(books.0.deliver(&HUB)).unwrap();
    let sent = books.0.sent.borrow();
    assert_eq!(sent.len(), 1);
    // It is signed with the secret that its owner knows.
    let original = later(&memory);
    original.patch(&PARTY_ACCOUNT, "top", &json!({ "description": "moved" }));
    let secret = |memory: &Memory| {
        export(memory).1.iter().find(|line| line.contains("secret")).unwrap().clone()
    };
    assert_eq!(secret(&memory), secret(&other));
    let headers: BTreeMap<_, _> = sent[0].headers.iter().cloned().collect();
    assert!(headers.keys().any(|name| name.contains("signature")), "{headers:?}");
    assert_eq!(
        books.status(&HUB, Method::DELETE, books.list(&HUB, "").0[0]["id"].as_str().unwrap()),
        204
    );
}

#[test]
fn an_export_is_of_one_moment_whatever_happens_meanwhile() {
    let memory = kept::write();
    let (_, expected) = export(&memory);
    let world = instance(&memory);
    let first = expect(&send(&world, Method::POST, "export?tenant=default", ""), 201);
    let id = name_of(&first).to_owned();
    let books = later(&memory);
    for number in 0..40 {
        let note = "x".repeat(2_000 + number);
        books.patch(&BILLING_ACCOUNT, "a", &json!({ "note": note }));
        books.post(&BILL_FORMAT, &json!({ "id": format!("new-{number}"), "name": note }));
        assert_eq!(books.status(&BILL_FORMAT, Method::DELETE, &format!("new-{number}")), 204);
        memory.advance(Duration::from_secs(30));
        // It is asked for now and then, or it would end.
        if number % 10 == 0 {
            assert_eq!(rest_of(&world, &id, 5), expected[5..]);
        }
    }
    assert_eq!(rest_of(&world, &id, 0), expected);
    memory.advance(Duration::from_secs(601));
    let gone = send(&world, Method::GET, &format!("export/{id}?tenant=default&from=0"), "");
    assert_eq!(
        expect(&gone, 410)["message"],
        format!("The export {id} has ended, or was not asked for lately. Begin another.")
    );
    assert_eq!(
        send(&world, Method::DELETE, &format!("export/{id}?tenant=default"), "").status(),
        204
    );
}

#[test]
fn what_is_sent_again_is_imported_once() {
    let memory = kept::write();
    let (first, lines) = export(&memory);
    let (other, id) = (Memory::default(), name_of(&first));
    import(&other, id, 0, &lines[..10]);
    import(&other, id, 10, &lines[10..]);
    let imported = answers_without_delivery(&other);
    // It has gone on since.
    let books = later(&other);
    books.item("b", "2", "0.38", json!({ "id": "since" }));
    assert_eq!(books.status(&ITEM, Method::DELETE, "unbilled"), 204);
    for (from, part) in [(0, &lines[..10]), (10, &lines[10..]), (0, &lines[..])] {
        // It is told what became of the latest lines, for who has not heard of it.
        let latest = json!({
            "from": 10, "next": lines.len(), "created": lines.len() - 10, "unchanged": 0, "refused": []
        });
        assert_eq!(import(&other, id, from, part), latest);
    }
    assert_eq!(books.status(&ITEM, Method::GET, "unbilled"), 404);
    assert_ne!(answers_without_delivery(&other), imported);
    // Who has lost count is told.
    let rest = format!("import?tenant=default&export={id}&from={}", lines.len() + 1);
    let missing = send(&instance(&other), Method::POST, &rest, &lines[0]);
    assert_eq!(
        expect(&missing, 409)["message"],
        format!("The line that is to follow is number {}.", lines.len())
    );
    assert_eq!(
        import(&other, id, 0, &[])["next"],
        lines.len(),
        "who sends none asks how far it is"
    );
    // Under another name, all is there already.
    let other_name = "00000000000000aa";
    let again = import(&other, other_name, 0, &lines[..lines.len() - 1]);
    assert!(again["unchanged"].as_u64().unwrap() > 10, "{again}");
}

/// A part of what stands on an account beside another part would be another sum.
#[test]
fn what_stands_on_an_account_is_imported_whole_or_not_at_all() {
    let memory = Memory::default();
    later(&memory).account("a", json!({}));
    let line = |key: &str| {
        json!({ "key": format!("ledger/billingAccount/a/{key}"), "text": POSTING }).to_string()
    };
    let first = [line("EUR/p/1"), line("EUR/p/2"), line("USD/p/1")];
    // Also where they come in two requests.
    assert_eq!(import(&memory, "00000000000000aa", 0, &first[..1])["created"], 1);
    assert_eq!(import(&memory, "00000000000000aa", 1, &first[1..])["created"], 2);
    // Later, where it comes from, both were folded into one.
    let second = [line("EUR/t"), line("USD/p/1"), line("CHF/t"), line("EUR/p/3")];
    let report = import(&memory, "00000000000000bb", 0, &second);
    assert_eq!((&report["created"], &report["unchanged"]), (&json!(1), &json!(1)), "{report}");
    let refused = report["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 2);
    assert!(refused[0]["message"].as_str().unwrap().contains("belongs together with"), "{report}");
    let balances = later(&memory).get(&BILLING_ACCOUNT, "a")["accountBalance"].clone();
    let unbilled: Vec<_> = balances
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["balanceType"] == "unbilled")
        .map(|it| it["amount"].to_string())
        .collect();
    assert_eq!(
        unbilled,
        [
            r#"{"unit":"CHF","value":1.19}"#,
            r#"{"unit":"EUR","value":2.38}"#,
            r#"{"unit":"USD","value":1.19}"#
        ]
    );
}

/// What a client of v4 may leave out, and how deep a document may be, is the same here.
#[test]
fn whatever_clients_may_store_is_imported() {
    let memory = Memory::default();
    let books = later(&memory);
    let post_v4 = |definition, document: &Value| {
        let request = common::request_in(
            tmf630::Version::V4,
            definition,
            Method::POST,
            "",
            &document.to_string(),
        );
        expect(&block_on(books.0.ask(definition, request)), 201)
    };
    post_v4(
        &BILLING_ACCOUNT,
        &json!({ "id": "v4", "name": "A", "state": "Active", "relatedParty": [{ "id": "p", "name": "P", "@referredType": "Individual" }] }),
    );
    post_v4(&FINANCIAL_ACCOUNT, &json!({ "id": "bare", "name": "A" }));
    books.item("v4", "1", "0.19", json!({ "id": "of-v4" }));
    books.post(
        &ON_DEMAND,
        &json!({ "billingAccount": { "id": "v4" }, "billDate": "2026-02-03T00:00:00Z" }),
    );
    let mut deep = json!("end");
    for _ in 0..63 {
        deep = json!([deep]);
    }
    books.post(&BILL_FORMAT, &json!({ "id": "deep", "name": "A", "more": deep }));
    expect_the_same_elsewhere(&memory);
}

/// What is neither exported nor here follows from what is, or is of one store: whoever adds a key decides.
#[test]
fn every_key_is_exported_or_known_not_to_be() {
    let memory = kept::write();
    let books = later(&memory);
    let exported = |key: &str| {
        let is_record = key.contains("/r/");
        is_record
            || key.starts_with("jobs/")
            || EXPORTED.spaces.iter().any(|space| key.starts_with(space.prefix))
    };
    let known = ["/i/", "/m/indexes", "/m/listeners", "/k/", "/x/"];
    let keys = block_on(books.0.keys("default", "")).unwrap();
    assert!(keys.len() > 100);
    for key in keys {
        let is_known = known.iter().any(|part| key.contains(part))
            || key.starts_with("events/")
            || key.starts_with("maintenance/");
        assert!(exported(&key) || is_known, "{key}");
    }
}
