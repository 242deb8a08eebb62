//! The currencies of ISO 4217 and their decimals.

use std::cmp::Ordering;
use std::fmt;

/// A currency of ISO 4217 that amounts can be rounded in.
///
/// Those that were replaced are known too (such as HRK), because old bills are in them. Those that
/// have no minor unit (such as XAU, XDR or XXX) are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    iso: iso_currency::Currency,
    decimals: u32,
}

impl Currency {
    /// The currency with this code: three capital letters.
    pub fn from_code(code: &str) -> Option<Self> {
        let iso = iso_currency::Currency::from_code(code)?;
        Some(Self { iso, decimals: u32::from(iso.exponent()?) })
    }

    /// The code, such as `EUR`.
    pub fn code(self) -> &'static str {
        self.iso.code()
    }

    /// How many decimals its smallest unit has: 2 for a cent.
    pub fn decimals(self) -> u32 {
        self.decimals
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// By code.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_the_standard() {
        let known = [
            ("JPY", 0),
            ("ISK", 0),
            ("EUR", 2),
            ("HUF", 2),
            ("KWD", 3),
            ("TND", 3),
            ("CLF", 4),
            ("UYW", 4),
        ];
        for (code, decimals) in known {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!((currency.code(), currency.decimals()), (code, decimals));
        }
    }

    #[test]
    fn what_cannot_be_rounded_is_no_currency_here() {
        for code in ["XAU", "XXX", "XTS", "XDR", "eur", "EU", "EURO", "ZZZ", "", "978", "€"] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
    }

    #[test]
    fn decimals_never_exceed_what_amounts_may_have() {
        for first in b'A'..=b'Z' {
            for second in b'A'..=b'Z' {
                for third in b'A'..=b'Z' {
                    let code = [first, second, third].map(char::from).iter().collect::<String>();
                    if let Some(currency) = Currency::from_code(&code) {
                        assert_eq!(currency.code(), code);
                        assert!(currency.decimals() <= crate::MOST_DECIMALS);
                    }
                }
            }
        }
    }
}
