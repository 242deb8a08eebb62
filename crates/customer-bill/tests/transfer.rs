//! What is exported and imported elsewhere is answered there as it was, whatever is sent twice, and whatever
//! happens to the data meanwhile.

mod common;
mod kept;

use account_management::{BILL_FORMAT, HUB, PARTY_ACCOUNT};
use bytes::Bytes;
use common::{
    BILLING_ACCOUNT, CYCLE, FINANCIAL_ACCOUNT, ITEM, JOBS, ON_DEMAND, Value, World, expect, json,
};
use customer_bill_management::EXPORTED;
use http::{Method, Request, Response};
use http_body_util::Full;
use kept::{answers, later};
use kv_tree::{Kv, Memory};
use pollster::block_on;
use std::collections::BTreeMap;
use std::time::Duration;

const TOKEN: &str = "a token of this deployment";

/// An instance that exports and imports.
fn instance(memory: &Memory) -> World {
    World::on(memory.clone()).with("transfer_token", TOKEN).numbered(7)
}

fn send(world: &World, method: Method, rest: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://api.example/transfer/{rest}"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/x-ndjson")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    block_on(world.transfer(&EXPORTED, request))
}

/// The line that an export of the tenant begins with, and the lines that follow.
fn export(memory: &Memory) -> (Value, Vec<String>) {
    let world = instance(memory);
    let first = expect(&send(&world, Method::POST, "export?tenant=default", ""), 201);
    let id = first["export"].as_str().unwrap();
    let lines = rest_of(&world, id, 0);
    assert_eq!(first["lines"], lines.len());
    let ended = send(&world, Method::DELETE, &format!("export/{id}?tenant=default"), "");
    assert_eq!(ended.status(), 204);
    (first, lines)
}

/// The lines of an export from the number on.
fn rest_of(world: &World, id: &str, from: usize) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let from = from + lines.len();
        let answer =
            send(world, Method::GET, &format!("export/{id}?tenant=default&from={from}"), "");
        assert_eq!(answer.status(), 200, "{answer:?}");
        assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
        let text = std::str::from_utf8(answer.body()).unwrap();
        lines.extend(text.lines().map(str::to_owned));
        let total: usize = answer.headers()["x-total-count"].to_str().unwrap().parse().unwrap();
        if from + text.lines().count() == total {
            return lines;
        }
        assert!(!text.is_empty());
    }
}

/// What becomes of lines that are imported.
fn import(memory: &Memory, id: &str, from: usize, lines: &[String]) -> Value {
    let rest = format!("import?tenant=default&export={id}&from={from}");
    expect(&send(&instance(memory), Method::POST, &rest, &lines.join("\n")), 200)
}

fn name_of(first: &Value) -> &str {
    first["export"].as_str().unwrap()
}

/// What is answered about all there is, but for what has to do with events that are to be sent.
fn answers_without_delivery(memory: &Memory) -> Value {
    let mut answers = answers(memory);
    for answer in
        answers.as_object_mut().unwrap().values_mut().flat_map(|it| it.as_array_mut().unwrap())
    {
        answer.as_object_mut().unwrap().remove("delivery");
    }
    answers
}

