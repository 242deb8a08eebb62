//! Totals are the same however they come about.

mod common;

use common::*;
use money::{Currency, Error, Rounding, Totals};
use proptest::prelude::*;

fn of(currency: &str, items: &[Item]) -> Totals {
    let mut totals = Totals::new(Currency::from_code(currency).unwrap());
    for item in items {
        totals.add(&item.amounts(currency)).unwrap();
    }
    totals
}

fn stored(totals: &Totals) -> String {
    serde_json::to_string(totals).unwrap()
}

proptest! {
    #[test]
    fn order_does_not_matter((items, shuffled) in items().prop_flat_map(|items| {
        (Just(items.clone()), Just(items).prop_shuffle())
    })) {
        let totals = of("EUR", &items);
        prop_assert_eq!(&totals, &of("EUR", &shuffled));
        prop_assert_eq!(stored(&totals), stored(&of("EUR", &shuffled)));
    }

    #[test]
    fn merging_is_adding((items, at) in items().prop_flat_map(|items| {
        let count = items.len();
        (Just(items), 0..=count)
    })) {
        let mut first = of("KWD", &items[..at]);
        first.merge(&of("KWD", &items[at..])).unwrap();
        prop_assert_eq!(stored(&first), stored(&of("KWD", &items)));
    }

    #[test]
    fn what_is_stored_comes_back(items in items()) {
        let totals = of("CLF", &items);
        let back = serde_json::from_str::<Totals>(&stored(&totals)).unwrap();
        prop_assert_eq!(&back, &totals);
        prop_assert_eq!(stored(&back), stored(&totals));
    }

    #[test]
    fn what_was_stored_by_nobody_is_no_panic(text in r#"\{"currency":"(EUR|XXX)","count":[0-9]{1,20},"excluded":\["[-0-9.e]{0,30}","1"\](,"taxes":\[\[null,"[-0-9.]{0,4}",\["1","[0-9]{1,25}"\]\]\])?\}"#) {
        if let Ok(totals) = serde_json::from_str::<Totals>(&text) {
            let _ = (totals.exact_included(), totals.finish(Rounding::Line));
            let mut twice = totals.clone();
            let _ = twice.merge(&totals);
        }
    }
}

#[test]
fn the_stored_form_is_small_and_text() {
    let item = Item {
        excluded: "83.33333".into(),
        taxes: vec![(Some("VAT"), Some("21.0"), "17.499998".into())],
    };
    let expected = r#"{"currency":"EUR","count":1,"excluded":["83.33333","83.33"],"taxes":[["VAT","21",["17.499998","17.50"]]]}"#;
    assert_eq!(stored(&of("EUR", &[item])), expected);
}

#[test]
fn rates_are_one_by_value() {
    let taxes =
        ["19", "19.0", "1.9e1"].map(|rate| (Some("VAT"), Some(rate), "1".to_owned())).to_vec();
    let bill = of("EUR", &[Item { excluded: "0".into(), taxes }]).finish(Rounding::Bill).unwrap();
    assert_eq!(bill.taxes.len(), 1);
    assert_eq!(bill.taxes[0].amount.to_string(), "3.00 EUR");
}

#[test]
fn currencies_are_not_mixed() {
    let item = Item { excluded: "1".into(), taxes: vec![] };
    let mut totals = of("EUR", std::slice::from_ref(&item));
    assert!(matches!(totals.add(&item.amounts("JPY")), Err(Error::Currencies { .. })));
    assert!(matches!(totals.merge(&of("JPY", &[item])), Err(Error::Currencies { .. })));
}

#[test]
fn ten_million_of_the_largest_items_have_an_exact_sum() {
    let largest = Item { excluded: "9999999999999.99999999".into(), taxes: vec![] };
    let mut totals = of("EUR", &vec![largest; 10]);
    for _ in 0..6 {
        let tenth = totals.clone();
        for _ in 0..9 {
            totals.merge(&tenth).unwrap();
        }
    }
    assert_eq!(totals.count(), 10_000_000);
    assert_eq!(totals.exact_included().unwrap().to_string(), "99999999999999999999.90000000 EUR");
    let once = totals.clone();
    totals.merge(&once).unwrap();
    assert_eq!(totals.merge(&once), Err(Error::Limit));
}
