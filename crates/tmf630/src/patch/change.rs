//! Changing what is at places, all of them in one pass.
//!
//! A place means what was there before the change. What lies within another place is changed first,
//! and all elements of an array at once, so that no change moves the place of another. The outcome is
//! that of changing one place after the other, from the end of the document to its beginning.

use serde_json::Value;

use super::PART;
use super::places::{Places, Step};
use crate::Error;
use crate::budget::Budget;

/// How many elements of an array are moved in one step of the budget.
const MOVED_IN_A_STEP: u64 = 4;

/// How many steps of the budget each place takes.
const PLACE_STEPS: u64 = 16;

/// What becomes of an array where a value is added that is no array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddedToArray {
    /// The value takes its place (RFC 6902).
    Replaces,
    /// The value is appended to it (TMF630 part 5).
    IsAppended,
}

/// Adding a value at places (RFC 6902, section 4.1): in front of the elements of arrays that are
/// there, and in the place of everything else.
pub(super) struct Addition<'a> {
    pub new: &'a Value,
    pub to_array: AddedToArray,
    pub budget: &'a Budget,
}

impl Addition<'_> {
    pub fn apply(&self, value: &mut Value, places: &Places) -> Result<(), Error> {
        self.apply_within(value, places)?;
        if places.is_place && !self.is_appended(value) {
            *value = self.new.clone();
        }
        Ok(())
    }

    fn apply_within(&self, value: &mut Value, places: &Places) -> Result<(), Error> {
        charge(places, value, self.budget)?;
        let mut inserted = Vec::new();
        for (step, below) in &places.below {
            match (step, child_mut(value, step)) {
                (Step::Name(_), Some(member)) => self.apply(member, below)?,
                (Step::Index(index), Some(element)) => {
                    self.apply_within(element, below)?;
                    if below.is_place && !self.is_appended(element) {
                        inserted.push(*index);
                    }
                }
                (Step::Index(index), None) => inserted.push(*index),
                (Step::Name(name), None) => {
                    if let Value::Object(members) = value {
                        members.insert(name.clone(), self.new.clone());
                    }
                }
            }
        }
        if let Value::Array(elements) = value {
            insert(elements, &inserted, self.new);
        }
        Ok(())
    }

    /// Appends the new value, if that is how it is added to `value`.
    fn is_appended(&self, value: &mut Value) -> bool {
        let appends = self.to_array == AddedToArray::IsAppended && !self.new.is_array();
        match value {
            Value::Array(elements) if appends => {
                elements.push(self.new.clone());
                true
            }
            _ => false,
        }
    }
}

/// Inserts copies of `new` in front of the elements with the ascending `indexes`.
fn insert(elements: &mut Vec<Value>, indexes: &[usize], new: &Value) {
    if let [index] = indexes {
        elements.insert(elements.len().min(*index), new.clone());
    } else if !indexes.is_empty() {
        let mut all = Vec::with_capacity(elements.len() + indexes.len());
        let mut before = 0;
        let mut left = std::mem::take(elements).into_iter();
        for index in indexes {
            all.extend(left.by_ref().take(index - before));
            all.push(new.clone());
            before = *index;
        }
        all.extend(left);
        *elements = all;
    }
}

/// Puts a copy of `new` in the place of what is at `places`.
pub(super) fn replace(
    value: &mut Value,
    places: &Places,
    new: &Value,
    budget: &Budget,
) -> Result<(), Error> {
    if places.is_place {
        *value = new.clone();
        return Ok(());
    }
    budget.charge(PART, (places.below.len() as u64).saturating_mul(PLACE_STEPS))?;
    for (step, below) in &places.below {
        if let Some(value) = child_mut(value, step) {
            replace(value, below, new, budget)?;
        }
    }
    Ok(())
}

/// What becomes of an attribute whose last element is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Emptied {
    /// An empty array is left of it.
    Stays,
    /// It goes too (TMF630 part 5).
    Goes,
}

/// Removes what is at `places`, which lie within `value`.
pub(super) fn remove(
    value: &mut Value,
    places: &Places,
    emptied: Emptied,
    budget: &Budget,
) -> Result<(), Error> {
    charge(places, value, budget)?;
    for (step, below) in places.below.iter().filter(|(_, below)| !below.is_place) {
        let Some(within) = child_mut(value, step) else { continue };
        remove(within, below, emptied, budget)?;
        let is_emptied = below.below.values().any(|below| below.is_place)
            && within.as_array().is_some_and(Vec::is_empty);
        if is_emptied
            && emptied == Emptied::Goes
            && let (Value::Object(members), Step::Name(name)) = (&mut *value, step)
        {
            members.remove(name);
        }
    }
    let mut removed = places.below.iter().filter(|(_, below)| below.is_place).map(|(step, _)| step);
    match value {
        Value::Object(members) => removed.for_each(|step| {
            if let Step::Name(name) = step {
                members.remove(name);
            }
        }),
        Value::Array(elements) => {
            let mut next = removed.next();
            let mut index = 0;
            elements.retain(|_| {
                let is_removed = next == Some(&Step::Index(index));
                if is_removed {
                    next = removed.next();
                }
                index += 1;
                !is_removed
            });
        }
        _ => {}
    }
    Ok(())
}

/// What is at the first of `places` in `value`.
pub(super) fn first_mut<'v>(value: &'v mut Value, places: &Places) -> Option<&'v mut Value> {
    match places.below.first_key_value() {
        Some((step, below)) => first_mut(child_mut(value, step)?, below),
        None => Some(value),
    }
}

fn child_mut<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Array(elements), Step::Index(index)) => elements.get_mut(*index),
        (Value::Object(members), Step::Name(name)) => members.get_mut(name),
        _ => None,
    }
}

fn charge(places: &Places, value: &Value, budget: &Budget) -> Result<(), Error> {
    let elements = value.as_array().map_or(0, Vec::len) as u64;
    let visited = (places.below.len() as u64).saturating_mul(PLACE_STEPS);
    budget.charge(PART, (elements / MOVED_IN_A_STEP).saturating_add(visited))
}
