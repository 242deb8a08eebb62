//! Cutting a raw query into its pieces.

use percent_encoding::percent_decode_str;

use crate::Error;

/// What joins a piece to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    /// `&`, or the beginning.
    And,
    /// `;`
    Or,
}

#[derive(Debug)]
pub(crate) struct Piece<'q> {
    pub joint: Joint,
    /// Not decoded yet.
    pub text: &'q str,
}

/// Cuts `raw` at every `&` and `;` that is not encoded. In a parameter that can be JSONPath, those
/// within brackets belong to it, so that a client may leave `&&` as it is.
pub(crate) fn pieces(raw: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = Some(raw);
    let mut next_joint = Joint::And;
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let joint = next_joint;
        let is_json_path = JSON_PATHS.iter().any(|name| text.starts_with(name));
        let end = match is_json_path {
            true => find_outside(text, true, |letter| matches!(letter, '&' | ';')),
            false => text.find(['&', ';']),
        };
        let piece = &text[..end.unwrap_or(text.len())];
        if let Some(end) = end {
            rest = Some(&text[end + 1..]);
            next_joint = match text.as_bytes().get(end) {
                Some(b';') => Joint::Or,
                _ => Joint::And,
            };
        }
        Some(Piece { joint, text: piece })
    })
    .filter(|piece| !piece.text.is_empty() || piece.joint == Joint::Or)
}

/// What parameters begin with whose values can be JSONPath.
const JSON_PATHS: [&str; 3] = ["filter=", "sort=", "fields="];

/// Where the first character outside of brackets is that `is` is true for. What is quoted within
/// brackets is text. In an encoded text, brackets and quotes count encoded or not, and what is looked
/// for only where it is not.
fn find_outside(text: &str, encoded: bool, is: impl Fn(char) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    let mut place = 0;
    while let Some(first) = text[place..].chars().next() {
        let code = code_at(&text[place..]).filter(|_| encoded);
        let (letter, len) = code.map_or((first, first.len_utf8()), |letter| (letter, 3));
        match (letter, quote) {
            (_, Some(_)) if is_escaped => is_escaped = false,
            ('\\', Some(_)) => is_escaped = true,
            (letter, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) if depth > 0 => quote = Some(letter),
            ('[', None) => depth += 1,
            (']', None) => depth = depth.saturating_sub(1),
            (letter, None) if depth == 0 && code.is_none() && is(letter) => return Some(place),
            _ => {}
        }
        place += len;
    }
    None
}

/// The ASCII character whose code the text begins with.
fn code_at(text: &str) -> Option<char> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    let byte = u8::from_str_radix(digits, 16).ok()?;
    byte.is_ascii().then_some(char::from(byte))
}

/// The parts of a decoded value that are separated by commas; in JSONPath, those within brackets belong
/// to it.
pub(crate) fn parts(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let end = find_outside(text, false, |letter| letter == ',');
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// Decodes a part of a query: `%` and two digits stand for a byte, `+` for a space.
pub(crate) fn decode(raw: &str) -> Result<String, Error> {
    let spaced = raw.replace('+', " ");
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(Error::invalid_parameter(raw, "must be UTF-8 when it is decoded")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_at_joints() {
        let cut = |raw| {
            let pieces = pieces(raw).map(|piece| (piece.joint, piece.text));
            pieces.collect::<Vec<_>>()
        };
        let (and, or) = (Joint::And, Joint::Or);
        assert_eq!(cut("a=1&b=2;c=3"), [(and, "a=1"), (and, "b=2"), (or, "c=3")]);
        assert_eq!(cut("&&a=1&"), [(and, "a=1")]);
        assert_eq!(cut("a=1%26b"), [(and, "a=1%26b")]);
        assert_eq!(
            cut("filter=a[?(@.x==1&&@.y==2)]&b=1"),
            [(and, "filter=a[?(@.x==1&&@.y==2)]"), (and, "b=1")]
        );
        assert_eq!(cut("filter=a%5B?(@.x&&@.y)%5d&b=1").len(), 2);
        assert_eq!(cut("filter=a%26b%3Bc&b=1"), [(and, "filter=a%26b%3Bc"), (and, "b=1")]);
        assert_eq!(cut("name=[&b=1").len(), 2);
        assert_eq!(cut("name='&b=1").len(), 2);
        for bracket_in_quotes in [
            "filter=a[?(@.x==']'&&@.y)]&b=1",
            "filter=a[?(@.x==%27]%27;@.y)]&b=1",
            r"filter=a[?(@.x=='\']'&&@.y)]&b=1",
            "filter=a[?(@.x==%22%5C%22]%22&&@.y)]&b=1",
            "filter=a[?(@.x=='[')]&b=1",
            "fields=a[?(@.x=='&;')]&b=1",
            "sort=a['&']&b=1",
        ] {
            assert_eq!(cut(bracket_in_quotes).len(), 2, "{bracket_in_quotes}");
        }
        assert!(cut("").is_empty());
    }

    #[test]
    fn parts_are_cut_at_commas_outside_of_brackets() {
        let cut = |value| parts(value).collect::<Vec<_>>();
        assert_eq!(cut("a,b.c"), ["a", "b.c"]);
        assert_eq!(cut("a[?(@.b==',')].c,d"), ["a[?(@.b==',')].c", "d"]);
        assert_eq!(cut("a[?(@.b=='%27')],d['x,]'],e").len(), 3);
        assert_eq!(cut(",a"), ["", "a"]);
    }
}
