//! What earlier versions have stored is read, and gone on with. What a newer one has stored is left alone,
//! and whoever needs it is told why.

mod common;
mod kept;

use std::time::Duration;

use account_management::{BILL_FORMAT, HUB as ACCOUNT_HUB};
use bytes::Bytes;
use common::{
    BILL, BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, Books, CYCLE, ITEM, JOBS, ON_DEMAND, Value,
    expect, json,
};
use http::{Method, Response};
use kept::{answers, definitions, later, repeatable};
use kv_tree::{Kv, Memory, Store, Tree, TreeName};
use pollster::block_on;
use tmf630::Definition;

/// What versions have stored, the oldest first, and what is answered about it.
const FILES: [(&str, &str); 1] = [(include_str!("kept/1.store"), include_str!("kept/1.json"))];

/// The data of the newest version.
fn newest() -> Memory {
    kept::read(FILES[FILES.len() - 1].0)
}

fn tree(memory: &Memory) -> Tree<Memory> {
    Store::new(memory.clone()).tree(TreeName::new("default").unwrap())
}

/// The value at a key of the tenant's tree.
fn value(memory: &Memory, key: &str) -> Bytes {
    block_on(async { tree(memory).snapshot().await.unwrap().get(key).await.unwrap().unwrap() })
}

fn put(memory: &Memory, key: &str, value: Bytes) {
    block_on(tree(memory).transact(async |transaction| {
        transaction.put(key.to_owned(), value.clone());
        Ok::<_, kv_tree::Error>(())
    }))
    .unwrap();
}

/// Puts another first byte, the version, in the value at a key; what it was.
fn put_version(memory: &Memory, key: &str, version: u8) -> Bytes {
    let before = value(memory, key);
    let mut newer = before.to_vec();
    newer[0] = version;
    put(memory, key, newer.into());
    before
}

/// The status of an answer to a request for a resource.
fn status(books: &Books, definition: &'static Definition, method: Method, rest: &str) -> u16 {
    let body = json!({ "description": "changed" });
    books.ask(definition, method, rest, &body).status().as_u16()
}

/// Checks that the client is sent to another instance, and that the log says why.
#[track_caller]
fn expect_newer(books: &Books, answer: &Response<Bytes>, cause: &str) {
    let error = expect(answer, 503);
    assert_eq!(answer.headers()["retry-after"], "30");
    assert_eq!(error["code"], "1");
    assert_eq!(error["reason"], "The data was written by a newer version of the server");
    let message = "Nothing was changed. Try again: where the server is being upgraded, another instance of \
                   it can read the data.";
    assert_eq!(error["message"], message);
    let log = books.0.log.borrow();
    let lines = log.iter().flat_map(|lines| lines.lines());
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.rfind(|line| line["status"] == 503).unwrap_or_else(|| panic!("{log:?}"));
    assert_eq!(line["error"], cause);
}

#[test]
fn everything_that_was_stored_is_answered_as_it_was() {
    for (store, expected) in FILES {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let answers = answers(&kept::read(store));
        for (name, answer) in answers.as_object().unwrap() {
            assert_eq!(*answer, expected[name], "{name}: see tests/kept if that is meant");
        }
        assert_eq!(answers.as_object().unwrap().len(), expected.as_object().unwrap().len());
    }
}

/// So that what is kept says something of each form.
#[test]
fn something_of_everything_is_stored() {
    for store in [kept::read(FILES[0].0), kept::write()] {
        let books = later(&store);
        for (name, answer) in answers(&store).as_object().unwrap() {
            assert!(!answer.as_array().unwrap().is_empty(), "{name}");
        }
        for prefix in [
            "billFormat/m/indexes",
            "billFormat/m/listeners",
            "billFormat/k/",
            "billFormat/x/",
            "ledger/billingAccount/a/EUR/p/",
            "ledger/financialAccount/ledger/EUR/p/",
            "bills/number/",
            "jobs/billCycle/january",
            "events/TMF666/log/",
            "events/TMF666/s/",
            "events/TMF666/w/",
            "events/TMF666/l/",
            "events/TMF666/d/",
            "events/TMF678/s/",
        ] {
            assert!(books.keys(prefix) > 0, "{prefix}");
        }
        let known = block_on(books.0.keys("maintenance.tenants", "")).unwrap();
        assert_eq!(known.len(), 2, "{known:?}");
    }
}

