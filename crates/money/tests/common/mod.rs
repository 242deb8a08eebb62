//! Items to compute with, and a model that computes with big decimals.

// Each file of tests uses a part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode};
use money::{BillAmounts, ItemAmounts, Money, Rounding};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Currencies with 0, 2, 3 and 4 decimals.
pub const CURRENCIES: [(&str, i64); 4] = [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4)];

/// A bill item as a client writes it.
#[derive(Debug, Clone)]
pub struct Item {
    pub excluded: String,
    /// Category, rate, amount.
    pub taxes: Vec<(Option<&'static str>, Option<&'static str>, String)>,
}

impl Item {
    pub fn document(&self, currency: &str) -> Map<String, Value> {
        let mut document = object(json!({ "taxExcludedAmount": amount(currency, &self.excluded) }));
        let taxes = self.taxes.iter().map(|(category, rate, digits)| {
            let rate = rate.map(|rate| rate.parse::<serde_json::Number>().unwrap());
            let tax = json!({ "taxCategory": category, "taxRate": rate, "taxAmount": amount(currency, digits) });
            Value::Object(object(tax).into_iter().filter(|(_, value)| !value.is_null()).collect())
        });
        document.insert("appliedTax".into(), taxes.collect());
        document
    }

    pub fn amounts(&self, currency: &str) -> ItemAmounts {
        ItemAmounts::of(&self.document(currency)).unwrap()
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

pub fn amount(currency: &str, digits: &str) -> Value {
    serde_json::from_str(&format!(r#"{{"unit":"{currency}","value":{digits}}}"#)).unwrap()
}

/// Amounts of either sign with up to six decimals, many of which are halves of a smallest unit.
pub fn amounts() -> impl Strategy<Value = String> {
    let halves = (-2_000i64..2_000, 0u32..=4).prop_map(|(number, decimals)| {
        let number = BigDecimal::new((number * 10 + 5).into(), i64::from(decimals) + 1);
        number.to_plain_string()
    });
    let any = (-10i64.pow(12)..10i64.pow(12), 0i64..=6)
        .prop_map(|(number, decimals)| BigDecimal::new(number.into(), decimals).to_plain_string());
    prop_oneof![halves, any]
}

pub fn items() -> impl Strategy<Value = Vec<Item>> {
    let category = select(vec![None, Some("VAT"), Some("city \"tax\"")]);
    let rate = select(vec![
        None,
        Some("19"),
        Some("19.0"),
        Some("1.9e1"),
        Some("7"),
        Some("0.0825"),
        Some("0"),
    ]);
    let taxes = prop::collection::vec((category, rate, amounts()), 0..4);
    let item = (amounts(), taxes).prop_map(|(excluded, taxes)| Item { excluded, taxes });
    prop::collection::vec(item, 0..12)
}

pub fn big(digits: &str) -> BigDecimal {
    BigDecimal::from_str(digits).unwrap()
}

pub fn big_money(money: &Money) -> BigDecimal {
    big(&money.amount().to_string())
}

/// What a bill must show, computed from items by the letter of the rule.
#[derive(Debug, PartialEq)]
pub struct Model {
    pub excluded: BigDecimal,
    pub taxes: BTreeMap<(Option<String>, Option<BigDecimal>), BigDecimal>,
    pub included: BigDecimal,
}

impl Model {
    pub fn of(items: &[Item], decimals: i64, rounding: Rounding) -> Self {
        let round = |number: BigDecimal| number.with_scale_round(decimals, RoundingMode::HalfUp);
        let of_line = |digits: &str| match rounding {
            Rounding::Bill => big(digits),
            Rounding::Line => round(big(digits)),
        };
        let excluded = round(items.iter().map(|item| of_line(&item.excluded)).sum());
        let mut taxes = BTreeMap::new();
        for (category, rate, digits) in items.iter().flat_map(|item| &item.taxes) {
            let key = (category.map(str::to_owned), rate.map(|rate| big(rate).normalized()));
            *taxes.entry(key).or_insert_with(|| big("0")) += of_line(digits);
        }
        let taxes =
            taxes.into_iter().map(|(key, sum)| (key, round(sum))).collect::<BTreeMap<_, _>>();
        let included = taxes.values().fold(excluded.clone(), |sum, tax| sum + tax);
        Self { excluded, taxes, included }
    }

    pub fn of_bill(bill: &BillAmounts) -> Self {
        let taxes = bill.taxes.iter().map(|tax| {
            let rate = tax.rate.map(|rate| big(&rate.to_string()).normalized());
            ((tax.category.clone(), rate), big_money(&tax.amount))
        });
        Self {
            excluded: big_money(&bill.excluded),
            taxes: taxes.collect(),
            included: big_money(&bill.included),
        }
    }
}
