//! The order of a list (TMF630 part 1, sorting).

use std::cmp::Ordering;

use kv_tree::Order;
use schemas::Kind;
use serde_json::Value;

use super::json_path::{JsonPath, is_json_path};
use super::pieces::parts;
use crate::budget::Budget;
use crate::value::compare::{SORTED_TEXT_BYTES, reading_steps};
use crate::value::decimal::Decimal;
use crate::value::path::Path;
use crate::value::time::{Instant, Times};
use crate::{Definition, Error, Version};

/// How many keys a list can be sorted by.
const MAX_KEYS: usize = 8;

/// An attribute that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortKey {
    pub path: Path,
    pub order: Order,
    /// What the attribute holds, if the standard says.
    pub kind: Option<Kind>,
}

/// Reads keys separated by commas; `-` in front of one makes it descend, `+` (or the space that it
/// is decoded to) or nothing ascend. A key can be written as JSONPath that does nothing but name
/// attributes and step over arrays. A blank value has no keys.
pub(super) fn parse(
    value: &str,
    definition: &Definition,
    version: Version,
) -> Result<Vec<SortKey>, Error> {
    if value.trim().is_empty() {
        return Ok(Vec::new());
    }
    let keys: Option<Vec<_>> = parts(value)
        .map(|key| {
            let (order, path) = match key.strip_prefix('-') {
                Some(path) => (Order::Descending, path),
                None => (Order::Ascending, key.strip_prefix(['+', ' ']).unwrap_or(key)),
            };
            let path = attribute(path.trim())?;
            let path = definition.canonical(version, path);
            Some(SortKey { kind: definition.kind_of(version, &path), path, order })
        })
        .collect();
    keys.filter(|keys| keys.len() <= MAX_KEYS).ok_or_else(|| {
        Error::invalid_parameter(
            "sort",
            &format!(
                "must name up to {MAX_KEYS} attributes, such as -date,name; of JSONPath, names \
                 and [*] are known here"
            ),
        )
    })
}

/// The path of an attribute in dotted form or JSONPath.
fn attribute(text: &str) -> Option<Path> {
    match is_json_path(text) {
        true => Path::parse(&JsonPath::parse("sort", text).ok()?.dotted()?),
        false => Path::parse(text),
    }
}

/// What a resource is sorted by: the value of an attribute. Values of different kinds have an order
/// too; a resource without the attribute comes last, whichever the direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SortValue {
    Boolean(bool),
    Number(Decimal),
    Time(Instant),
    Text(SortText),
}

/// A text, as far as lists are sorted by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SortText {
    beginning: Box<[u8]>,
    goes_on: bool,
}

impl SortText {
    fn of(text: &str) -> Self {
        let beginning = &text.as_bytes()[..text.len().min(SORTED_TEXT_BYTES)];
        Self { beginning: beginning.into(), goes_on: beginning.len() < text.len() }
    }
}

impl SortKey {
    /// The value of the document: of several, the one that comes first in the order.
    pub fn value(&self, document: &Value, budget: &Budget) -> Result<Option<SortValue>, Error> {
        let mut first: Option<SortValue> = None;
        let mut steps = 0_u64;
        let passed = self.path.visit(document, &mut |value| {
            steps = steps.saturating_add(reading_steps(value));
            let Some(value) = SortValue::of(value, self.kind) else { return };
            let comes_first = first.as_ref().is_none_or(|first| match self.order {
                Order::Ascending => value < *first,
                Order::Descending => value > *first,
            });
            if comes_first {
                first = Some(value);
            }
        });
        budget.charge("sort", steps.saturating_add(passed))?;
        Ok(first)
    }

    /// How two values of the key are ordered.
    pub fn compare(&self, a: &Option<SortValue>, b: &Option<SortValue>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.order == Order::Descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

impl SortValue {
    fn of(value: &Value, kind: Option<Kind>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Boolean(*value)),
            Value::Number(number) => Decimal::parse(number.as_str()).map(Self::Number),
            Value::String(text) => Some(match time_of(text).filter(|_| kind != Some(Kind::Text)) {
                Some(time) => Self::Time(time),
                None => Self::Text(SortText::of(text)),
            }),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Number(_) => 1,
            Self::Time(_) => 2,
            Self::Text(_) => 3,
        }
    }
}