#[test]
fn what_was_begun_is_gone_on_with() {
    for (store, _) in FILES {
        let memory = kept::read(store);
        let books = later(&memory);
        // A request that is sent again.
        assert_eq!(expect(&repeatable(&books, "first"), 201)["id"], "repeated");
        assert_eq!(repeatable(&books, "another").status(), 409);
        // A run of a cycle, whose bills are numbered behind the one there is.
        books.work();
        let run = books.get(&CYCLE, "january")["run"].clone();
        assert_eq!((&run["state"], &run["bills"]), (&json!("done"), &json!(2)), "{run}");
        let (bills, _) = books.list(&BILL, "sort=billNo&fields=billNo");
        let numbers: Vec<_> = bills.iter().map(|bill| bill["billNo"].as_str().unwrap()).collect();
        assert_eq!(numbers, ["INV-2026-000001", "INV-2026-000002", "INV-2026-000003"]);
        // An event that was not taken.
        block_on(books.0.deliver(&ACCOUNT_HUB)).unwrap();
        let sent = books.0.sent.borrow().iter().map(|it| it.body.clone()).collect::<Vec<_>>();
        let sent = String::from_utf8(sent.concat()).unwrap();
        assert!(sent.contains("BillFormatCreateEvent") && sent.contains(r#""id":"pdf""#), "{sent}");
        let delivery = &books.list(&ACCOUNT_HUB, "").0[0]["delivery"];
        assert_eq!((&delivery["pending"], &delivery["parked"]), (&json!(0), &json!(0)));
        // What stands on accounts follows from it all.
        assert_eq!(
            books.balances(&BILLING_ACCOUNT, "b"),
            ["unbilled EUR 0.00", "receivable EUR 1.19"]
        );
        for (definition, id) in [(&BILLING_ACCOUNT, "a"), (&BILLING_CYCLE_SPECIFICATION, "monthly")]
        {
            books.patch(definition, id, &json!({ "description": "changed" }));
        }
        assert_eq!(books.status(&BILL_FORMAT, Method::DELETE, "pdf"), 409, "it is referred to");
        block_on(tree(&memory).audit()).unwrap();
    }
}

#[test]
fn a_newer_tree_is_left_to_instances_that_know_it() {
    let memory = newest();
    let whole = memory.contents();
    let head =
        whole.keys().find(|key| key.starts_with("default:") && key.matches(':').count() == 1);
    let head = head.unwrap().clone();
    let mut value = whole[&head].to_vec();
    // The next one is that of a head that holds commits.
    let version = value[0] + 2;
    value[0] = version;
    block_on(memory.put_many(vec![(head.clone(), value)])).unwrap();
    let stored = memory.contents();
    let books = later(&memory);
    let cause = format!(
        "tree default: key {head} has format version {version}, newer than this program knows"
    );
    for definition in definitions() {
        for (method, rest) in [(Method::GET, ""), (Method::GET, "/a"), (Method::DELETE, "/a")] {
            let answer = books.ask(definition, method.clone(), rest, &Value::Null);
            // Some cannot be deleted.
            if answer.status() != 405 {
                expect_newer(&books, &answer, &cause);
            }
        }
    }
    let account = json!({ "name": "new", "relatedParty": [{ "role": "owner",
        "partyOrPartyRole": { "id": "1" } }] });
    expect_newer(&books, &books.ask(&BILLING_ACCOUNT, Method::POST, "", &account), &cause);
    let patch = books.ask(&BILLING_ACCOUNT, Method::PATCH, "/a", &json!({ "name": "new" }));
    expect_newer(&books, &patch, &cause);
    assert!(block_on(books.0.work(&ON_DEMAND, JOBS, Duration::from_secs(1))).is_err());
    let of_tenant = |key: &&String| key.starts_with("default");
    assert!(memory.contents().keys().filter(of_tenant).eq(stored.keys().filter(of_tenant)));
    assert_eq!(memory.contents()[&head], stored[&head]);
}

#[test]
fn a_newer_record_is_left_out_of_lists_and_neither_changed_nor_deleted() {
    let memory = newest();
    let expected = answers(&memory);
    let before = put_version(&memory, "billingAccount/r/a", 5);
    let books = later(&memory);
    let (found, _) = books.list(&BILLING_ACCOUNT, "fields=id");
    let ids: Vec<_> = found.iter().map(|account| account["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["b", "c"]);
    let cause = "record a has format version 5, newer than this program knows";
    let told = json!({ "resource": "billingAccount", "id": "a", "error": cause }).to_string();
    assert!(books.0.log.borrow().contains(&told), "{:?}", books.0.log.borrow());
    let change = json!({ "description": "changed" });
    for (method, body) in
        [(Method::GET, &Value::Null), (Method::PATCH, &change), (Method::DELETE, &Value::Null)]
    {
        let answer = books.ask(&BILLING_ACCOUNT, method, "/a", body);
        expect_newer(&books, &answer, cause);
    }
    // What it refers to is not deleted, because it may say so.
    let answer = books.ask(&BILL_FORMAT, Method::DELETE, "/pdf", &Value::Null);
    assert!([409, 503].contains(&answer.status().as_u16()), "{answer:?}");
    put(&memory, "billingAccount/r/a", before);
    assert_eq!(answers(&memory), expected);
}

#[test]
fn what_refers_to_something_counts_although_a_newer_version_wrote_it() {
    let memory = newest();
    let books = later(&memory);
    books.post(&BILL_FORMAT, &json!({ "id": "html", "name": "HTML" }));
    books.patch(&BILLING_ACCOUNT, "c", &json!({ "billStructure": { "format": { "id": "html" } } }));
    let before = put_version(&memory, "billingAccount/r/c", 5);
    let answer = books.ask(&BILL_FORMAT, Method::DELETE, "/html", &Value::Null);
    let cause = "record c has format version 5, newer than this program knows";
    expect_newer(&books, &answer, cause);
    put(&memory, "billingAccount/r/c", before);
    assert_eq!(status(&books, &BILL_FORMAT, Method::DELETE, "/html"), 409);
}

/// An index that lacked entries would hide what was written by the newer version for good.
#[test]
fn an_index_is_not_whole_before_a_newer_record_is_in_it() {
    let memory = newest();
    let before = put_version(&memory, "billingAccount/r/a", 5);
    put(&memory, "billingAccount/m/indexes", Bytes::new());
    let books = later(&memory);
    for _ in 0..3 {
        let (found, _) = books.list(&BILLING_ACCOUNT, "name=Account%20b");
        assert_eq!(found.len(), 1);
    }
    let catalogue = |memory: &Memory| value(memory, "billingAccount/m/indexes");
    assert!(!String::from_utf8_lossy(&catalogue(&memory)).contains("name:text1 whole"));
    put(&memory, "billingAccount/r/a", before);
    let (found, _) = later(&memory).list(&BILLING_ACCOUNT, "name=Account%20a");
    assert_eq!(found.len(), 1);
    let (found, _) = later(&memory).list(&BILLING_ACCOUNT, "name=Account%20a");
    assert_eq!(found.len(), 1);
    assert!(String::from_utf8_lossy(&catalogue(&memory)).contains("name:text1 whole"));
}

#[test]
fn a_newer_idempotency_key_is_kept_for_its_day() {
    const KEY: &str = "billFormat/k/first";
    const CAUSE: &str = "idempotency key first has format version 3, newer than this program knows";
    const HOUR: i64 = 60 * 60;
    let memory = newest();
    let books = later(&memory);
    // The key is used anew when its first use is over, and the newer version notes that.
    books.0.advance(25 * HOUR);
    assert_eq!(repeatable(&books, "first").status(), 409);
    books.status(&BILL_FORMAT, Method::DELETE, "repeated");
    expect(&repeatable(&books, "first"), 201);
    put_version(&memory, KEY, 3);
    books.status(&BILL_FORMAT, Method::DELETE, "repeated");
    expect_newer(&books, &repeatable(&books, "first"), CAUSE);
    // Whoever forgets that the first use is over does not forget the second.
    expect(&repeatable(&books, "other"), 201);
    books.status(&BILL_FORMAT, Method::DELETE, "repeated");
    expect_newer(&books, &repeatable(&books, "first"), CAUSE);
    books.0.advance(25 * HOUR);
    expect(&repeatable(&books, "first"), 201);
}

/// JSON in which a newer version has one member more.
fn with_more(value: &[u8]) -> Bytes {
    let mut json: Value = serde_json::from_slice(value).unwrap();
    json["later"] = json!(1);
    json.to_string().into()
}

#[test]
fn amounts_that_a_newer_version_knows_do_not_get_lost() {
    let memory = newest();
    let prefix = "ledger/billingAccount/b/EUR/p/";
    let key = block_on(later(&memory).0.keys("default", prefix)).unwrap().remove(0);
    let before = value(&memory, &key);
    put(&memory, &key, with_more(&before));
    let books = later(&memory);
    let answer = books.ask(&BILLING_ACCOUNT, Method::GET, "/b", &Value::Null);
    let error = expect(&answer, 503);
    assert_eq!(error["reason"], "The data was written by a newer version of the server");
    let log = books.0.log.borrow().concat();
    assert!(log.contains(&format!("{key} cannot be read: unknown field `later`")), "{log}");
    assert_eq!(value(&memory, &key), with_more(&before));
    put(&memory, &key, before);
    assert_eq!(books.balances(&BILLING_ACCOUNT, "b")[0], "unbilled EUR 1.19");
}

#[test]
fn a_job_of_a_newer_version_is_left_to_it() {
    const KEY: &str = "jobs/billCycle/january";
    let memory = newest();
    let before = value(&memory, KEY);
    put(&memory, KEY, with_more(&before));
    let books = later(&memory);
    let progress = block_on(books.0.work(&ON_DEMAND, JOBS, Duration::from_secs(1)));
    let progress = progress.map_err(|_| "failed").unwrap();
    assert_eq!((progress.steps, progress.left, progress.failed), (0, 1, 1));
    let log = books.0.log.borrow().concat();
    assert!(log.contains(KEY) && log.contains("unknown field `later`"), "{log}");
    assert_eq!(value(&memory, KEY), with_more(&before));
    assert_eq!(books.keys(&format!("{}/r/", BILL.name())), 1, "no bill was made");
    put(&memory, KEY, before);
    books.work();
    assert_eq!(books.get(&CYCLE, "january")["run"]["bills"], 2);
    assert_eq!(books.list(&ITEM, "isBilled=true").1, 4);
}
