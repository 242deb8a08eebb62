//! Regular expressions of queries: searched for anywhere in a text, in time that grows with the length
//! of the text and the size of the expression only.

use regex_lite::{Regex, RegexBuilder};

/// How many regular expressions a query can have.
pub(super) const MAX_PATTERNS: usize = 4;

/// How long an expression can be, in characters.
const MAX_CHARS: usize = 256;

/// How much memory a compiled expression can take, in bytes. Counted repetition multiplies.
const MAX_BYTES: usize = 16 * 1024;

/// How exactly its memory is known, in bytes.
const EXACTNESS: usize = 64;

/// About how many bytes of a compiled expression are looked at in a step, for each byte of a text.
const BYTES_PER_STEP: usize = 12;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    steps_per_byte: u64,
}

impl Pattern {
    /// Compiles `text`; the error says what is wrong with it.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_CHARS {
            return Err(format!("has more than {MAX_CHARS} characters"));
        }
        let build = |limit| RegexBuilder::new(text).size_limit(limit).build();
        let regex = build(MAX_BYTES).map_err(|error| format!("cannot be used: {error}"))?;
        // The library does not say how much it takes: it is the least limit that lets it through.
        let (mut too_little, mut enough) = (0, MAX_BYTES);
        while enough - too_little > EXACTNESS {
            let limit = too_little.midpoint(enough);
            match build(limit) {
                Ok(_) => enough = limit,
                Err(_) => too_little = limit,
            }
        }
        Ok(Self { regex, steps_per_byte: enough.div_ceil(BYTES_PER_STEP) as u64 })
    }

    /// Whether it is found in the text.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// How many steps it takes at most to look for it in the text.
    pub fn steps(&self, text: &str) -> u64 {
        (text.len() as u64).saturating_add(8).saturating_mul(self.steps_per_byte)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn expressions_are_short_and_small() {
        assert!(Pattern::compile(&"ä".repeat(MAX_CHARS)).is_ok());
        for wrong in [&"a".repeat(MAX_CHARS + 1)[..], "(", "(.?){800}Z", "((a{99}){99}){99}"] {
            assert!(Pattern::compile(wrong).is_err(), "{wrong}");
        }
    }

    /// Prints how long a step takes, to be compared with what the budget says.
    #[test]
    fn the_worst_expressions_cost_what_is_charged() {
        let text = "a".repeat(10_000);
        for expression in [
            "(.?){60}Z",
            "(a*)*b",
            "(?:a|aa)+$",
            "(a?){50}Z",
            "([a-z]+)*Z",
            "(.*){9}Z",
            "x",
            "(?i)Ä.*",
        ] {
            let pattern = Pattern::compile(expression).unwrap();
            let begin = Instant::now();
            assert!(!pattern.is_in(&text) || expression.ends_with('$'), "{expression}");
            let steps = pattern.steps(&text);
            let each = begin.elapsed().as_nanos() / u128::from(steps);
            println!("{expression}: {} steps a byte, of {each} ns", pattern.steps_per_byte);
        }
    }
}
