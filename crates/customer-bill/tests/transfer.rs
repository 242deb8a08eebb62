//! What is exported and imported elsewhere is answered there as it was, whatever is sent twice, and whatever
//! happens to the data meanwhile.

mod common;
mod kept;

use account_management::{BILL_FORMAT, HUB, PARTY_ACCOUNT};
use bytes::Bytes;
use common::{BILLING_ACCOUNT, CYCLE, ITEM, JOBS, ON_DEMAND, Value, World, expect, json};
use customer_bill_management::EXPORTED;
use http::{Method, Request, Response};
use http_body_util::Full;
use kept::{answers, later};
use kv_tree::{Kv, Memory};
use pollster::block_on;
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
    let names = |notification: &tmf630::ports::Notification| {
        notification.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    };
    assert!(names(&sent[0]).iter().any(|name| name.contains("signature")), "{:?}", sent[0].headers);
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
        (r#"{"resource":"billFormat","document":{"id":"a"}}"#, "/document/name is required"),
        (
            r#"{"resource":"billFormat","document":{"id":"a","name":5}}"#,
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
            "/key must begin with jobs/ or one of bills/, ledger/",
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
    // Blank lines are none, and a line may end with a carriage return.
    let report = expect(
        &send(&instance(&memory), Method::POST, rest, &format!("\n{line}\r\n\r\n\n{line}\n")),
        200,
    );
    assert_eq!(
        (&report["created"], &report["unchanged"], &report["next"]),
        (&json!(1), &json!(1), &json!(2))
    );
}
