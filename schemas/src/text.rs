//! Texts that say nothing.

/// Whether there is anything but white space in the text.
pub(crate) fn is_not_blank(text: &str) -> bool {
    text.contains(|character: char| !character.is_whitespace())
}
