//! What decides on the cost of an expression: how its paths branch, and where they are evaluated.
//!
//! An expression is read for this before the library sees it, because the library's parser tries
//! every alternative anew at each level of nesting. What is left out here is what the library checks:
//! which operators may join which values.

use std::iter::Peekable;
use std::str::CharIndices;

use super::functions::Patterns;
use crate::query::pattern::MAX_PATTERNS;

/// How deep filters, calls and parentheses can be nested in one another.
const MAX_NESTED: usize = 6;

/// How often an expression can go down to everything below (`..`).
const MAX_DESCENTS: usize = 2;

/// How many alternatives the unions of an expression can have, multiplied with one another.
const MAX_UNIONS: usize = 64;

/// A path within an expression.
#[derive(Debug)]
pub(super) struct Path {
    /// Whether it begins with `$`, wherever it stands.
    pub is_absolute: bool,
    pub segments: Vec<Segment>,
}

#[derive(Debug)]
pub(super) struct Segment {
    /// Whether it is looked for at every depth (`..`).
    pub descends: bool,
    pub selectors: Vec<Selector>,
}

#[derive(Debug)]
pub(super) enum Selector {
    /// One child at most: this name, where it is one, or an index.
    One(Option<String>),
    /// All children (`.*`), or several (a slice).
    All,
    /// All children (`[*]`), which is how paths step over arrays.
    Elements,
    /// The children for which a condition holds.
    Filter(Filter),
}

/// A condition on each of the children of a value.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// How long it is, in bytes.
    pub len: usize,
    pub operands: Vec<Operand>,
}

impl Filter {
    /// Adds what a path or a call looks at; with `compared`, it is compared with what is there already.
    fn add(&mut self, mut operands: Vec<Operand>, compared: bool) {
        if compared {
            operands.iter_mut().chain(self.operands.last_mut()).for_each(|one| one.is_deep = true);
        }
        self.operands.extend(operands);
    }
}

/// A path in a condition, and what is done with what it leads to.
#[derive(Debug)]
pub(super) struct Operand {
    pub path: Path,
    /// Whether it is compared with what another path leads to: an object with all that is in it.
    pub is_deep: bool,
}