/// The instant that `text` is, if it is a date and time as documents have them.
fn time_of(text: &str) -> Option<Instant> {
    let is_date_time = text.as_bytes().get(10).is_some_and(|byte| matches!(byte, b'T' | b't'));
    Times::parse(text).filter(|_| is_date_time).map(|times| times.first)
}

impl Ord for SortValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for SortValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::accounts::ACCOUNTS;

    #[test]
    fn keys_have_directions() {
        let keys = parse("name,-creditLimit.value, state,+x", &ACCOUNTS, Version::V5).unwrap();
        let keys: Vec<_> = keys.iter().map(|key| (key.path.as_str(), key.order)).collect();
        let (ascending, descending) = (Order::Ascending, Order::Descending);
        assert_eq!(
            keys,
            [
                ("name", ascending),
                ("creditLimit.value", descending),
                ("state", ascending),
                ("x", ascending)
            ]
        );
        assert_eq!(parse(" ", &ACCOUNTS, Version::V5).unwrap(), []);
        for wrong in
            ["-", "a,,b", "a..b", "--a.", "1,2,3,4,5,6,7,8,9", "$..a", "a[0]", "a[?@.b]", "a.*"]
        {
            assert!(parse(wrong, &ACCOUNTS, Version::V5).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_ordered_and_what_is_missing_comes_last() {
        let in_order = |order: Order, mut documents: Vec<Value>| {
            let key = SortKey { path: Path::parse("a").unwrap(), order, kind: None };
            let value = |document: &Value| key.value(document, &Budget::default()).unwrap();
            documents.sort_by(|a, b| key.compare(&value(a), &value(b)));
            documents.into_iter().map(|document| document["a"].clone()).collect::<Vec<_>>()
        };
        let documents = || {
            ["x", "10", "9"].map(|text| json!({ "a": text })).into_iter().chain([
                json!({ "a": 10 }),
                json!({ "b": 1 }),
                json!({ "a": 9.5 }),
                json!({ "a": [3, 12] }),
                json!({ "a": true }),
                json!({ "a": "2026-01-01T00:00:00+01:00" }),
                json!({ "a": "2025-12-31T23:30:00Z" }),
            ])
        };
        let ascending = in_order(Order::Ascending, documents().collect());
        assert_eq!(
            json!(ascending),
            json!([
                true,
                [3, 12],
                9.5,
                10,
                "2026-01-01T00:00:00+01:00",
                "2025-12-31T23:30:00Z",
                "10",
                "9",
                "x",
                null
            ])
        );
        let descending = in_order(Order::Descending, documents().collect());
        assert_eq!(
            json!(descending),
            json!([
                "x",
                "9",
                "10",
                "2025-12-31T23:30:00Z",
                "2026-01-01T00:00:00+01:00",
                [3, 12],
                10,
                9.5,
                true,
                null
            ])
        );
    }

    #[test]
    fn keys_have_the_names_of_either_version_and_of_json_path() {
        for (sort, v5, v4) in [
            ("lastModified", "lastUpdate", "lastModified"),
            ("relatedParty.name", "relatedParty.partyOrPartyRole.name", "relatedParty.name"),
            ("$.relatedParty[*].role", "relatedParty.role", "relatedParty.role"),
            ("relatedParty[*]['role']", "relatedParty.role", "relatedParty.role"),
            ("$['name']", "name", "name"),
        ] {
            for (version, expected) in [(Version::V5, v5), (Version::V4, v4)] {
                let keys = parse(sort, &ACCOUNTS, version).unwrap();
                assert_eq!(keys[0].path.as_str(), expected, "{sort}");
            }
        }
    }

    #[test]
    fn texts_are_told_apart_by_what_an_index_has_of_them() {
        let long = |end: &str| SortText::of(&("a".repeat(SORTED_TEXT_BYTES) + end));
        assert_eq!(long("x"), long("y"));
        assert!(long("") < long("x") && long("x") < SortText::of("b"));
    }
}
