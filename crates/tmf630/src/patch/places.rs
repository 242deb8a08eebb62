//! What a path leads to.
//!
//! Whatever the form of a path, the places that it leads to are a tree, in which each is once and all
//! are in the order of the document. So a change of all of them can be made in one pass, and none
//! moves another.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

/// A step from a value to one within.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Index(usize),
    Name(String),
}

/// Places in a value. Those that are not there yet, because something is to be added, are one step
/// away from what is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Whether the value itself is a place.
    pub is_place: bool,
    /// The places within. None of them is empty.
    pub below: BTreeMap<Step, Places>,
}

impl Places {
    /// The value itself.
    pub fn here() -> Self {
        Self { is_place: true, below: BTreeMap::new() }
    }

    /// The place that `steps` lead to.
    pub fn at(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut places = Self::default();
        places.insert(steps);
        places
    }

    /// Adds the place that `steps` lead to.
    pub fn insert(&mut self, steps: impl IntoIterator<Item = Step>) {
        let mut places = self;
        for step in steps {
            places = places.below.entry(step).or_default();
        }
        places.is_place = true;
    }

    /// Adds places that lie behind `step`, where nothing is yet.
    pub fn insert_behind(&mut self, step: Step, places: Self) {
        if !places.is_empty()
            && let Entry::Vacant(entry) = self.below.entry(step)
        {
            entry.insert(places);
        }
    }

    pub fn is_empty(&self) -> bool {
        !self.is_place && self.below.is_empty()
    }

    pub fn count(&self) -> u64 {
        u64::from(self.is_place) + self.below.values().map(Self::count).sum::<u64>()
    }

    /// How many steps there are to the place that is farthest away.
    pub fn depth(&self) -> usize {
        self.below.values().map(|below| 1 + below.depth()).max().unwrap_or(0)
    }

    /// Whether all of these places lie within one of the `outer` ones.
    pub fn lie_within(&self, outer: &Self) -> bool {
        let is_within = |(step, below): (&Step, &Self)| {
            outer.below.get(step).is_some_and(|outer| match outer.is_place {
                true => !below.is_place,
                false => below.lie_within(outer),
            })
        };
        !self.is_place && self.below.iter().all(is_within)
    }

    /// Shows `visit` what is at the places in `value`.
    pub fn visit<'v>(&self, value: &'v Value, visit: &mut impl FnMut(&'v Value)) {
        if self.is_place {
            visit(value);
        }
        for (step, below) in &self.below {
            if let Some(value) = child(value, step) {
                below.visit(value, visit);
            }
        }
    }
}

pub(super) fn child<'v>(value: &'v Value, step: &Step) -> Option<&'v Value> {
    match (value, step) {
        (Value::Array(elements), Step::Index(index)) => elements.get(*index),
        (Value::Object(members), Step::Name(name)) => members.get(name),
        _ => None,
    }
}

/// The steps that a JSON Pointer (RFC 6901) is from `value`. With `may_be_new`, the last one may lead
/// to what is not there.
pub(super) fn steps_of(pointer: &str, value: &Value, may_be_new: bool) -> Option<Vec<Step>> {
    let mut tokens = pointer.split('/');
    if !tokens.next()?.is_empty() {
        return None;
    }
    let mut steps = Vec::new();
    let mut reached = Some(value);
    for token in tokens {
        let step = step_of(token, reached?)?;
        reached = child(reached?, &step);
        steps.push(step);
    }
    (reached.is_some() || may_be_new).then_some(steps)
}

/// The step from `value` that a token of a JSON Pointer stands for, if there can be such.
pub(super) fn step_of(token: &str, value: &Value) -> Option<Step> {
    match value {
        Value::Object(_) => unescaped(token).map(Step::Name),
        Value::Array(elements) if token == "-" => Some(Step::Index(elements.len())),
        Value::Array(elements) => {
            index_of(token).filter(|index| *index <= elements.len()).map(Step::Index)
        }
        _ => None,
    }
}

/// The index that a token stands for: digits, without zeros in front.
pub(super) fn index_of(token: &str) -> Option<usize> {
    let is_index = token.bytes().all(|byte| byte.is_ascii_digit())
        && (token == "0" || !token.starts_with('0'));
    token.parse().ok().filter(|_| is_index)
}

/// The name that a token stands for; nothing where a `~` is not followed by 0 or 1.
pub(super) fn unescaped(token: &str) -> Option<String> {
    let (mut name, mut rest) = (String::with_capacity(token.len()), token);
    while let Some((before, after)) = rest.split_once('~') {
        name.push_str(before);
        name.push(match after.as_bytes().first()? {
            b'0' => '~',
            b'1' => '/',
            _ => return None,
        });
        rest = &after[1..];
    }
    name.push_str(rest);
    Some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_are_as_rfc_6901_has_them() {
        let document = json!({ "a": [1, { "": 2 }], "m~n": 3, "x/y": 4, "": { "-": 5 } });
        for (pointer, expected) in [
            ("", Some(&document)),
            ("/a/0", Some(&json!(1))),
            ("/a/1/", Some(&json!(2))),
            ("/m~0n", Some(&json!(3))),
            ("/x~1y", Some(&json!(4))),
            ("//-", Some(&json!(5))),
            ("a", None),
            ("/a/00", None),
            ("/a/+1", None),
            ("/a/-", None),
            ("/a/2", None),
            ("/m~2n", None),
            ("/m~", None),
            ("/a/0/x", None),
            ("/b", None),
        ] {
            let mut found = None;
            if let Some(steps) = steps_of(pointer, &document, false) {
                Places::at(steps).visit(&document, &mut |value| found = Some(value));
            }
            assert_eq!(found, expected, "{pointer}");
        }
        let end = Some(vec![Step::Name("a".into()), Step::Index(2)]);
        assert_eq!(steps_of("/a/-", &document, true), end);
        assert_eq!(steps_of("/a/2", &document, true), end);
        assert_eq!(steps_of("/b", &document, true), Some(vec![Step::Name("b".into())]));
        for nowhere in ["/a/3", "/b/c", "/a/-/b", "/a/x", "/a/99999999999999999999"] {
            assert_eq!(steps_of(nowhere, &document, true), None, "{nowhere}");
        }
    }
}
