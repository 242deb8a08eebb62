//! Versions of other programs.

use std::fmt;

/// The first two numbers of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The version that is written such as `1.96.0+dfsg1-1~deb12u2`.
pub fn parse(version: &str) -> Option<Version> {
    let mut numbers = version.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some(Version(number()?, number()?))
}

/// The version in what a program prints about itself, such as `spin 4.1.0 (5b1d6d1 2026-08-21)`.
pub fn printed(line: &str) -> Option<Version> {
    parse(line.split_whitespace().nth(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(parse("1.96.0+dfsg1-1~deb12u2"), Some(Version(1, 96)));
        assert!(parse("1.100.0") > parse("1.96.0"));
        assert_eq!(parse("(none)"), None);
    }

    #[test]
    fn the_version_that_a_program_prints_is_read() {
        assert_eq!(printed("spin 4.1.0 (5b1d6d1 2026-08-21)\n"), Some(Version(4, 1)));
        assert_eq!(printed("spin 4.1.0-pre0"), Some(Version(4, 1)));
        assert_eq!(printed("rustc 1.96.0 (ac68faa20 2026-05-25) (Debian)"), Some(Version(1, 96)));
        assert!(printed("spin 10.0.0") > printed("spin 4.1.0"));
        assert_eq!(printed("unexpected"), None);
    }
}
