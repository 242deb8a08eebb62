//! The words of an expression.

use std::iter::Peekable;
use std::str::CharIndices;

/// Goes through an expression, letter by letter or word by word.
pub(super) struct Scanner<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
}

impl<'t> Scanner<'t> {
    pub fn of(text: &'t str) -> Self {
        Self { text, rest: text.char_indices().peekable() }
    }

    pub fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, letter)| *letter)
    }

    pub fn next(&mut self) -> Option<char> {
        self.rest.next().map(|(_, letter)| letter)
    }

    pub fn place(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(place, _)| *place)
    }

    /// What was gone through since a place.
    pub fn since(&mut self, start: usize) -> &'t str {
        let end = self.place();
        self.text.get(start..end).unwrap_or_default()
    }

    /// Whether the letter is the one before this place.
    pub fn is_behind(&mut self, letter: char) -> bool {
        self.since(0).ends_with(letter)
    }

    pub fn take(&mut self, letter: char) -> bool {
        self.rest.next_if(|(_, next)| *next == letter).is_some()
    }

    pub fn expect(&mut self, letter: char) -> Result<(), String> {
        match self.take(letter) {
            true => Ok(()),
            false => Err(self.fault()),
        }
    }

    pub fn skip_blanks(&mut self) {
        while self.rest.next_if(|(_, letter)| letter.is_ascii_whitespace()).is_some() {}
    }

    pub fn fault(&mut self) -> String {
        let rest: String = self.text[self.place()..].chars().take(16).collect();
        let place = if rest.is_empty() { "its end".to_owned() } else { format!("{rest:?}") };
        format!(
            "must be a JSONPath expression such as note[?(@.author=='Jane')]; it is not at {place}"
        )
    }

    pub fn name(&mut self) -> Result<&'t str, String> {
        let start = self.place();
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii()) {
            self.next();
        }
        match self.since(start) {
            "" => Err(self.fault()),
            name => Ok(name),
        }
    }

    /// The text within the quotes that begin here.
    pub fn quoted(&mut self) -> Result<String, String> {
        let start = self.place();
        let Some(quote) = self.next() else { return Err(self.fault()) };
        while let Some(letter) = self.next() {
            match letter {
                '\\' => {
                    self.next();
                }
                letter if letter == quote => {
                    return unquoted(self.since(start)).ok_or_else(|| self.fault());
                }
                _ => {}
            }
        }
        Err(self.fault())
    }

    pub fn number(&mut self) -> Result<(), String> {
        let start = self.place();
        let mut last = ' ';
        while let Some(c) = self.peek() {
            let sign = matches!(c, '+' | '-') && (last == ' ' || matches!(last, 'e' | 'E'));
            if !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || sign) {
                break;
            }
            last = c;
            self.next();
        }
        let text = self.since(start);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => Err(format!("must have numbers that floating point can hold, not {text}")),
        }
    }
}

/// The text that a quoted one stands for: as in JSON, but that either quote can be around it.
fn unquoted(quoted: &str) -> Option<String> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    let mut json = String::from('"');
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next()? {
                '\'' => json.push('\''),
                escaped => json.extend(['\\', escaped]),
            },
            '"' => json.push_str("\\\""),
            letter => json.push(letter),
        }
    }
    json.push('"');
    serde_json::from_str(&json).ok()
}
