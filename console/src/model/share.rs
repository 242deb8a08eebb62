//! How much of a whole something is: what pictures are drawn by.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A part of a whole, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share(u128);

const WHOLE: u128 = 1_000;

impl Share {
    /// How much a count is of another one.
    pub fn of(part: usize, whole: usize) -> Self {
        Self::of_numbers(part as u128, whole as u128)
    }

    /// How much an amount is of another one, to the hundredth of its unit.
    pub fn of_amount(part: Decimal, whole: Decimal) -> Self {
        let hundredths = |amount: Decimal| amount.checked_mul(Decimal::ONE_HUNDRED)?.to_u128();
        let (part, whole) = (hundredths(part), hundredths(whole));
        Self::of_numbers(part.unwrap_or_default(), whole.unwrap_or_default())
    }

    fn of_numbers(part: u128, whole: u128) -> Self {
        let thousandths = part.min(whole).saturating_mul(WHOLE);
        Self(thousandths.checked_div(whole).unwrap_or_default())
    }

    /// This and another part together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self((self.0 + other.0).min(WHOLE))
    }
}

impl fmt::Display for Share {
    /// As styles have it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}%", self.0 / 10, self.0 % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_whole() {
        assert_eq!(Share::of(1, 3).to_string(), "33.3%");
        assert_eq!(Share::of(2, 1).to_string(), "100.0%");
        assert_eq!(Share::of(0, 0).to_string(), "0.0%");
        assert_eq!(Share::of(1, 2).and(Share::of(3, 4)).to_string(), "100.0%");
    }

    #[test]
    fn amounts_have_shares_unless_they_are_credits() {
        let share = |part: &str, whole: &str| {
            Share::of_amount(part.parse().unwrap(), whole.parse().unwrap()).to_string()
        };
        assert_eq!(share("0.10", "0.40"), "25.0%");
        assert_eq!(share("-5", "40"), "0.0%");
        assert_eq!(share("5", "-40"), "0.0%");
    }

    #[test]
    fn the_largest_sums_have_shares() {
        let share = |part: &str, whole: &str| {
            Share::of_amount(part.parse().unwrap(), whole.parse().unwrap()).to_string()
        };
        assert_eq!(share("42949672.96", "85899345.92"), "50.0%");
        let (part, whole) = ("75000000000000000000.12345678", "299999999999999999999.99999999");
        assert_eq!(share(part, whole), "25.0%");
    }
}
