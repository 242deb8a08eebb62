//! The npm package of the validator: in Node.js, in a browser, and next to the server.

use black_box_tests::documents::Maker;
use black_box_tests::javascript::{in_browser, in_node};
use black_box_tests::{Answering, Api, Method, StatusCode, json};
use serde_json::Value;

#[test]
fn the_package_works_in_node() {
    expect_exercise(&in_node("node.js", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_works_in_a_browser() {
    expect_exercise(&in_browser("page.html").await);
}

/// What `javascript/exercise.js` gives wherever it runs.
#[track_caller]
fn expect_exercise(text: &str) {
    let answer: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"));
    assert_eq!(answer["classes"], json!([11, 12]), "{answer:#}");
    assert_eq!(answer["valid"], json!([]));
    let fault = |pointer: &str, expected: &str| {
        let message = format!("{pointer} {expected}");
        json!({ "pointer": pointer, "message": message, "expected": expected })
    };
    assert_eq!(
        answer["broken"],
        json!([
            fault("/name", "must be a string"),
            fault("/relatedParty/0/role", "must not be blank"),
        ])
    );
    assert_eq!(answer["undefinedIsLeftOut"], json!([]));
    assert_eq!(answer["text"][0]["pointer"], "/name");
    assert_eq!(answer["converted"]["relatedParty"][0]["id"], "1", "{answer:#}");
    assert!(answer["there"].as_str().is_some_and(|text| text.contains("100.10")), "{answer:#}");
    assert_eq!(answer["back"]["relatedParty"][0]["partyOrPartyRole"]["id"], "1");
    assert_eq!(answer["hostile"], json!([0, 100_001]));
    assert_eq!(answer["stillWorks"], json!([]));

    let errors = answer["errors"].as_array().unwrap();
    let words = [
        "must be v4 or v5",
        "must be one of",
        "line 1 column",
        "up to 262144 bytes",
        "64 deep",
        "up to 262144 bytes",
        "circular",
        "must be an object",
        "named by strings",
        "named by strings",
        "must be given",
    ];
    assert_eq!(errors.len(), words.len());
    for (error, words) in errors.iter().zip(words) {
        let error = error.as_str().unwrap();
        assert!(error.starts_with("true: ") && error.contains(words), "{words}: {error}");
    }
}

/// A document that both are asked about.
struct Case {
    version: &'static str,
    class: String,
    path: String,
    text: String,
    /// Whether the server refuses it for what the document tells, or not at all.
    is_judged_alone: bool,
}

const DOCUMENTS: usize = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_the_same() {
    let cases = cases();
    let lines = cases.iter().map(|case| {
        let Case { version, class, text, .. } = case;
        format!("{}\n", json!({ "version": version, "className": class, "text": text }))
    });
    let verdicts = in_node("verdicts.js", &lines.collect::<String>());
    let verdicts: Vec<Value> =
        verdicts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), cases.len());

    let api = Api::start().await;
    let (mut valid, mut faulty) = (0, 0);
    for (case, verdict) in cases.iter().zip(&verdicts) {
        let resource = api.at("", &case.path);
        let request = resource.request(Method::POST, "").header("content-type", "application/json");
        let answer = request.body(case.text.clone()).answer().await;
        let is_created = answer.status == StatusCode::CREATED;
        let told = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        let said = said(verdict);
        let shown = || format!("{} {}\nserver: {told}\npackage: {said}", case.path, case.text);
        match case.is_judged_alone {
            true => {
                assert_eq!(is_created, said.is_empty(), "{}", shown());
                assert!(is_created || told == said, "{}", shown());
            }
            false => {
                assert!(!is_created || said.is_empty(), "{}", shown());
                assert!(said.split("; ").all(|fault| told.contains(fault)), "{}", shown());
            }
        }
        *if said.is_empty() { &mut valid } else { &mut faulty } += 1;
    }
    assert!(valid > DOCUMENTS / 5 && faulty > DOCUMENTS / 5, "{valid} valid, {faulty} faulty");
    api.stop().await;
}

/// What the server would answer with, if it said the same.
fn said(verdict: &Value) -> String {
    const MOST: usize = 50;
    if let Some(error) = verdict["error"].as_str() {
        return error.to_owned();
    }
    let messages: Vec<_> =
        verdict["messages"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    match messages.len().checked_sub(MOST) {
        None | Some(0) => messages.join("; "),
        Some(more) => format!("{}; and {more} more", messages[..MOST].join("; ")),
    }
}

fn cases() -> Vec<Case> {
    const ACCOUNTS: [&str; 7] = [
        "PartyAccount",
        "BillingAccount",
        "SettlementAccount",
        "FinancialAccount",
        "BillFormat",
        "BillPresentationMedia",
        "BillingCycleSpecification",
    ];
    const BILLS: [&str; 3] = ["AppliedCustomerBillingRate", "CustomerBill", "CustomerBillOnDemand"];
    let mut cases = Vec::new();
    for (version, suffix) in [("v4", "_Create"), ("v5", "_FVO")] {
        for (api, name, classes, share) in [
            ("TMF666", "accountManagement", &ACCOUNTS[..], 8),
            ("TMF678", "customerBillManagement", &BILLS[..], 2),
        ] {
            let mut maker = Maker::of(api, version, 16);
            for number in 0..DOCUMENTS * share / 20 {
                let class = classes[number % classes.len()];
                let mut document = maker.document(&format!("{class}{suffix}"));
                for _ in 0..maker.random.usize(0..4) {
                    maker.mutate(&mut document);
                }
                let mut text = document.to_string();
                if maker.random.u8(0..50) == 0 {
                    let mut end = maker.random.usize(1..text.len());
                    while !text.is_char_boundary(end) {
                        end += 1;
                    }
                    text.truncate(end);
                }
                let resource = class[..1].to_lowercase() + &class[1..];
                cases.push(Case {
                    version,
                    class: class.to_owned(),
                    path: format!("tmf-api/{name}/{version}/{resource}"),
                    text,
                    is_judged_alone: api == "TMF666",
                });
            }
        }
    }
    cases
}
