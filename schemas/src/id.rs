//! What an id may be.
//!
//! Ids of other systems come with migrations and are referred to from elsewhere, so nearly all that is
//! printable ASCII is taken. What is not would mean something else in the path of a request, or could
//! not stand in a link.

/// What an id is, as a regular expression; but `.` and `..` are none.
pub const ID_PATTERN: &str = r"^[!$&-.0-;=@-\[\]_a-z|~]{1,128}$";

/// What an id is, in words.
pub const ID_RULE: &str = "must be a string of 1 to 128 characters of printable ASCII \
                                  without blanks and / ? # % \\ \" < > ^ ` { } and not . or ..";

/// Whether `text` can be an id.
pub fn is_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"/?#%\\\"<>^`{}".contains(&byte);
    // Clients take these for steps of the path.
    let is_step = matches!(text, "." | "..");
    (1..=128).contains(&text.len()) && text.bytes().all(is_allowed) && !is_step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_systems_are_ids() {
        for id in [
            "1",
            "a-b.c_d~e:f",
            "...",
            "0.0.0.1+-account+100001",
            "BS2|7836",
            "Post_21479",
            "urn:uuid:018f",
            "a;b,c=d&e@f!$'()*[]",
            &"x".repeat(128),
        ] {
            assert!(is_id(id), "{id}");
        }
    }

    #[test]
    fn what_would_lead_elsewhere_is_none() {
        for id in ["", ".", "..", "ä", "\u{7f}", "a\tb", &"x".repeat(129)] {
            assert!(!is_id(id), "{id}");
        }
        for character in " /?#%\\\"<>^`{}".chars() {
            assert!(!is_id(&format!("a{character}b")), "{character}");
        }
    }

    #[test]
    fn the_pattern_says_the_same() {
        let pattern = regex_lite::Regex::new(ID_PATTERN).unwrap();
        for character in '\0'..='\u{ff}' {
            // Alone, a dot is none.
            let id = format!("{character}x");
            assert_eq!(pattern.is_match(&id), is_id(&id), "{character:?}");
        }
        for len in [1, 128, 129] {
            assert_eq!(pattern.is_match(&"x".repeat(len)), is_id(&"x".repeat(len)), "{len}");
        }
        assert!(!pattern.is_match(""));
    }
}
