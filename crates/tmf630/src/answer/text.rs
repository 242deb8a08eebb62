//! Texts in the lines of the log, which are JSON.

use std::fmt::{self, Write};

/// Appends `text` as a string of JSON (RFC 8259, section 7).
pub(super) fn write_string(line: &mut String, text: &str) -> fmt::Result {
    line.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => line.extend(['\\', character]),
            // What some take for the end of a line, too.
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                write!(line, "\\u{:04x}", u32::from(character))?;
            }
            _ => line.push(character),
        }
    }
    line.push('"');
    Ok(())
}
