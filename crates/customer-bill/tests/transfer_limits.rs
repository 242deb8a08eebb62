//! What cannot be exported or imported is told, and harms nothing else; nobody without the token may do either,
//! and nobody can ask for too much.

mod common;
mod kept;
mod transferring;

use account_management::{BILL_FORMAT, HUB, PARTY_ACCOUNT};
use bytes::Bytes;
use common::{Value, World, expect, json};
use customer_bill_management::EXPORTED;
use http::{Method, Request};
use http_body_util::Full;
use kept::later;
use kv_tree::{Kv, Memory};
use pollster::block_on;
use tmf630::testing::damage::noise;
use transferring::{POSTING, TOKEN, export, import, instance, name_of, rest_of, send};

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
        let name = format!("{number} {}", noise(1_900));
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
    let noise = noise(3 << 19);
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
