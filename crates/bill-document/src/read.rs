//! What both forms show of a document.

use money::Money;
use serde_json::Value;

/// The text at a path of attributes.
pub(crate) fn text<'a>(document: &'a Value, path: &[&str]) -> Option<&'a str> {
    let value = path.iter().try_fold(document, |value, name| value.get(name))?;
    value.as_str().filter(|text| !text.is_empty())
}

/// The elements of an array, none if it is not there.
pub(crate) fn elements<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An amount to show.
pub(crate) struct Amount {
    /// The digits that are stored, in plain decimal notation, with the currency's decimals at
    /// least.
    pub(crate) digits: String,
    /// The currency.
    pub(crate) unit: String,
    /// Whether the amount is money that can be computed with. If not, anything can be in both
    /// texts.
    pub(crate) is_money: bool,
}

impl Amount {
    /// The amount that `document` has by this name.
    pub(crate) fn of(document: &Value, name: &str) -> Option<Self> {
        let value = document.get(name).filter(|value| !value.is_null())?;
        if let Ok(money) = Money::read_sum(value, "") {
            return Some(Self::of_money(&money));
        }
        let digits = match value.get("value") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        Some(Self {
            digits,
            unit: text(value, &["unit"]).unwrap_or_default().into(),
            is_money: false,
        })
    }

    pub(crate) fn of_money(money: &Money) -> Self {
        let mut amount = money.amount();
        amount.rescale(amount.scale().max(money.currency().decimals()));
        Self { digits: amount.to_string(), unit: money.currency().to_string(), is_money: true }
    }
}

/// A tax as a text: category and rate. A rate is shown as it is stored, because whether 0.21 or 21
/// means 21 % is between those who write and those who read it.
pub(crate) fn tax(tax: &Value) -> String {
    let category = text(tax, &["taxCategory"]).unwrap_or("Tax");
    match tax.get("taxRate") {
        Some(Value::Number(rate)) => format!("{category} ({rate})"),
        _ => category.into(),
    }
}
