//! The amounts that a bill shows, rounded.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::{Error, Money, exact};

/// When amounts are rounded to the currency's decimals, half away from zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Once a bill: the exact sum over all items, and that of each tax category and rate.
    #[default]
    Bill,
    /// Once a line: each amount of each item.
    Line,
}

/// The amounts of a bill, in the currency's decimals. Made by [`crate::Totals::finish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillAmounts {
    /// `taxExcludedAmount`.
    pub excluded: Money,
    /// `taxItem`: one for each tax category and rate, in their order.
    pub taxes: Vec<TaxItem>,
    /// `taxIncludedAmount`: the sum of the others.
    pub included: Money,
}

/// What a bill has of one tax category and rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxItem {
    /// `taxCategory`, such as `VAT`.
    pub category: Option<String>,
    /// `taxRate`, without zeros at its end.
    pub rate: Option<Decimal>,
    /// `taxAmount`.
    pub amount: Money,
}

impl BillAmounts {
    /// Amounts that are rounded already, and their sum.
    pub(crate) fn new(excluded: Money, taxes: Vec<TaxItem>) -> Result<Self, Error> {
        let included = taxes.iter().try_fold(excluded, |sum, tax| sum.plus(&tax.amount))?;
        Ok(Self { excluded, taxes, included })
    }
}

impl TaxItem {
    /// As an element of `taxItem`.
    pub fn to_value(&self) -> Value {
        let mut item = Map::new();
        if let Some(category) = &self.category {
            item.insert("taxCategory".into(), category.as_str().into());
        }
        if let Some(rate) = self.rate {
            item.insert("taxRate".into(), exact::to_value(rate));
        }
        item.insert("taxAmount".into(), self.amount.to_value());
        Value::Object(item)
    }
}
