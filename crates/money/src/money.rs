//! An amount in a currency, as JSON and as a value to compute with.

use std::fmt;

use rust_decimal::Decimal;
use schemas::Fault;
use serde_json::{Value, json};

use crate::exact::{self, LIMIT_OF_AMOUNTS, LIMIT_OF_SUMS, MOST_DECIMALS};
use crate::{Currency, Error};

/// An amount in a currency. Less than [`LIMIT_OF_SUMS`] on either side of zero, with at most
/// [`MOST_DECIMALS`] decimals; equal by value, so that 1.5 EUR is 1.50 EUR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    currency: Currency,
    amount: Decimal,
}

impl Money {
    /// An amount in a currency, with its decimals as they are.
    pub fn new(currency: Currency, amount: Decimal) -> Result<Self, Error> {
        let amount = exact::within(amount, LIMIT_OF_SUMS).ok_or(Error::Limit)?;
        Ok(Self { currency, amount })
    }

    /// Nothing, with the currency's decimals.
    pub fn zero(currency: Currency) -> Self {
        let mut amount = Decimal::ZERO;
        amount.rescale(currency.decimals());
        Self { currency, amount }
    }

    /// What a client says that an item costs or a payment was, from `{"unit": "EUR", "value":
    /// 1.50}`: less than [`LIMIT_OF_AMOUNTS`] on either side of zero. `pointer` is where it stands
    /// in its document.
    pub fn read(value: &Value, pointer: &str) -> Result<Self, Fault> {
        Self::read_below(LIMIT_OF_AMOUNTS, value, pointer)
    }

    /// A sum, such as what is due of a bill, from the same form: less than [`LIMIT_OF_SUMS`].
    pub fn read_sum(value: &Value, pointer: &str) -> Result<Self, Fault> {
        Self::read_below(LIMIT_OF_SUMS, value, pointer)
    }

    fn read_below(limit: u128, value: &Value, pointer: &str) -> Result<Self, Fault> {
        let Value::Object(money) = value else {
            return Err(Fault::new(
                pointer,
                "must be money, such as {\"unit\": \"EUR\", \"value\": 1.50}",
            ));
        };
        let unit = format!("{pointer}/unit");
        let currency = match money.get("unit") {
            None | Some(Value::Null) => return Err(missing(unit)),
            Some(unit) => unit.as_str().and_then(Currency::from_code),
        };
        let currency = currency.ok_or_else(|| {
            Fault::new(
                unit,
                "must be the code of a currency that has a smallest unit (ISO 4217), such as EUR",
            )
        })?;
        let pointer = format!("{pointer}/value");
        let amount = match money.get("value") {
            None | Some(Value::Null) => return Err(missing(pointer)),
            Some(Value::Number(number)) => exact::number(number),
            Some(_) => return Err(Fault::new(pointer, "must be a number")),
        };
        match amount.and_then(|amount| exact::within(amount, limit)) {
            Some(amount) => Ok(Self { currency, amount }),
            None => Err(Fault::new(pointer, beyond(limit))),
        }
    }

    /// As JSON: `{"unit": "EUR", "value": 1.50}`, in plain decimal notation with all decimals.
    pub fn to_value(&self) -> Value {
        json!({ "unit": self.currency.code(), "value": exact::to_value(self.amount) })
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The number of units of the currency, with the decimals that it was given or came out with.
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The exact sum.
    pub fn plus(&self, other: &Self) -> Result<Self, Error> {
        if self.currency != other.currency {
            return Err(Error::Currencies { first: self.currency, other: other.currency });
        }
        Ok(Self { currency: self.currency, amount: exact::sum(self.amount, other.amount)? })
    }

    /// The exact difference.
    pub fn minus(&self, other: &Self) -> Result<Self, Error> {
        self.plus(&other.negated())
    }

    /// The amount on the other side of zero.
    pub fn negated(&self) -> Self {
        let amount = if self.amount.is_zero() { self.amount } else { -self.amount };
        Self { currency: self.currency, amount }
    }

    /// Rounded to the currency's smallest unit, half away from zero.
    pub fn rounded(&self) -> Result<Self, Error> {
        Ok(Self {
            currency: self.currency,
            amount: exact::rounded(self.amount, self.currency.decimals())?,
        })
    }
}

/// Such as `1.50 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount, self.currency)
    }
}

