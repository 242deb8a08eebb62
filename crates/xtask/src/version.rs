//! Versions of other programs.

/// The first two numbers of a version such as `1.96.0+dfsg1-1~deb12u2`.
pub fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

/// The version in what a program prints about itself, such as `spin 4.1.0 (5b1d6d1 2026-08-21)`.
pub fn printed(line: &str) -> Option<(u32, u32)> {
    parse(line.split_whitespace().nth(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(parse("1.96.0+dfsg1-1~deb12u2"), Some((1, 96)));
        assert!(parse("1.100.0") > parse("1.96.0"));
        assert_eq!(parse("(none)"), None);
    }

    #[test]
    fn the_version_that_a_program_prints_is_read() {
        assert_eq!(printed("spin 4.1.0 (5b1d6d1 2026-08-21)\n"), Some((4, 1)));
        assert_eq!(printed("spin 4.1.0-pre0"), Some((4, 1)));
        assert_eq!(printed("rustc 1.96.0 (ac68faa20 2026-05-25) (Debian)"), Some((1, 96)));
        assert!(printed("spin 10.0.0") > printed("spin 4.1.0"));
        assert_eq!(printed("unexpected"), None);
    }
}
