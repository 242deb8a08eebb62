//! Decimal numbers: from digits, to digits, sums and their limits.
//!
//! A `Decimal` holds 28 digits, and rounds a sum that needs more without saying so. The limits here
//! leave it no sum to round: two numbers below 3·10²⁰ with 8 decimals add up to less than 6·10²⁸
//! units of the last digit, and it holds 7.9·10²⁸.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value};

use crate::Error;

/// The most decimals that an amount may have.
pub const MOST_DECIMALS: u32 = 8;

/// What the amount of an item or a payment must be less than, on either side of zero. Ten million
/// items and their taxes stay below [`LIMIT_OF_SUMS`].
pub const LIMIT_OF_AMOUNTS: u128 = 10u128.pow(13);

/// What a sum must be less than, on either side of zero.
pub const LIMIT_OF_SUMS: u128 = 3 * 10u128.pow(20);

/// The most digits that a power of ten can have here.
const MOST_DIGITS: u32 = 28;

/// The number that a JSON number says, with its decimals as written, if 28 digits can say it
/// exactly.
pub(crate) fn number(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return digits(&text) };
    let digits = self::digits(digits)?;
    if digits.is_zero() {
        return Some(Decimal::ZERO);
    }
    let mut digits = digits.normalize();
    let scale = i64::from(digits.scale()) - i64::from(exponent.parse::<i32>().ok()?);
    match u32::try_from(scale) {
        Ok(scale) => digits.set_scale(scale).ok().map(|()| digits),
        Err(_) => {
            let zeros = u32::try_from(-scale).ok().filter(|zeros| *zeros <= MOST_DIGITS)?;
            let power = Decimal::try_from_i128_with_scale(10i128.pow(zeros), 0).ok()?;
            digits.set_scale(0).ok()?;
            digits.checked_mul(power)
        }
    }
}

/// The number that plain decimal digits say. There is no negative zero.
pub(crate) fn digits(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).ok().map(unsigned_zero)
}

/// `number` as JSON: plain decimal notation, with all of its decimals.
pub(crate) fn to_value(number: Decimal) -> Value {
    // The digits of a decimal are a number of JSON, always.
    number.to_string().parse().map_or(Value::Null, Value::Number)
}

/// `amount`, if it is within the limits. Zeros at its end that are too many are left out.
pub(crate) fn within(amount: Decimal, limit: u128) -> Option<Decimal> {
    let amount = if amount.scale() > MOST_DECIMALS { amount.normalize() } else { amount };
    let whole = amount.trunc().mantissa().unsigned_abs();
    (amount.scale() <= MOST_DECIMALS && whole < limit).then_some(amount)
}

/// The exact sum of two numbers within the limits, with as many decimals as the one that has more.
pub fn sum(first: Decimal, second: Decimal) -> Result<Decimal, Error> {
    let mut sum = first.checked_add(second).ok_or(Error::Limit)?;
    // A zero loses its decimals when it is added.
    sum.rescale(first.scale().max(second.scale()));
    within(unsigned_zero(sum), LIMIT_OF_SUMS).ok_or(Error::Limit)
}

/// `amount` with this many decimals, rounded half away from zero.
pub(crate) fn rounded(amount: Decimal, decimals: u32) -> Result<Decimal, Error> {
    let mut rounded =
        amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(decimals);
    within(unsigned_zero(rounded), LIMIT_OF_SUMS).ok_or(Error::Limit)
}

fn unsigned_zero(number: Decimal) -> Decimal {
    if number.is_zero() { number.abs() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        number(&text.parse().unwrap()).map(|number| number.to_string())
    }

    #[test]
    fn digits_are_kept() {
        for text in [
            "0",
            "1.50",
            "0.00",
            "-17.499998",
            "79228162514264337593543950335",
            "0.0000000000000000000000000001",
        ] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        assert_eq!(read("-0.00").as_deref(), Some("0.00"));
    }

    #[test]
    fn exponents_are_exact_or_refused() {
        let cases = [
            ("1.5e3", "1500"),
            ("1E+2", "100"),
            ("150e-2", "1.50"),
            ("0e999999999999", "0"),
            ("1e28", "1e28"),
        ];
        for (text, expected) in cases {
            let expected = expected.replace("1e28", &format!("1{}", "0".repeat(28)));
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in ["1e29", "1e-29", "1e999999999999", "9e28", "1.00000000000000000000000000001"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn sums_keep_the_decimals_of_both() {
        let sum = |first, second| {
            sum(digits(first).unwrap(), digits(second).unwrap()).map(|sum| sum.to_string())
        };
        assert_eq!(sum("0.000", "1.5"), Ok("1.500".into()));
        assert_eq!(sum("1.5", "-1.50"), Ok("0.00".into()));
        assert_eq!(
            sum("299999999999999999999.99999999", "0.00000000"),
            Ok("299999999999999999999.99999999".into())
        );
        assert_eq!(sum("299999999999999999999.99999999", "0.00000001"), Err(Error::Limit));
        assert_eq!(sum("-299999999999999999999", "-1"), Err(Error::Limit));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let cases = [
            ("0.005", 2, "0.01"),
            ("-0.005", 2, "-0.01"),
            ("0.0049", 2, "0.00"),
            ("-0.0049", 2, "0.00"),
            ("2.5", 0, "3"),
            ("7", 3, "7.000"),
        ];
        for (amount, decimals, expected) in cases {
            assert_eq!(
                rounded(digits(amount).unwrap(), decimals).unwrap().to_string(),
                expected,
                "{amount}"
            );
        }
    }
}
