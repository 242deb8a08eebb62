//! A store as text, to be kept in a file.
//!
//! A line is a key, a blank and the value in hexadecimal digits, in which `(07x2500)` is the byte 07 for
//! 2500 times.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;

/// How many equal bytes are written as one.
const RUN: usize = 16;

/// The keys and values of a store as text.
pub fn to_text(contents: &BTreeMap<String, Bytes>) -> String {
    let mut text = String::new();
    for (key, value) in contents {
        text.push_str(key);
        text.push(' ');
        for run in value.chunk_by(|a, b| a == b) {
            let digits = format!("{:02x}", run[0]);
            // Writing to a string cannot fail.
            let _ = match run.len() {
                len @ RUN.. => write!(text, "({digits}x{len})"),
                len => write!(text, "{}", digits.repeat(len)),
            };
        }
        text.push('\n');
    }
    text
}

/// What [`to_text`] has made such a text of; otherwise the key of the first line that is none of its.
pub fn from_text(text: &str) -> Result<BTreeMap<String, Bytes>, String> {
    let entry = |line: &str| {
        let (key, value) = line.split_once(' ').unwrap_or((line, "?"));
        let value = bytes(value).ok_or_else(|| key.to_owned())?;
        Ok((key.to_owned(), value.into()))
    };
    text.lines().map(entry).collect()
}

fn bytes(mut text: &str) -> Option<Vec<u8>> {
    let byte = |digits: &str| u8::from_str_radix(digits, 16).ok();
    let mut bytes = Vec::new();
    while !text.is_empty() {
        if let Some(run) = text.strip_prefix('(') {
            let (run, rest) = run.split_once(')')?;
            let (digits, len) = run.split_once('x')?;
            bytes.resize(bytes.len() + len.parse::<usize>().ok()?, byte(digits)?);
            text = rest;
        } else {
            let (digits, rest) = text.split_at_checked(2)?;
            bytes.push(byte(digits)?);
            text = rest;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_read_as_it_was_written() {
        let values: [&[u8]; 4] =
            [b"", &[0, 255], &[7; 15], &[&[1][..], &[7; 2500], &[2; 16]].concat()];
        let store = values.iter().zip("abcd".chars());
        let store = store.map(|(value, key)| (key.into(), Bytes::copy_from_slice(value))).collect();
        let text = to_text(&store);
        assert!(text.ends_with("\nd 01(07x2500)(02x16)\n"), "{text}");
        assert_eq!(from_text(&text), Ok(store));
        for damaged in ["k", "k 1", "k 1x", "k 0102(", "k (07)", "k (07x)", "k \u{e9}\u{e9}"] {
            assert_eq!(from_text(damaged), Err("k".to_owned()), "{damaged}");
        }
    }
}
