//! What decides on the cost of an expression: how its paths branch, and where they are evaluated.
//!
//! An expression is read for this before the library sees it, because the library's parser tries
//! every alternative anew at each level of nesting. What is left out here is what the library checks:
//! which operators may join which values.

use super::functions::Patterns;
use super::scanner::Scanner;
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
        scan: Scanner::of(text),
        nested: 0,
        descents: 0,
        unions: 1,
        patterns: Patterns::default(),
    };
    let path = reader.path(false)?;
    match reader.scan.next() {
        None => Ok((path, reader.patterns)),
        Some(_) => Err(reader.scan.fault()),
    }
}

struct Reader<'t> {
    scan: Scanner<'t>,
    nested: usize,
    descents: usize,
    unions: usize,
    patterns: Patterns,
}

impl Reader<'_> {
    /// A path that begins here with `$` or `@`. `below` says whether it is evaluated below a `..`.
    fn path(&mut self, below: bool) -> Result<Path, String> {
        let is_absolute = match self.scan.next() {
            Some('$') => true,
            Some('@') => false,
            _ => return Err(self.scan.fault()),
        };
        if is_absolute && below && self.nested > 0 {
            return Err("must not have $ in a filter below .. (it multiplies the work)".into());
        }
        let mut below = below;
        let mut segments = Vec::new();
        loop {
            self.scan.skip_blanks();
            let descends = match self.scan.peek() {
                Some('.') => {
                    self.scan.next();
                    self.scan.take('.')
                }
                Some('[') => false,
                _ => return Ok(Path { is_absolute, segments }),
            };
            let with_dot = self.scan.is_behind('.');
            if descends {
                self.descents += 1;
                below = true;
            }
            if self.descents > MAX_DESCENTS {
                return Err(format!("may go down by .. {MAX_DESCENTS} times"));
            }
            let selectors = match self.scan.peek() {
                Some('[') if descends || !with_dot => self.selectors(below)?,
                Some('*') if with_dot => {
                    self.scan.next();
                    vec![Selector::All]
                }
                _ if with_dot => vec![Selector::One(Some(self.scan.name()?.to_owned()))],
                _ => return Err(self.scan.fault()),
            };
            segments.push(Segment { descends, selectors });
        }
    }

    fn selectors(&mut self, below: bool) -> Result<Vec<Selector>, String> {
        self.scan.next();
        let mut selectors = Vec::new();
        loop {
            self.scan.skip_blanks();
            selectors.push(match self.scan.peek() {
                Some('*') => {
                    self.scan.next();
                    Selector::Elements
                }
                Some('\'' | '"') => Selector::One(Some(self.scan.quoted()?)),
                Some('?') => {
                    self.scan.next();
                    Selector::Filter(self.nested(|reader| reader.condition(below))?)
                }
                Some('0'..='9' | '-' | ':') => {
                    let start = self.scan.place();
                    let of_slice = |c: char| matches!(c, '0'..='9' | '-' | ':' | ' ');
                    while self.scan.peek().is_some_and(of_slice) {
                        self.scan.next();
                    }
                    match self.scan.since(start).contains(':') {
                        true => Selector::All,
                        false => Selector::One(None),
                    }
                }
                _ => return Err(self.scan.fault()),
            });
            self.scan.skip_blanks();
            match self.scan.next() {
                Some(',') => {}
                Some(']') => break,
                _ => return Err(self.scan.fault()),
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
        let start = self.scan.place();
        let mut filter = Filter::default();
        // Whether what was read last is a path or a call, and whether one and an operator are.
        let (mut after_path, mut after_operator) = (false, false);
        loop {
            self.scan.skip_blanks();
            match self.scan.peek() {
                None | Some(',' | ']' | ')') => {
                    filter.len = self.scan.place() - start;
                    return Ok(filter);
                }
                Some('@' | '$') => {
                    let path = self.path(below)?;
                    filter.add(vec![Operand { path, is_deep: false }], after_operator);
                    (after_path, after_operator) = (true, false);
                }
                Some('(') => {
                    self.scan.next();
                    let inner = self.nested(|reader| reader.condition(below))?;
                    filter.operands.extend(inner.operands);
                    self.scan.expect(')')?;
                    (after_path, after_operator) = (false, false);
                }
                Some('\'' | '"') => {
                    self.scan.quoted()?;
                    (after_path, after_operator) = (false, false);
                }
                Some(c) if c.is_ascii_digit() || c == '-' => {
                    self.scan.number()?;
                    (after_path, after_operator) = (false, false);
                }
                Some('=' | '<' | '>' | '!') => {
                    self.scan.next();
                    after_operator |= after_path;
                    after_path = false;
                }
                Some('&' | '|') => {
                    self.scan.next();
                    (after_path, after_operator) = (false, false);
                }
                Some(c) if c.is_ascii_lowercase() => {
                    let name = self.scan.name()?;
                    let is_call = self.scan.peek() == Some('(');
                    if is_call {
                        let call = self.nested(|reader| reader.call(name, below))?;
                        filter.add(call, after_operator);
                    }
                    (after_path, after_operator) = (is_call, false);
                }
                Some(_) => return Err(self.scan.fault()),
            }
        }
    }

    /// The arguments of a call of the function called `name`.
    fn call(&mut self, name: &str, below: bool) -> Result<Vec<Operand>, String> {
        self.scan.next();
        let mut operands = Vec::new();
        if matches!(name, "search" | "match") {
            let expectation =
                || format!("must have a path and a quoted regular expression in {name}(…)");
            self.scan.skip_blanks();
            if !matches!(self.scan.peek(), Some('@' | '$')) {
                return Err(expectation());
            }
            let path = self.path(below)?;
            self.scan.skip_blanks();
            self.scan.expect(',').map_err(|_| expectation())?;
            self.scan.skip_blanks();
            if !matches!(self.scan.peek(), Some('\'' | '"')) {
                return Err(expectation());
            }
            let text = self.scan.quoted()?;
            let added = self.patterns.add(name == "match", text);
            added.map_err(|fault| format!("has a regular expression that {fault}"))?;
            if self.patterns.len() > MAX_PATTERNS {
                return Err(format!("may have {MAX_PATTERNS} regular expressions"));
            }
            operands.push(Operand { path, is_deep: false });
        } else {
            loop {
                operands.extend(self.condition(below)?.operands);
                if !self.scan.take(',') {
                    break;
                }
            }
        }
        self.scan.skip_blanks();
        self.scan.expect(')')?;
        Ok(operands)
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
}
