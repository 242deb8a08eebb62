//! Numbers compared by value, digit by digit: money is never turned into binary floating point.

use std::cmp::Ordering;

/// A decimal number: `0.digits` times ten to the power of `exponent`, or its negative. Digits neither
/// begin nor end with 0, so that equal numbers have equal parts; 0 has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

impl Decimal {
    /// Reads a number as JSON writes it (RFC 8259), also with a plus sign or zeros in front. An
    /// exponent beyond what 64 bits hold counts as the greatest that they do.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let Some(first) = digits.iter().position(|digit| *digit != b'0') else {
            return Some(Self { negative: false, exponent: 0, digits: Vec::new() });
        };
        let last = digits.iter().rposition(|digit| *digit != b'0').unwrap_or(first);
        // Numbers in a request are short: their lengths are far from what an i64 holds.
        let exponent = exponent.saturating_add(whole.len() as i64).saturating_sub(first as i64);
        Some(Self { negative, exponent, digits: digits[first..=last].to_vec() })
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(limit))
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size =
            || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        match sign(self).cmp(&sign(other)) {
            Ordering::Equal if self.negative => size().reverse(),
            Ordering::Equal => size(),
            unequal => unequal,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        for (a, b) in [
            ("100.10", "100.1"),
            ("1e2", "100"),
            ("1E-2", "0.01"),
            ("-0", "0.000"),
            ("+5", "005.0"),
            ("12.5e+1", "125"),
        ] {
            assert_eq!(decimal(a), decimal(b), "{a} {b}");
        }
    }

    #[test]
    fn numbers_ascend_by_value_beyond_what_floating_point_tells_apart() {
        let ascending = [
            "-1e99999999999999999999",
            "-10",
            "-9.99",
            "-0.1",
            "-1e-9999",
            "0",
            "1e-99999999999999999999",
            "0.1",
            "0.30000000000000001",
            "0.30000000000000002",
            "9007199254740993",
            "9007199254740994",
            "1e400",
        ];
        assert!(ascending.is_sorted_by(|a, b| decimal(a) < decimal(b)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", "-", ".", "1.", ".5", "1e", "1e+", "0x1", "1 ", "NaN", "1,5", "--1", "1e5.5"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_compare_as_integers(a: i64, b: i64) {
            prop_assert_eq!(decimal(&a.to_string()).cmp(&decimal(&b.to_string())), a.cmp(&b));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = Decimal::parse(&text);
        }
    }
}
