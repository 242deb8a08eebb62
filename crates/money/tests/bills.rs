//! What bills show follows from their items, to the last digit.

mod common;

use bigdecimal::BigDecimal;
use common::*;
use money::{Currency, Rounding, Totals};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

proptest! {
    #[test]
    fn a_bill_is_what_big_decimals_make_of_its_items(
        items in items(),
        (code, decimals) in select(&CURRENCIES[..]),
    ) {
        let currency = Currency::from_code(code).unwrap();
        prop_assert_eq!(i64::from(currency.decimals()), decimals);
        let mut totals = Totals::new(currency);
        for item in &items {
            totals.add(&item.amounts(code)).unwrap();
        }
        prop_assert_eq!(totals.count(), items.len() as u64);
        for rounding in [Rounding::Bill, Rounding::Line] {
            let bill = totals.finish(rounding).unwrap();
            prop_assert_eq!(Model::of_bill(&bill), Model::of(&items, decimals, rounding));
            let all = [bill.excluded, bill.included].into_iter().chain(bill.taxes.iter().map(|tax| tax.amount));
            for amount in all {
                prop_assert_eq!(amount.amount().scale(), currency.decimals());
            }
        }
        let exact = items.iter().flat_map(|item| item.taxes.iter().map(|tax| &tax.2).chain([&item.excluded]));
        let exact = exact.map(|digits| big(digits)).sum::<BigDecimal>();
        prop_assert_eq!(big_money(&totals.exact_included().unwrap()), exact);
    }
}

fn totals(items: &[(&str, &str)]) -> Totals {
    let mut totals = Totals::new(Currency::from_code("EUR").unwrap());
    for (excluded, tax) in items {
        let taxes = vec![(Some("VAT"), Some("19"), (*tax).to_owned())];
        totals.add(&Item { excluded: (*excluded).into(), taxes }.amounts("EUR")).unwrap();
    }
    totals
}

#[test]
fn rounding_once_a_bill_differs_from_rounding_each_line() {
    let totals =
        totals(&[("0.333333", "0.063333"), ("0.333333", "0.063333"), ("0.333334", "0.063334")]);
    let shown = |rounding| {
        let bill = totals.finish(rounding).unwrap();
        [bill.excluded, bill.taxes[0].amount, bill.included].map(|money| money.to_string())
    };
    assert_eq!(shown(Rounding::Bill), ["1.00 EUR", "0.19 EUR", "1.19 EUR"]);
    assert_eq!(shown(Rounding::Line), ["0.99 EUR", "0.18 EUR", "1.17 EUR"]);
    assert_eq!(totals.exact_included().unwrap().to_string(), "1.190000 EUR");
}

#[test]
fn included_is_the_sum_of_what_is_shown_even_if_the_exact_sum_rounds_otherwise() {
    let totals = totals(&[("1.004", "0.004")]);
    let bill = totals.finish(Rounding::Bill).unwrap();
    assert_eq!(totals.exact_included().unwrap().rounded().unwrap().to_string(), "1.01 EUR");
    assert_eq!(bill.included.to_string(), "1.00 EUR");
}

#[test]
fn tax_items_are_as_the_api_has_them() {
    let bill = totals(&[("100", "19.00")]).finish(Rounding::default()).unwrap();
    let [tax] = &bill.taxes[..] else { panic!("{:?}", bill.taxes) };
    assert_eq!(
        tax.to_value(),
        json!({ "taxCategory": "VAT", "taxRate": 19, "taxAmount": amount("EUR", "19.00") })
    );
}

#[test]
fn a_bill_of_nothing_shows_nothing() {
    let bill = totals(&[]).finish(Rounding::Bill).unwrap();
    assert_eq!(bill.included.to_string(), "0.00 EUR");
    assert!(bill.taxes.is_empty());
}
