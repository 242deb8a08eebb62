//! The functions of RFC 9535 that look for regular expressions.
//!
//! The library calls a function with nothing but its arguments. So an expression, whose patterns are
//! compiled when it is read, lays them out before it is evaluated ([`Patterns::during`]), and a
//! function finds its own among these few and counts what it costs. They are gone afterwards: nothing
//! of one request is seen by another.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json_path::functions::{LogicalType, ValueType};

use crate::query::pattern::Pattern;

/// The compiled patterns of an expression, by their text and whether they must be all of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns(Rc<Vec<(bool, String, Pattern)>>);

/// The patterns of the expression that is being evaluated.
#[derive(Debug, Default)]
struct Present {
    patterns: Patterns,
    /// How many steps may still be taken. When there are none, nothing is found any more.
    left: u64,
    is_exhausted: bool,
}

thread_local! {
    static PRESENT: RefCell<Present> = RefCell::default();
}

impl Patterns {
    /// Compiles the pattern of a call; with `whole`, it must be all of a text.
    pub fn add(&mut self, whole: bool, text: String) -> Result<(), String> {
        let patterns = Rc::make_mut(&mut self.0);
        if !patterns.iter().any(|(w, t, _)| (*w, t) == (whole, &text)) {
            let pattern = match whole {
                true => Pattern::compile(&format!("^(?:{text})$"))?,
                false => Pattern::compile(&text)?,
            };
            patterns.push((whole, text, pattern));
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What `evaluate` returns, which evaluates an expression with these patterns, and how many steps
    /// looking for them took. Nothing if that would be more than `limit`.
    pub fn during<T>(&self, limit: u64, evaluate: impl FnOnce() -> T) -> Option<(T, u64)> {
        let present = Present { patterns: self.clone(), left: limit, is_exhausted: false };
        let before = PRESENT.replace(present);
        let value = evaluate();
        let present = PRESENT.replace(before);
        (!present.is_exhausted).then_some((value, limit - present.left))
    }
}

/// `search` of RFC 9535.
#[serde_json_path::function]
fn search(text: ValueType, pattern: ValueType) -> LogicalType {
    is_found(false, &text, &pattern)
}

/// `match` of RFC 9535: like `search`, but of the whole text.
#[serde_json_path::function(name = "match")]
fn match_whole(text: ValueType, pattern: ValueType) -> LogicalType {
    is_found(true, &text, &pattern)
}

fn is_found(whole: bool, text: &ValueType, pattern: &ValueType) -> LogicalType {
    let found = as_text(text).zip(as_text(pattern)).is_some_and(|(text, pattern)| {
        PRESENT.with_borrow_mut(|present| present.finds(whole, text, pattern))
    });
    if found { LogicalType::True } else { LogicalType::False }
}

impl Present {
    fn finds(&mut self, whole: bool, text: &str, pattern: &str) -> bool {
        let mut own = self.patterns.0.iter().filter(|(w, t, _)| (*w, &t[..]) == (whole, pattern));
        let Some((_, _, pattern)) = own.next() else { return false };
        match self.left.checked_sub(pattern.steps(text)) {
            Some(left) => self.left = left,
            None => self.is_exhausted = true,
        }
        !self.is_exhausted && pattern.is_in(text)
    }
}

fn as_text<'v>(value: &'v ValueType<'_>) -> Option<&'v str> {
    match value {
        ValueType::Value(value) => value.as_str(),
        ValueType::Node(value) => value.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_there_while_they_are_paid_for() {
        let mut patterns = Patterns::default();
        patterns.add(false, "b".to_owned()).unwrap();
        patterns.add(false, "b".to_owned()).unwrap();
        patterns.add(true, "b".to_owned()).unwrap();
        assert_eq!(patterns.len(), 2);
        let finds = |whole, text: &str, pattern: &str| {
            PRESENT.with_borrow_mut(|present| present.finds(whole, text, pattern))
        };
        let (found, steps) = patterns
            .during(10_000, || {
                [finds(false, "abc", "b"), finds(true, "abc", "b"), finds(true, "b", "b")]
            })
            .unwrap();
        assert_eq!(found, [true, false, true]);
        assert!(steps > 0);
        assert!(patterns.during(steps, || finds(false, "abc", "b")).unwrap().0);
        assert!(patterns.during(1, || finds(false, "abc", "b")).is_none());
        // What another expression has is not there.
        assert!(!patterns.during(10_000, || finds(false, "abc", "c")).unwrap().0);
        assert!(!finds(false, "abc", "b"));
    }
}