/// What earlier versions have stored.
#[test]
fn what_is_kept_is_exported_and_imported() {
    let memory = kept::read(include_str!("kept/1.store"));
    let (first, lines) = export(&memory);
    let other = Memory::default();
    let report = import(&other, name_of(&first), 0, &lines);
    assert_eq!((&report["created"], &report["refused"]), (&json!(lines.len()), &json!([])));
    assert_eq!(answers_without_delivery(&other), answers_without_delivery(&memory));
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

#[test]
fn a_line_that_cannot_be_stored_is_told_and_keeps_no_other_from_it() {
    let memory = kept::write();
    let (_, lines) = export(&memory);
    let other = Memory::default();
    later(&other).post(&BILL_FORMAT, &json!({ "id": "pdf", "name": "Another" }));
    let good = lines.iter().find(|line| line.contains(r#""id":"mail""#)).unwrap();
    let hub = lines.iter().find(|line| line.contains("events.example")).unwrap();
    let differs = lines
        .iter()
        .find(|line| line.contains(r#""id":"pdf""#) && line.contains("billFormat"))
        .unwrap();
    let cases: [(&str, &str); 14] = [
        ("{", "it is not readable as JSON"),
        ("[]", "it must be an object"),
        (r#"{"resource":"billFormat"}"#, "/document must be an object"),
        (r#"{"resource":"nothing","document":{}}"#, "no resource is called nothing"),
        (r#"{"resource":"billFormat","document":{"id":"a/b"}}"#, "/document/id must be an id"),
        (r#"{"resource":"billFormat","document":{"id":"a"}}"#, "/document/@type must be a text"),
        (
            r#"{"resource":"billFormat","document":{"@type":"BillFormat","id":"a","name":5}}"#,
            "/document/name must be a string",
        ),
        (
            r#"{"resource":"billFormat","document":{"@type":"BillFormat","id":"a","name":"A"},"hidden":1}"#,
            "/hidden must be an object",
        ),
        (
            r#"{"resource":"billFormat","document":{"@type":"BillFormat","id":"a","name":"A"},"more":1}"#,
            "/more is not known",
        ),
        (
            r#"{"key":"billFormat/r/a","text":"x"}"#,
            "/key must be that of a job or begin with one of bills/number/",
        ),
        (r#"{"key":"bills/number/x","base64":"?"}"#, "/base64 is not valid"),
        (r#"{"key":"bills/number/x"}"#, "it must have text or base64"),
        (
            r#"{"resource":"billFormat","id":"a","unreadable":"damaged"}"#,
            "it could not be read where it comes from",
        ),
        (differs, "there is another one already"),
    ];
    let mut sent: Vec<_> = cases.iter().map(|(line, _)| (*line).to_owned()).collect();
    sent.push(good.clone());
    sent.push(good.clone());
    sent.push(hub.replace("\"names\"", "\"namen\""));
    let report = import(&other, "00000000000000ff", 0, &sent);
    assert_eq!(
        (&report["created"], &report["unchanged"], &report["next"]),
        (&json!(1), &json!(1), &json!(17))
    );
    let refused = report["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 15, "{report}");
    for (number, (line, expected)) in cases.iter().enumerate() {
        assert_eq!(refused[number]["line"], number);
        let message = refused[number]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{line}: {message}");
    }
    assert_eq!(refused[14]["line"], 16);
    let books = later(&other);
    assert_eq!(books.get(&BILL_FORMAT, "pdf")["name"], "Another");
    assert_eq!(books.list(&HUB, "").1, 0);
}

#[test]
fn what_cannot_be_read_has_a_line_that_says_so() {
    let memory = kept::write();
    let (_, whole) = export(&memory);
    later(&memory).damage(&PARTY_ACCOUNT, "top");
    let (first, lines) = export(&memory);
    assert_eq!((lines.len(), &first["lines"]), (whole.len(), &json!(whole.len())));
    let changed: Vec<_> = lines.iter().zip(&whole).filter(|(a, b)| a != b).collect();
    let [(line, _)] = changed[..] else { panic!("{changed:?}") };
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["resource"], &line["id"]), (&json!("partyAccount"), &json!("top")));
    assert!(line["unreadable"].as_str().unwrap().contains("record top is damaged"), "{line}");
    let other = Memory::default();
    let report = import(&other, name_of(&first), 0, &lines);
    assert_eq!(
        (&report["created"], report["refused"].as_array().unwrap().len()),
        (&json!(lines.len() - 1), 1)
    );
}

/// A page of the store that is damaged takes nothing with it but what it has.
#[test]
fn a_damaged_page_costs_no_other_line() {
    let memory = kept::write();
    let books = later(&memory);
    for number in 0..60 {
        let name = format!("{number} {}", kept_noise(1_900));
        books.post(&BILL_FORMAT, &json!({ "id": format!("f-{number:02}"), "name": name }));
    }
    let (_, whole) = export(&memory);
    let pages: Vec<_> =
        memory.contents().into_keys().filter(|key| key.matches(':').count() == 2).collect();
    let (mut partly, mut fewest) = (0, usize::MAX);
    for page in pages {
        let value = memory.contents()[&page].clone();
        let mut damaged = value.to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        block_on(memory.put_many(vec![(page.clone(), damaged)])).unwrap();
        let world = instance(&memory);
        let begun = send(&world, Method::POST, "export?tenant=default", "");
        // A page at an edge of what is counted is needed to begin.
        assert!(matches!(begun.status().as_u16(), 201 | 500), "{begun:?}");
        if begun.status() == 201 {
            let id = expect(&begun, 201)["export"].as_str().unwrap().to_owned();
            let answer =
                send(&world, Method::GET, &format!("export/{id}?tenant=default&from=0"), "");
            if answer.status() == 200 {
                let lines = rest_of(&world, &id, 0);
                assert_eq!(lines.len(), whole.len());
                let unreadable =
                    lines.iter().zip(&whole).filter(|(line, whole)| line != whole).count();
                if unreadable > 0 {
                    partly += 1;
                    fewest = fewest.min(unreadable);
                }
            }
            send(&world, Method::DELETE, &format!("export/{id}?tenant=default"), "");
        }
        block_on(memory.put_many(vec![(page, value.to_vec())])).unwrap();
    }
    assert!(partly > 3 && fewest < 5, "{partly} {fewest}");
}

fn kept_noise(len: usize) -> String {
    tmf630::testing::damage::noise(len)
}

#[test]
fn only_who_has_the_token_may() {
    let memory = kept::write();
    let ask = |world: &World, method: &str, rest: &str, authorization: Option<&str>| {
        let mut request =
            Request::builder().method(method).uri(format!("http://api.example/transfer/{rest}"));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Full::new(Bytes::new())).unwrap();
        block_on(world.transfer(&EXPORTED, request)).status().as_u16()
    };
    let world = instance(&memory);
    let right = format!("Bearer {TOKEN}");
    for (method, rest) in [
        ("POST", "export?tenant=default"),
        ("GET", "export/00000000000000ff?tenant=default"),
        ("DELETE", "export/00000000000000ff?tenant=default"),
        ("POST", "import?tenant=default&export=00000000000000ff"),
    ] {
        for wrong in [None, Some("Bearer another"), Some("Bearer "), Some(TOKEN)] {
            assert_eq!(ask(&world, method, rest, wrong), 401, "{method} {rest} {wrong:?}");
        }
        let without = World::on(memory.clone());
        assert_eq!(ask(&without, method, rest, Some(&right)), 404, "{method} {rest}");
        assert_eq!(ask(&without, method, rest, Some("Bearer ")), 404, "{method} {rest}");
    }
    assert_eq!(ask(&world, "PUT", "export?tenant=default", Some(&right)), 405);
    assert_eq!(ask(&world, "GET", "import", Some(&right)), 405);
    assert_eq!(ask(&world, "GET", "nothing", Some(&right)), 404);
    assert_eq!(ask(&world, "OPTIONS", "export", None), 204);
    assert_eq!(ask(&world, "POST", "export?tenant=unknown", Some(&right)), 404);
    assert_eq!(ask(&world, "GET", "export/00000000000000ff?tenant=default", Some(&right)), 410);
    assert_eq!(
        ask(&world, "POST", "import?tenant=default&export=00000000000000ff", Some(&right)),
        415
    );
    // Two at once, each of its own moment.
    let ids: Vec<_> = (0..2)
        .map(|_| expect(&send(&world, Method::POST, "export?tenant=default", ""), 201))
        .collect();
    assert_ne!(ids[0]["export"], ids[1]["export"]);
    assert_eq!(ask(&world, "POST", "export?tenant=default", Some(&right)), 409);
}

#[test]
fn a_request_has_a_bounded_size() {
    let memory = Memory::default();
    let line = r#"{"key":"bills/number/x","text":"1"}"#;
    let many = vec![line; 1_001].join("\n");
    let rest = "import?tenant=default&export=00000000000000ff";
    assert_eq!(send(&instance(&memory), Method::POST, rest, &many).status(), 413);
    let long = format!(r#"{{"key":"bills/number/x","text":"{}"}}"#, "1".repeat(4 << 20));
    assert_eq!(send(&instance(&memory), Method::POST, rest, &long).status(), 413);
    // Blank lines count, as they do for who sends them; a line may end with a carriage return.
    let report = expect(
        &send(&instance(&memory), Method::POST, rest, &format!("\n{line}\r\n\r\n\n{line}\n")),
        200,
    );
    assert_eq!(
        (&report["created"], &report["unchanged"], &report["next"]),
        (&json!(1), &json!(1), &json!(5))
    );
    let empty: Vec<_> =
        report["refused"].as_array().unwrap().iter().map(|it| it["line"].as_u64()).collect();
    assert_eq!(empty, [Some(0), Some(2), Some(3)]);
    // What came of a request is stored: however much is wrong, and however many signs of it are escaped.
    let wrong = vec![format!("{{\"resource\":\"{}\"}}", "\\u0001".repeat(600)); 1_000].join("\n");
    let rest = "import?tenant=default&export=00000000000000fe";
    let report = expect(&send(&instance(&memory), Method::POST, rest, &wrong), 200);
    assert_eq!(report["refused"].as_array().unwrap().len(), 1_000);
    assert!(report.to_string().len() < 500_000, "{}", report.to_string().len());
}

/// What could not be stored alone is refused alone.
#[test]
fn a_line_that_is_too_long_keeps_no_other_from_it() {
    let memory = Memory::default();
    let good = r#"{"key":"bills/number/x","text":"1"}"#.to_owned();
    let long_key = format!(r#"{{"key":"bills/unpublished/{}","text":""}}"#, "k".repeat(10_000));
    let name = "n".repeat(2 << 20);
    let document = json!({ "@type": "BillFormat", "id": "long", "name": name });
    let long = json!({ "resource": "billFormat", "document": document }).to_string();
    let noise = kept_noise(3 << 19);
    let document = json!({ "@type": "BillFormat", "id": "noise", "name": noise });
    let noisy = json!({ "resource": "billFormat", "document": document }).to_string();
    let report = import(&memory, "00000000000000ff", 0, &[long_key, good, long, noisy]);
    assert_eq!(report["created"], 1, "{report}");
    let refused = report["refused"].as_array().unwrap();
    let told: Vec<_> = refused
        .iter()
        .map(|it| (it["line"].as_u64().unwrap(), it["message"].as_str().unwrap()))
        .collect();
    let expected = [(0, "its key has 10018 bytes"), (2, "its value has"), (3, "its value has")];
    assert_eq!(told.len(), expected.len());
    for ((line, message), (number, begin)) in told.into_iter().zip(expected) {
        assert!(line == number && message.starts_with(begin), "{report}");
    }
}

/// Nothing is stored at a key that those who read it cannot read.
#[test]
fn what_cannot_be_at_a_key_is_refused() {
    let memory = Memory::default();
    let lines: Vec<_> = [
        ("ledger/billingAccount/a/EUR/t", "x"),
        ("ledger/billingAccount/a/EURO/t", POSTING),
        ("ledger/billingAccount/a", POSTING),
        ("bills/number/INV-2026-#", "18446744073709551615"),
        ("bills/number/INV-2026-#", "-1"),
        ("bills/unpublished/b", "b"),
        ("bills/account/a", "a/b"),
        ("bills/cycle/monthly/1-2/a", ""),
        ("jobs/unknown/a", "{}"),
        ("jobs/billCycle", "{}"),
    ]
    .map(|(key, text)| json!({ "key": key, "text": text }).to_string())
    .into();
    let report = import(&memory, "00000000000000ff", 0, &lines);
    assert_eq!(report["refused"].as_array().unwrap().len(), lines.len(), "{report}");
}

/// What stands on an account, as one posting has it.
const POSTING: &str =
    r#"{"unbilled":"1.19","unbilled_items":1,"receivable":"0","open_bills":0,"at":1790000000000}"#;

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
    let (first, lines) = export(&memory);
    let other = Memory::default();
    let report = import(&other, name_of(&first), 0, &lines);
    assert_eq!((&report["created"], &report["refused"]), (&json!(lines.len()), &json!([])));
    assert_eq!(answers_without_delivery(&other), answers_without_delivery(&memory));
}

/// Resources can be long, and stored in little room.
#[test]
fn an_answer_has_a_bounded_size() {
    let memory = Memory::default();
    let books = later(&memory);
    let name = "n".repeat(200 << 10);
    for number in 0..40 {
        books.post(&BILL_FORMAT, &json!({ "id": format!("f-{number}"), "name": name }));
    }
    for number in 0..2_100 {
        books.post(
            &PARTY_ACCOUNT,
            &json!({
                "id": format!("p-{number:04}"), "name": "P",
                "relatedParty": [{ "role": "owner", "partyOrPartyRole": { "id": "p" } }],
            }),
        );
    }
    let world = instance(&memory);
    let first = expect(&send(&world, Method::POST, "export?tenant=default", ""), 201);
    let (mut from, mut answers) = (0, Vec::new());
    while from < first["lines"].as_u64().unwrap() {
        let rest = format!("export/{}?tenant=default&from={from}", name_of(&first));
        let answer = send(&world, Method::GET, &rest, "");
        let lines = answer.body().iter().filter(|byte| **byte == b'\n').count();
        assert!(
            answer.body().len() < (3 << 20) + (300 << 10) && lines <= 1_000,
            "{}",
            answer.body().len()
        );
        assert_eq!(answer.headers()["x-result-count"], lines.to_string());
        from += lines as u64;
        answers.push(lines);
    }
    assert!(answers.contains(&1_000) && answers.len() >= 5, "{answers:?}");
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