/// What an amount at or beyond `limit` is told.
pub(crate) fn beyond(limit: u128) -> String {
    format!(
        "must be less than {limit} and more than -{limit}, with at most {MOST_DECIMALS} decimals"
    )
}

/// A fault at `pointer`: what is required there is not.
pub(crate) fn missing(pointer: String) -> Fault {
    Fault { missing: true, ..Fault::new(pointer, "is required") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Money, Fault> {
        Money::read(&serde_json::from_str(json).unwrap(), "/price")
    }

    #[test]
    fn digits_come_back_as_they_were() {
        for json in
            [r#"{"unit":"EUR","value":1.50}"#, r#"{"unit":"JPY","value":-9999999999999.00000001}"#]
        {
            assert_eq!(read(json).unwrap().to_value().to_string(), json);
        }
        let exponent = read(r#"{"unit":"EUR","value":12.5e1}"#).unwrap();
        assert_eq!(exponent.to_value().to_string(), r#"{"unit":"EUR","value":125}"#);
        let zeros = read(r#"{"unit":"EUR","value":1.5000000000}"#).unwrap();
        assert_eq!(zeros.to_string(), "1.5 EUR");
    }

    #[test]
    fn faults_say_where_and_what_would_be_right() {
        let cases = [
            ("1.50", "/price", "must be money"),
            ("{\"value\":1}", "/price/unit", "is required"),
            ("{\"unit\":\"Eur\",\"value\":1}", "/price/unit", "ISO 4217"),
            ("{\"unit\":978,\"value\":1}", "/price/unit", "ISO 4217"),
            ("{\"unit\":\"XXX\",\"value\":1}", "/price/unit", "ISO 4217"),
            ("{\"unit\":\"EUR\"}", "/price/value", "is required"),
            ("{\"unit\":\"EUR\",\"value\":\"1.50\"}", "/price/value", "must be a number"),
            (
                "{\"unit\":\"EUR\",\"value\":10000000000000}",
                "/price/value",
                "less than 10000000000000",
            ),
            ("{\"unit\":\"EUR\",\"value\":-1e13}", "/price/value", "less than 10000000000000"),
            ("{\"unit\":\"EUR\",\"value\":0.000000001}", "/price/value", "at most 8 decimals"),
            ("{\"unit\":\"EUR\",\"value\":1e400}", "/price/value", "less than 10000000000000"),
        ];
        for (json, pointer, expectation) in cases {
            let fault = read(json).unwrap_err();
            assert_eq!(fault.pointer, pointer, "{json}");
            assert!(fault.expectation.contains(expectation), "{json}: {fault}");
            assert_eq!(fault.missing, expectation == "is required", "{json}");
        }
    }

    #[test]
    fn sums_may_be_larger_than_what_clients_give() {
        let large = json!({ "unit": "EUR", "value": 10_000_000_000_000u64 });
        assert!(Money::read(&large, "").is_err());
        assert_eq!(Money::read_sum(&large, "").unwrap().to_value(), large);
    }

    #[test]
    fn currencies_are_not_mixed() {
        let [euro, yen] =
            ["EUR", "JPY"].map(|code| Money::zero(Currency::from_code(code).unwrap()));
        assert_eq!(euro.to_string(), "0.00 EUR");
        let mixed = Error::Currencies { first: euro.currency(), other: yen.currency() };
        assert_eq!(euro.plus(&yen), Err(mixed));
    }

    #[test]
    fn no_zero_is_negative() {
        let zero = Money::zero(Currency::from_code("EUR").unwrap());
        assert_eq!(zero.negated().to_string(), "0.00 EUR");
        let little = read(r#"{"unit":"EUR","value":-0.004}"#).unwrap();
        assert_eq!(little.rounded().unwrap().to_string(), "0.00 EUR");
    }
}
