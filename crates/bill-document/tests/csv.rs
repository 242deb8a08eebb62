//! The items of a bill as a spreadsheet reads them.

mod common;

use bill_document::csv as document;
use common::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The header, and the fields of each line.
fn read(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The field of one item in this column.
fn field(item: &Value, column: &str) -> String {
    let lines = read(&document::document([item]));
    let [names, values] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(names.len(), values.len());
    values[names.iter().position(|name| name == column).unwrap()].clone()
}

#[test]
fn believable_items_are_as_they_were() {
    is_snapshot("bill.csv", &document::document(&items()));
}

#[test]
fn pieces_are_the_whole() {
    let mut pieces = String::new();
    document::head(&mut pieces).unwrap();
    for item in items() {
        document::item(&mut pieces, &item).unwrap();
    }
    assert_eq!(pieces, document::document(&items()));
}

#[test]
fn lines_end_as_the_standard_says() {
    let text = document::document(&items());
    assert_eq!(text.matches("\r\n").count(), 1 + items().len());
    assert_eq!(text.matches('\n').count(), text.matches('\r').count());
    assert!(text.ends_with("\r\n"));
}

#[test]
fn formulas_are_text() {
    for formula in ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=1,\"2\"", "\n=1", "＝1"] {
        let item = everywhere(formula).1;
        for column in [
            "id",
            "date",
            "name",
            "description",
            "periodStart",
            "productId",
            "unit",
            "taxExcludedAmount",
        ] {
            let field = field(&item, column);
            assert_eq!(field.trim_end_matches(' '), format!("'{formula}"), "{column}");
        }
        assert!(field(&item, "appliedTax").starts_with(&format!("'{formula}")));
    }
    assert_eq!(field(&json!({ "name": "a=b" }), "name"), "a=b");
}

#[test]
fn amounts_are_numbers() {
    let credit = &items()[3];
    assert_eq!(field(credit, "taxExcludedAmount"), "-5.00");
    assert_eq!(field(credit, "taxAmount"), "-0.95");
    assert_eq!(field(credit, "taxIncludedAmount"), "-5.95");
    assert_eq!(field(credit, "unit"), "EUR");
}

#[test]
fn taxes_are_added_up_exactly() {
    let tax = |category, unit, digits: &str| {
        let value = digits.parse::<serde_json::Number>().unwrap();
        json!({ "taxCategory": category, "taxRate": 1, "taxAmount": { "unit": unit, "value": value } })
    };
    let item = json!({ "appliedTax": [tax("VAT", "EUR", "0.1"), tax("city", "EUR", "0.200001")] });
    assert_eq!(field(&item, "taxAmount"), "0.300001");
    assert_eq!(field(&item, "appliedTax"), "VAT (1) 0.10; city (1) 0.200001");
    // There is no sum of what cannot be added up.
    let item = json!({ "appliedTax": [tax("VAT", "EUR", "0.1"), tax("city", "JPY", "2")] });
    assert_eq!(field(&item, "taxAmount"), "");
    assert_eq!(field(&json!({ "appliedTax": [{ "taxRate": 1 }] }), "taxAmount"), "");
}

#[test]
fn what_is_missing_is_empty() {
    for nothing in [json!({}), Value::Null, json!([]), json!({ "appliedTax": 7, "name": 7 })] {
        let lines = read(&document::document([&nothing]));
        assert_eq!(lines[1], vec![""; lines[0].len()]);
    }
}

proptest! {
    #[test]
    fn every_text_is_one_field(text in "[\"',;=+@\\-\r\n\ta-zé€ ]{1,20}") {
        let item = everywhere(&text).1;
        let field = field(&item, "name");
        prop_assert_eq!(field.strip_prefix('\'').filter(|_| field != text).unwrap_or(&field), &text);
        prop_assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
    }
}
