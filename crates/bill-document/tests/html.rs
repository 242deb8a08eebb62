//! What people see of a bill.

mod common;

use bill_document::html;
use common::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The tags of a document in their order, without their attributes.
fn tags(document: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for part in document.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        tags.push(tag.split(' ').next().unwrap().to_owned());
    }
    tags
}

/// Asserts that every element is closed, in the reverse order of opening.
fn is_balanced(document: &str) {
    let mut open = Vec::new();
    for tag in tags(document) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if matches!(&*tag, "!DOCTYPE" | "meta" | "col") => {}
            None => open.push(tag),
        }
    }
    assert_eq!(open, Vec::<String>::new());
}

#[test]
fn a_believable_bill_is_as_it_was() {
    let document = html::document(&bill(), &items());
    is_balanced(&document);
    is_snapshot("bill.html", &document);
}

#[test]
fn pieces_are_the_whole() {
    let mut pieces = String::new();
    html::head(&mut pieces, &bill()).unwrap();
    for item in items() {
        html::item(&mut pieces, &item).unwrap();
    }
    html::foot(&mut pieces, &bill()).unwrap();
    assert_eq!(pieces, html::document(&bill(), &items()));
}

#[test]
fn digits_are_those_that_are_stored_with_the_currencys_decimals_at_least() {
    let shown = |unit: &str, digits: &str| {
        let money = format!(r#"{{"amountDue":{{"unit":"{unit}","value":{digits}}}}}"#);
        let document = html::document(&serde_json::from_str(&money).unwrap(), []);
        let (_, cell) = document.split_once("<td class=\"amount\">").unwrap();
        cell.split('<').next().unwrap().replace('\u{a0}', " ")
    };
    assert_eq!(shown("EUR", "100"), "100.00 EUR");
    assert_eq!(shown("EUR", "17.499998"), "17.499998 EUR");
    assert_eq!(shown("EUR", "1.5e-3"), "0.0015 EUR");
    assert_eq!(shown("EUR", "-0.7"), "-0.70 EUR");
    assert_eq!(shown("JPY", "1200"), "1200 JPY");
    assert_eq!(shown("KWD", "1.5"), "1.500 KWD");
    assert_eq!(shown("EUR", "299999999999999999999.99"), "299999999999999999999.99 EUR");
    // What is no money is shown as it is.
    assert_eq!(shown("points", "0.10"), "0.10 points");
}

#[test]
fn nothing_comes_from_elsewhere() {
    let document = html::document(&bill(), &items());
    for reference in ["<script", "src=", "href=", "url(", "@import", "http:", "https:", " on"] {
        let found = document
            .match_indices(reference)
            .map(|(at, _)| &document[at..at + 20])
            .collect::<Vec<_>>();
        assert_eq!(found, Vec::<&str>::new());
    }
}

#[test]
fn hostile_names_are_text() {
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</td></table>",
        "'-->",
        "&lt;b&gt;",
    ] {
        let (bill, item) = everywhere(text);
        let document = html::document(&bill, [&item]);
        is_balanced(&document);
        assert!(!document.contains(text), "{text}");
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
        assert!(document.contains(&format!("<title>Bill {escaped}</title>")), "{text}");
    }
    let (bill, _) = everywhere("a\0b\u{1b}c\rd\te");
    assert!(html::document(&bill, []).contains("<h1>Bill a\u{fffd}b\u{fffd}c d\te</h1>"));
}

#[test]
fn what_is_missing_is_left_out() {
    for nothing in [
        json!({}),
        Value::Null,
        json!([1]),
        json!({ "relatedParty": {}, "taxItem": 7, "billNo": 1 }),
    ] {
        let document = html::document(&nothing, [&nothing]);
        is_balanced(&document);
        assert!(document.contains("<h1>Bill</h1>"));
        for absent in ["<dt>", "Parties", "Totals", "Payments", "To pay", "null", "undefined"] {
            assert!(!document.contains(absent), "{absent}");
        }
        // An item that says nothing is a row all the same.
        assert!(document.contains("<th scope=\"row\">Item</th>"));
    }
}

#[test]
fn long_texts_are_whole() {
    let long = "Wort ".repeat(20_000) + &"x".repeat(100_000);
    let (bill, item) = everywhere(&long);
    assert_eq!(html::document(&bill, [&item]).matches(&long).count(), 29);
}

#[test]
fn dates_are_shown_as_dates_and_other_texts_as_they_are() {
    let shown = |text: &str| {
        let document = html::document(&json!({ "billDate": text }), []);
        let (_, rest) = document.split_once("<dt>Bill date</dt><dd>").unwrap();
        rest.split_once("</dd>").unwrap().0.to_owned()
    };
    let time = "2026-02-17T16:05:12.5+01:00";
    assert_eq!(shown(time), format!("<time datetime=\"{time}\">2026-02-17</time>"));
    for other in ["soon", "2026-02-17", "T", "2026-02-17Tnoon", "Tuesday"] {
        assert_eq!(shown(other), other);
    }
}

#[test]
fn periods_may_have_one_end() {
    let shown = |period: Value| {
        let document = html::document(&json!({ "billingPeriod": period }), []);
        let (_, rest) = document.split_once("<dt>Billing period</dt><dd>").unwrap();
        rest.split_once("</dd>").unwrap().0.to_owned()
    };
    assert_eq!(shown(json!({ "startDateTime": "a", "endDateTime": "b" })), "a – b");
    assert_eq!(shown(json!({ "startDateTime": "a" })), "from a");
    assert_eq!(shown(json!({ "endDateTime": "b" })), "until b");
}

proptest! {
    #[test]
    fn no_text_becomes_markup(text in "[<>&\"'a-z=/! \\-\u{0}-\u{1f}\u{7f}-\u{9f}é€😀]{1,40}") {
        let (bill, item) = everywhere(&text);
        let (plain_bill, plain_item) = everywhere("plain");
        let document = html::document(&bill, [&item]);
        prop_assert_eq!(tags(&document), tags(&html::document(&plain_bill, [&plain_item])));
        prop_assert!(!document.chars().any(|sign| sign.is_control() && !matches!(sign, '\n' | '\t')));
    }
}
