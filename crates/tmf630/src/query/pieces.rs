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

/// Cuts `raw` at every `&` and `;` that is not encoded. In a JSONPath filter, those within brackets
/// belong to it, so that a client may leave `&&` as it is.
pub(crate) fn pieces(raw: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = Some(raw);
    let mut next_joint = Joint::And;
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let joint = next_joint;
        let (piece, separator) = match end_of_piece(text) {
            Some(end) => (&text[..end], text.as_bytes()[end]),
            None => (text, 0),
        };
        if separator != 0 {
            rest = Some(&text[piece.len() + 1..]);
            next_joint = if separator == b';' { Joint::Or } else { Joint::And };
        }
        Some(Piece { joint, text: piece })
    })
    .filter(|piece| !piece.text.is_empty() || piece.joint == Joint::Or)
}

fn end_of_piece(text: &str) -> Option<usize> {
    let in_json_path = text.starts_with("filter=");
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        let encoded = |letter: u8| {
            bytes[place..]
                .get(..3)
                .is_some_and(|code| code[..2] == *b"%5" && code[2].eq_ignore_ascii_case(&letter))
        };
        match byte {
            b'&' | b';' if depth == 0 || !in_json_path => return Some(place),
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'%' if encoded(b'b') => depth += 1,
            b'%' if encoded(b'd') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
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
        assert_eq!(cut("name=[&b=1").len(), 2);
        assert!(cut("").is_empty());
    }
}
