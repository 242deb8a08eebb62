//! What bill items must say of their amounts, and what is computed.

mod common;

use common::*;
use money::{ItemAmounts, complete_item};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn item(excluded: Option<&str>, tax: Option<&str>, included: Option<&str>) -> Map<String, Value> {
    let mut item = Map::new();
    let euro = |digits| amount("EUR", digits);
    item.extend(excluded.map(|digits| ("taxExcludedAmount".into(), euro(digits))));
    item.extend(included.map(|digits| ("taxIncludedAmount".into(), euro(digits))));
    item.extend(tax.map(|digits| {
        ("appliedTax".into(), json!([{ "taxRate": 21, "taxAmount": euro(digits) }]))
    }));
    item
}

/// What is wrong with an item: pointers and expectations.
fn faults(mut item: Map<String, Value>, is_billed_elsewhere: bool) -> Vec<(String, String)> {
    let faults = complete_item(&mut item, is_billed_elsewhere).unwrap_err();
    faults.into_iter().map(|fault| (fault.pointer, fault.expectation)).collect()
}

#[test]
fn sums_may_be_off_by_one_unit_of_the_coarsest_digit() {
    let right = [
        ("83.33333", "17.499998", "100.83333"),
        ("83.33333", "17.499998", "100.833328"),
        ("83.333", "17.499", "100.833"),
        ("83.333", "17.4994", "100.833"),
        ("100", "19", "119"),
        ("100", "19", "119.01"),
        ("-100.00", "-19.00", "-119.00"),
        ("1e2", "1.9e1", "119.0"),
    ];
    for (excluded, tax, included) in right {
        let mut document = item(Some(excluded), Some(tax), Some(included));
        let before = serde_json::to_string(&document).unwrap();
        assert_eq!(complete_item(&mut document, false), Ok(()), "{excluded} + {tax} = {included}");
        assert_eq!(serde_json::to_string(&document).unwrap(), before);
    }
    let wrong = [
        ("83.33333", "17.499998", "100.83335", "100.833328"),
        ("83.33333", "17.499998", "100.8", "100.833328"),
        ("100", "19", "120", "119"),
        ("100.00", "19.00", "119.02", "119.00"),
        ("100.00", "19.00", "100.00", "119.00"),
        ("100", "-19", "119", "81"),
    ];
    for (excluded, tax, included, sum) in wrong {
        let document = item(Some(excluded), Some(tax), Some(included));
        let expected = format!("must be taxExcludedAmount and the taxes, which are {sum} EUR");
        let expected = vec![("/taxIncludedAmount".to_owned(), expected)];
        assert_eq!(faults(document.clone(), false), expected, "{excluded} + {tax} = {included}");
        assert_eq!(faults(document, true), expected);
    }
}

#[test]
fn the_smallest_unit_is_that_of_the_currency() {
    let in_currency = |currency: &str, included: &str| {
        let mut item = object(json!({
            "taxExcludedAmount": amount(currency, "100"),
            "appliedTax": [{ "taxAmount": amount(currency, "10") }],
            "taxIncludedAmount": amount(currency, included),
        }));
        complete_item(&mut item, false).is_ok()
    };
    assert!(in_currency("JPY", "111"));
    assert!(!in_currency("JPY", "112"));
    assert!(in_currency("KWD", "110.001"));
    assert!(!in_currency("KWD", "110.01"));
}

#[test]
fn a_missing_amount_is_computed_exactly() {
    let completed = |excluded, tax, included| {
        let mut item = item(excluded, tax, included);
        complete_item(&mut item, false).unwrap();
        ["taxExcludedAmount", "taxIncludedAmount"].map(|name| item[name]["value"].to_string())
    };
    assert_eq!(completed(Some("83.33333"), Some("17.499998"), None), ["83.33333", "100.833328"]);
    assert_eq!(completed(None, Some("17.499998"), Some("100.83333")), ["83.333332", "100.83333"]);
    assert_eq!(completed(Some("100.0"), None, None), ["100.0", "100.0"]);
    assert_eq!(completed(None, None, Some("-5")), ["-5", "-5"]);
}

