//! Paths with conditions (TMF630 part 5): a pointer and, behind a `?`, conditions that choose among
//! the elements of the arrays on its way, such as `/note/text?note.author=Rachel`.
//!
//! An array on the way is passed through each of its elements, or through the one whose index the
//! pointer has. As long as the path of a condition runs along the way, it is about the element that
//! the way leads through; where it turns off, one value that it leads to is enough. So a place is
//! chosen only if all conditions hold for the elements that it lies in.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::places::{Places, Step, child, index_of, step_of, unescaped};
use super::{Failure, PART};
use crate::Error;
use crate::budget::Budget;
use crate::value::decimal::Decimal;

/// How many steps of the budget it takes to go on to a value, beside one for each condition.
const WALK_STEPS: u64 = 16;

/// How many steps of the budget it takes to compare a number, which is read first.
const NUMBER_STEPS: u64 = 16;

/// How many bytes of a text are compared in one step of the budget.
const BYTES_IN_A_STEP: u64 = 32;

/// A condition: one of the values at the path, from the root of the document on, is the one.
struct Condition {
    steps: Vec<String>,
    text: String,
    number: Option<Decimal>,
}

impl Condition {
    fn read(text: &str) -> Option<Self> {
        let (path, value) = text.split_once('=')?;
        let steps = path.trim_matches(['/', ' ']).split(['/', '.']);
        let steps = steps.map(|step| unescaped(step.trim()).filter(|step| !step.is_empty()));
        let text = percent_decode_str(value).decode_utf8().ok()?.into_owned();
        Some(Self { steps: steps.collect::<Option<_>>()?, number: Decimal::parse(&text), text })
    }

    fn is_met_by(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => *text == self.text,
            Value::Number(number) => {
                self.number.is_some() && Decimal::parse(number.as_str()) == self.number
            }
            Value::Bool(value) => self.text == value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        }
    }
}

/// What is left of a condition where the way has come to.
#[derive(Clone, Copy)]
struct Pending<'c> {
    condition: &'c Condition,
    steps: &'c [String],
}

impl Pending<'_> {
    /// The index that it begins with, if that is what its next step is.
    fn index(self) -> Option<usize> {
        self.steps.first().and_then(|step| index_of(step))
    }

    /// What is left of it in the element of an array; nothing if it is about another one.
    fn in_element(self, index: usize) -> Option<Self> {
        match (self.index(), self.steps) {
            (Some(own), [_, steps @ ..]) => (own == index).then_some(Self { steps, ..self }),
            _ => Some(self),
        }
    }
}

/// The places that `pointer` leads to in `document` where the `conditions` hold.
pub(super) fn find(
    pointer: &str,
    conditions: &str,
    document: &Value,
    may_be_new: bool,
    budget: &Budget,
) -> Result<Places, Failure> {
    let form = "must be a pointer and conditions, such as /note/text?note.author=Rachel";
    let conditions: Option<Vec<_>> = conditions.split('&').map(Condition::read).collect();
    let conditions = conditions.ok_or_else(|| Failure::path(form))?;
    let pending: Vec<_> =
        conditions.iter().map(|condition| Pending { condition, steps: &condition.steps }).collect();
    let tokens: Vec<_> = pointer.split('/').filter(|token| !token.is_empty()).collect();
    Ok(Search { may_be_new, budget }.walk(document, &tokens, &pending)?)
}

struct Search<'s> {
    may_be_new: bool,
    budget: &'s Budget,
}

impl Search<'_> {
    /// The places that the `left` part of the pointer leads to from `value`.
    fn walk(&self, value: &Value, left: &[&str], pending: &[Pending<'_>]) -> Result<Places, Error> {
        self.budget.charge(PART, WALK_STEPS + 4 * pending.len() as u64)?;
        match (value, left) {
            (Value::Array(_), []) if pending.is_empty() => Ok(Places::here()),
            (Value::Array(elements), left) => self.walk_array(value, elements, left, pending),
            (Value::Object(_), [token, rest @ ..]) => self.walk_object(value, token, rest, pending),
            (_, []) if self.all_hold(value, pending)? => Ok(Places::here()),
            _ => Ok(Places::default()),
        }
    }

    fn walk_array(
        &self,
        array: &Value,
        elements: &[Value],
        left: &[&str],
        pending: &[Pending<'_>],
    ) -> Result<Places, Error> {
        let (indexes, rest) = match left {
            [token, rest @ ..] if *token == "-" || index_of(token).is_some() => {
                match step_of(token, array) {
                    Some(Step::Index(index)) => (index..index + 1, rest),
                    _ => return Ok(Places::default()),
                }
            }
            left => (0..elements.len(), left),
        };
        let mut places = Places::default();
        let has_index = pending.iter().any(|one| one.index().is_some());
        for index in indexes {
            let Some(element) = elements.get(index) else {
                // No condition holds for an element that is not there.
                let is_new = self.may_be_new && rest.is_empty() && pending.is_empty();
                return Ok(if is_new { Places::at([Step::Index(index)]) } else { places });
            };
            let about = match has_index {
                true => pending.iter().map(|one| one.in_element(index)).collect(),
                false => Some(Cow::Borrowed(pending)),
            };
            let Some(about) = about else { continue };
            let is_chosen = left.is_empty() && self.all_hold(element, &about)?;
            let found = match left {
                [] if is_chosen => Places::here(),
                [] => continue,
                _ => self.walk(element, rest, &about)?,
            };
            places.insert_behind(Step::Index(index), found);
        }
        Ok(places)
    }

    fn walk_object(
        &self,
        object: &Value,
        token: &str,
        rest: &[&str],
        pending: &[Pending<'_>],
    ) -> Result<Places, Error> {
        let mut places = Places::default();
        let Some(name) = unescaped(token) else { return Ok(places) };
        let mut along = Vec::new();
        for one in pending {
            match one.steps {
                [step, steps @ ..] if *step == name => along.push(Pending { steps, ..*one }),
                _ if self.holds(object, *one)? => {}
                _ => return Ok(places),
            }
        }
        let step = Step::Name(name);
        match child(object, &step) {
            Some(member) => {
                let found = self.walk(member, rest, &along)?;
                places.insert_behind(step, found);
            }
            None if self.may_be_new && rest.is_empty() && along.is_empty() => {
                places.insert([step]);
            }
            None => {}
        }
        Ok(places)
    }

    fn all_hold(&self, value: &Value, pending: &[Pending<'_>]) -> Result<bool, Error> {
        for one in pending {
            if !self.holds(value, *one)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether some value that what is left of the condition leads to from `value` is the one.
    fn holds(&self, value: &Value, pending: Pending<'_>) -> Result<bool, Error> {
        let compared = match value {
            Value::Number(number) => NUMBER_STEPS + number.as_str().len() as u64,
            Value::String(text) => {
                text.len().min(pending.condition.text.len()) as u64 / BYTES_IN_A_STEP
            }
            _ => 0,
        };
        self.budget.charge(PART, 2 + compared)?;
        match (value, pending.steps) {
            (Value::Array(elements), _) => {
                for (index, element) in elements.iter().enumerate() {
                    if let Some(about) = pending.in_element(index)
                        && self.holds(element, about)?
                    {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Object(members), [step, steps @ ..]) => match members.get(step) {
                Some(member) => self.holds(member, Pending { steps, ..pending }),
                None => Ok(false),
            },
            (value, []) => Ok(pending.condition.is_met_by(value)),
            _ => Ok(false),
        }
    }
}
