//! No JSON makes any of this panic.

use money::{Currency, ItemAmounts, Money, Rounding, Totals, complete_item, paid, remaining};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

/// JSON with the names that are looked for, and numbers at and beyond every limit.
fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        select(vec![
            "0",
            "-0",
            "-0.0e-7",
            "1e28",
            "1e29",
            "9e27",
            "1e-28",
            "1e-29",
            "1e400",
            "-1e-400",
            "9999999999999",
            "9999999999999.99999999",
            "1e13",
            "99999999999999999999.99999999",
            "79228162514264337593543950335",
            "79228162514264337593543950336",
            "1e2147483648",
            "1e-2147483649",
            "0.000000000000000000000000000001",
        ])
        .prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,35})(\\.[0-9]{1,35})?([eE][+-]?[0-9]{1,4})?",
    ];
    let number = number.prop_map(|text| text.parse().map_or(Value::Null, Value::Number));
    let leaf = prop_oneof![
        number.clone(),
        select(vec!["EUR", "JPY", "CLF", "XXX", "eur", "", "1.5"]).prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    let money = (select(vec!["EUR", "JPY"]), number).prop_map(|(unit, value)| {
        Value::Object(Map::from_iter([
            ("unit".to_owned(), unit.into()),
            ("value".to_owned(), value),
        ]))
    });
    prop_oneof![leaf, money].prop_recursive(4, 48, 6, |inner| {
        let name = select(vec![
            "taxExcludedAmount",
            "taxIncludedAmount",
            "appliedTax",
            "taxAmount",
            "taxCategory",
            "taxRate",
            "unit",
            "value",
            "appliedPayment",
            "appliedAmount",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| {
                Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn anything_is_read_or_refused(document in json(), is_billed_elsewhere: bool) {
        if let Ok(money) = Money::read_sum(&document, "") {
            // What was read is written so that it is read again.
            prop_assert_eq!(Money::read_sum(&money.to_value(), ""), Ok(money));
            let _ = (money.rounded(), money.plus(&money), money.minus(&money));
        }
        let Value::Object(mut document) = document else { return Ok(()) };
        let completed = complete_item(&mut document, is_billed_elsewhere);
        if let Ok(amounts) = ItemAmounts::of(&document) {
            let mut totals = Totals::new(amounts.currency());
            if totals.add(&amounts).is_ok() {
                let _ = (totals.finish(Rounding::Bill), totals.finish(Rounding::Line), totals.exact_included());
            }
        } else {
            prop_assert!(is_billed_elsewhere || completed.is_err());
        }
        let euro = Currency::from_code("EUR").unwrap();
        let _ = (paid(&document, euro), remaining(&Money::zero(euro), &document));
    }
}