#[test]
fn what_is_needed_is_asked_for() {
    let pointers =
        |item| faults(item, false).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
    assert_eq!(pointers(item(None, Some("1"), None)), ["/taxExcludedAmount"]);
    assert_eq!(pointers(object(json!({ "taxExcludedAmount": null }))), ["/taxExcludedAmount"]);
    let mut without = item(Some("1"), Some("1"), None);
    without["appliedTax"] = json!([{ "taxRate": 19 }]);
    assert_eq!(pointers(without), ["/appliedTax/0/taxAmount"]);
    // A sum is read again, so it has the limits of what is given.
    assert_eq!(pointers(item(Some("9999999999999"), Some("1"), None)), ["/taxIncludedAmount"]);
}

#[test]
fn all_faults_are_told_at_once() {
    let document = object(json!({
        "taxExcludedAmount": { "unit": "EUR", "value": "1" },
        "taxIncludedAmount": { "unit": "euro", "value": 1 },
        "appliedTax": [7, { "taxRate": "19" }, { "taxCategory": 1 }],
    }));
    let pointers =
        faults(document, true).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
    let expected = [
        "/taxExcludedAmount/value",
        "/taxIncludedAmount/unit",
        "/appliedTax/0",
        "/appliedTax/1/taxRate",
        "/appliedTax/2/taxCategory",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn there_is_one_currency() {
    let mut document = item(Some("1"), Some("1"), Some("2"));
    document["appliedTax"][0]["taxAmount"]["unit"] = json!("USD");
    let (pointer, expectation) =
        ("/appliedTax/0/taxAmount/unit", "must be EUR, as the other amounts are");
    for is_billed_elsewhere in [false, true] {
        let faults = faults(document.clone(), is_billed_elsewhere);
        assert_eq!(faults, [(pointer.to_owned(), expectation.to_owned())]);
    }
    assert_eq!(ItemAmounts::of(&document).unwrap_err().pointer, pointer);
}

#[test]
fn imports_may_lack_anything_and_are_not_guessed_at() {
    for document in
        [item(None, None, None), item(None, None, Some("5")), item(Some("1"), None, Some("1.19"))]
    {
        let mut completed = document.clone();
        assert_eq!(complete_item(&mut completed, true), Ok(()));
        assert_eq!(completed, document);
    }
    let mut without_amount = item(Some("1"), Some("1"), Some("3"));
    without_amount["appliedTax"] = json!([{ "taxRate": 19 }]);
    assert_eq!(complete_item(&mut without_amount, true), Ok(()));
    let mut whole = item(Some("1"), Some("0.19"), None);
    complete_item(&mut whole, true).unwrap();
    assert_eq!(whole["taxIncludedAmount"], amount("EUR", "1.19"));
}

proptest! {
    #[test]
    fn completed_items_are_exact_and_right(items in items()) {
        for item in &items {
            let given = item.document("EUR");
            let mut completed = given.clone();
            complete_item(&mut completed, false).unwrap();
            let sum = item.taxes.iter().fold(big(&item.excluded), |sum, tax| sum + big(&tax.2));
            prop_assert_eq!(big(&completed["taxIncludedAmount"]["value"].to_string()), sum);
            let mut again = completed.clone();
            prop_assert_eq!(complete_item(&mut again, false), Ok(()));
            prop_assert_eq!(&again, &completed);

            let mut without = completed.clone();
            without.remove("taxExcludedAmount");
            complete_item(&mut without, false).unwrap();
            let excluded = big(&without["taxExcludedAmount"]["value"].to_string());
            prop_assert_eq!(excluded, big(&item.excluded));

            let amounts = ItemAmounts::of(&completed).unwrap();
            prop_assert_eq!(big_money(amounts.excluded()), big(&item.excluded));
            prop_assert_eq!(amounts.included().unwrap().to_value(), completed["taxIncludedAmount"].clone());
            prop_assert_eq!(amounts.taxes().len(), item.taxes.len());
        }
    }
}