/// Reads a whole expression, in standard form. The error says what is wrong with it.
pub(super) fn read(text: &str) -> Result<(Path, Patterns), String> {
    let mut reader = Reader {
        text,
        rest: text.char_indices().peekable(),
        nested: 0,
        descents: 0,
        unions: 1,
        patterns: Patterns::default(),
    };
    let path = reader.path(false)?;
    match reader.next() {
        None => Ok((path, reader.patterns)),
        Some(_) => Err(reader.fault()),
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    nested: usize,
    descents: usize,
    unions: usize,
    patterns: Patterns,
}

impl<'t> Reader<'t> {
    /// A path that begins here with `$` or `@`. `below` says whether it is evaluated below a `..`.
    fn path(&mut self, below: bool) -> Result<Path, String> {
        let is_absolute = match self.next() {
            Some('$') => true,
            Some('@') => false,
            _ => return Err(self.fault()),
        };
        if is_absolute && below && self.nested > 0 {
            return Err("must not have $ in a filter below .. (it multiplies the work)".into());
        }
        let mut below = below;
        let mut segments = Vec::new();
        loop {
            self.skip_blanks();
            let descends = match self.peek() {
                Some('.') => {
                    self.next();
                    self.take('.')
                }
                Some('[') => false,
                _ => return Ok(Path { is_absolute, segments }),
            };
            let with_dot = self.text[..self.place()].ends_with('.');
            if descends {
                self.descents += 1;
                below = true;
            }
            if self.descents > MAX_DESCENTS {
                return Err(format!("may go down by .. {MAX_DESCENTS} times"));
            }
            let selectors = match self.peek() {
                Some('[') if descends || !with_dot => self.selectors(below)?,
                Some('*') if with_dot => {
                    self.next();
                    vec![Selector::All]
                }
                _ if with_dot => vec![Selector::One(Some(self.name()?.to_owned()))],
                _ => return Err(self.fault()),
            };
            segments.push(Segment { descends, selectors });
        }
    }

    fn name(&mut self) -> Result<&'t str, String> {
        let start = self.place();
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii()) {
            self.next();
        }
        match &self.text[start..self.place()] {
            "" => Err(self.fault()),
            name => Ok(name),
        }
    }

    fn selectors(&mut self, below: bool) -> Result<Vec<Selector>, String> {
        self.next();
        let mut selectors = Vec::new();
        loop {
            self.skip_blanks();
            selectors.push(match self.peek() {
                Some('*') => {
                    self.next();
                    Selector::Elements
                }
                Some('\'' | '"') => Selector::One(Some(self.quoted()?)),
                Some('?') => {
                    self.next();
                    Selector::Filter(self.nested(|reader| reader.condition(below))?)
                }
                Some('0'..='9' | '-' | ':') => {
                    let start = self.place();
                    let of_slice = |c: char| matches!(c, '0'..='9' | '-' | ':' | ' ');
                    while self.peek().is_some_and(of_slice) {
                        self.next();
                    }
                    match self.text[start..self.place()].contains(':') {
                        true => Selector::All,
                        false => Selector::One(None),
                    }
                }
                _ => return Err(self.fault()),
            });
            self.skip_blanks();
            match self.next() {
                Some(',') => {}
                Some(']') => break,
                _ => return Err(self.fault()),
            }
        }
        self.unions = self.unions.saturating_mul(selectors.len());
        match self.unions > MAX_UNIONS {
            true => Err(format!("may have unions of up to {MAX_UNIONS} alternatives, multiplied")),
            false => Ok(selectors),
        }
    }

    /// A condition, up to what ends it: `,`, `]` or `)`.
    fn condition(&mut self, below: bool) -> Result<Filter, String> {
        let start = self.place();
        let mut filter = Filter::default();
        // Whether what was read last is a path or a call, and whether one and an operator are.
        let (mut after_path, mut after_operator) = (false, false);
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(',' | ']' | ')') => {
                    filter.len = self.place() - start;
                    return Ok(filter);
                }
                Some('@' | '$') => {
                    let path = self.path(below)?;
                    filter.add(vec![Operand { path, is_deep: false }], after_operator);
                    (after_path, after_operator) = (true, false);
                }
                Some('(') => {
                    self.next();
                    let inner = self.nested(|reader| reader.condition(below))?;
                    filter.operands.extend(inner.operands);
                    self.expect(')')?;
                    (after_path, after_operator) = (false, false);
                }
                Some('\'' | '"') => {
                    self.quoted()?;
                    (after_path, after_operator) = (false, false);
                }
                Some(c) if c.is_ascii_digit() || c == '-' => {
                    self.number()?;
                    (after_path, after_operator) = (false, false);
                }
                Some('=' | '<' | '>' | '!') => {
                    self.next();
                    after_operator |= after_path;
                    after_path = false;
                }
                Some('&' | '|') => {
                    self.next();
                    (after_path, after_operator) = (false, false);
                }
                Some(c) if c.is_ascii_lowercase() => {
                    let name = self.name()?;
                    let is_call = self.peek() == Some('(');
                    if is_call {
                        let call = self.nested(|reader| reader.call(name, below))?;
                        filter.add(call, after_operator);
                    }
                    (after_path, after_operator) = (is_call, false);
                }
                Some(_) => return Err(self.fault()),
            }
        }
    }

    /// The arguments of a call of the function called `name`.
    fn call(&mut self, name: &str, below: bool) -> Result<Vec<Operand>, String> {
        self.next();
        let mut operands = Vec::new();
        if matches!(name, "search" | "match") {
            let expectation =
                || format!("must have a path and a quoted regular expression in {name}(…)");
            self.skip_blanks();
            if !matches!(self.peek(), Some('@' | '$')) {
                return Err(expectation());
            }
            let path = self.path(below)?;
            self.skip_blanks();
            self.expect(',').map_err(|_| expectation())?;
            self.skip_blanks();
            if !matches!(self.peek(), Some('\'' | '"')) {
                return Err(expectation());
            }
            let text = self.quoted()?;
            let added = self.patterns.add(name == "match", text);
            added.map_err(|fault| format!("has a regular expression that {fault}"))?;
            if self.patterns.len() > MAX_PATTERNS {
                return Err(format!("may have {MAX_PATTERNS} regular expressions"));
            }
            operands.push(Operand { path, is_deep: false });
        } else {
            loop {
                operands.extend(self.condition(below)?.operands);
                if !self.take(',') {
                    break;
                }
            }
        }
        self.skip_blanks();
        self.expect(')')?;
        Ok(operands)
    }

    /// The text within the quotes that begin here.
    fn quoted(&mut self) -> Result<String, String> {
        let start = self.place();
        let Some(quote) = self.next() else { return Err(self.fault()) };
        while let Some(letter) = self.next() {
            match letter {
                '\\' => {
                    self.next();
                }
                letter if letter == quote => {
                    return unquoted(&self.text[start..self.place()]).ok_or_else(|| self.fault());
                }
                _ => {}
            }
        }
        Err(self.fault())
    }

    fn number(&mut self) -> Result<(), String> {
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
        let text = &self.text[start..self.place()];
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => Err(format!("must have numbers that floating point can hold, not {text}")),
        }
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        self.nested += 1;
        if self.nested > MAX_NESTED {
            return Err(format!("may nest filters, calls and parentheses {MAX_NESTED} deep"));
        }
        let value = read(self);
        self.nested -= 1;
        value
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, letter)| *letter)
    }

    fn next(&mut self) -> Option<char> {
        self.rest.next().map(|(_, letter)| letter)
    }

    fn place(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(place, _)| *place)
    }

    fn take(&mut self, letter: char) -> bool {
        self.rest.next_if(|(_, next)| *next == letter).is_some()
    }

    fn expect(&mut self, letter: char) -> Result<(), String> {
        match self.take(letter) {
            true => Ok(()),
            false => Err(self.fault()),
        }
    }

    fn skip_blanks(&mut self) {
        while self.rest.next_if(|(_, letter)| letter.is_ascii_whitespace()).is_some() {}
    }

    fn fault(&mut self) -> String {
        let rest: String = self.text[self.place()..].chars().take(16).collect();
        let place = if rest.is_empty() { "its end".to_owned() } else { format!("{rest:?}") };
        format!(
            "must be a JSONPath expression such as relatedParty[?(@.role=='owner')]; it is not at {place}"
        )
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
