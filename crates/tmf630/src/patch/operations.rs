//! JSON Patch (RFC 6902) as TMF630 has it.
//!
//! Besides what the RFC says: a single operation may come without an array around it; adding a value
//! that is no array to an array appends it; and a path may choose elements by their values, in which
//! case the operation applies to all of them (TMF630 part 5).

use json_patch::jsonptr::PointerBuf;
use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchOperation, RemoveOperation, ReplaceOperation,
};
use schemas::Fault;
use serde_json::Value;

use super::places::{self, Places};
use crate::Error;
use crate::request::json::MAX_NESTING;
use crate::value::decimal::Decimal;

/// How many bytes of JSON the operations of a patch may add, copies included.
const MAX_ADDED_BYTES: usize = 1 << 20;

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    kind: Kind,
    path: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Add(Value),
    Remove,
    Replace(Value),
    Move(String),
    Copy(String),
    Test(Value),
}

impl Operation {
    /// The operations in the body of a request.
    pub fn read_all(body: Value) -> Result<Vec<Self>, Error> {
        let (operations, single) = match body {
            Value::Array(operations) => (operations, false),
            single => (vec![single], true),
        };
        let read = operations.into_iter().enumerate().map(|(number, operation)| {
            let place = if single { String::new() } else { format!("/{number}") };
            Self::read(operation, &place)
        });
        read.collect::<Result<_, _>>().map_err(|fault| Error::invalid_document(&[fault]))
    }

    fn read(operation: Value, place: &str) -> Result<Self, Fault> {
        let Value::Object(mut members) = operation else {
            return Err(Fault::new(place, "must be an operation of JSON Patch (RFC 6902)"));
        };
        let mut value = members.remove("value");
        let text = |name: &str| match members.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(Fault::new(format!("{place}/{name}"), "must be a string")),
        };
        let mut value =
            || value.take().ok_or_else(|| Fault::new(format!("{place}/value"), "is required"));
        let path = text("path")?;
        let kind = match &text("op")?[..] {
            "add" => Kind::Add(value()?),
            "remove" => Kind::Remove,
            "replace" => Kind::Replace(value()?),
            "move" => Kind::Move(text("from")?),
            "copy" => Kind::Copy(text("from")?),
            "test" => Kind::Test(value()?),
            _ => {
                let names = "must be one of: add, remove, replace, move, copy, test";
                return Err(Fault::new(format!("{place}/op"), names));
            }
        };
        Ok(Self { kind, path })
    }
}

/// Applies `operations` to `document`, one after the other. If one fails, the document is in between
/// and of no use.
pub(crate) fn apply(operations: &[Operation], document: &mut Value) -> Result<(), Error> {
    let mut budget = MAX_ADDED_BYTES;
    for (number, operation) in operations.iter().enumerate() {
        operation.apply(document, &mut budget).map_err(|fault| {
            let place = if operations.len() == 1 { String::new() } else { format!("/{number}") };
            Error::invalid_document(&[Fault::new(
                format!("{place}{}", fault.member),
                fault.expectation,
            )])
        })?;
    }
    Ok(())
}

/// Why an operation cannot be applied: which member of it is to blame, and what would be right.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub member: &'static str,
    pub expectation: String,
}

fn misfit(member: &'static str, expectation: impl Into<String>) -> Misfit {
    Misfit { member, expectation: expectation.into() }
}

impl Operation {
    fn apply(&self, document: &mut Value, budget: &mut usize) -> Result<(), Misfit> {
        let may_be_new = matches!(self.kind, Kind::Add(_) | Kind::Move(_) | Kind::Copy(_));
        let places = places::find(&self.path, document, may_be_new)
            .map_err(|expectation| misfit("/path", expectation))?;
        match &self.kind {
            Kind::Test(expected) => {
                let equals = |pointer: &String| {
                    document.pointer(pointer).is_some_and(|value| is_equal(value, expected))
                };
                match places.pointers.iter().all(equals) {
                    true => Ok(()),
                    false => Err(misfit("/value", "must equal what is at the path")),
                }
            }
            Kind::Remove => remove(document, &places),
            Kind::Add(value) => {
                each(&places, budget, value, |pointer, value| add(document, pointer, value))
            }
            Kind::Replace(value) => each(&places, budget, value, |pointer, value| {
                let path = pointer_buf(pointer)?;
                run(document, PatchOperation::Replace(ReplaceOperation { path, value }))
            }),
            Kind::Copy(from) => {
                let from = single(from, document)?;
                let value = document.pointer(&from).cloned().unwrap_or_default();
                each(&places, budget, &value, |pointer, _| {
                    let (path, from) = (pointer_buf(pointer)?, pointer_buf(&from)?);
                    run(document, PatchOperation::Copy(CopyOperation { path, from }))
                })
            }
            Kind::Move(from) => {
                let from = single(from, document)?;
                let [to] = &places.pointers[..] else {
                    return Err(misfit("/path", "must point to one place"));
                };
                let value = document.pointer(&from).cloned().unwrap_or_default();
                check_size(to, &value, budget)?;
                let (path, from) = (pointer_buf(to)?, pointer_buf(&from)?);
                run(document, PatchOperation::Move(MoveOperation { path, from }))
            }
        }
    }
}

/// The one place that `from` points to.
fn single(from: &str, document: &Value) -> Result<String, Misfit> {
    let places =
        places::find(from, document, false).map_err(|expectation| misfit("/from", expectation))?;
    match <[String; 1]>::try_from(places.pointers) {
        Ok([pointer]) => Ok(pointer),
        Err(_) => Err(misfit("/from", "must point to one place")),
    }
}

/// Applies `change` to every place with a copy of `value`.
fn each(
    places: &Places,
    budget: &mut usize,
    value: &Value,
    mut change: impl FnMut(&str, Value) -> Result<(), Misfit>,
) -> Result<(), Misfit> {
    for pointer in &places.pointers {
        check_size(pointer, value, budget)?;
        change(pointer, value.clone())?;
    }
    Ok(())
}

/// Operations can copy what they have copied: what they add is limited, and how deep it lies.
fn check_size(pointer: &str, value: &Value, budget: &mut usize) -> Result<(), Misfit> {
    if pointer.matches('/').count() + depth(value) > MAX_NESTING {
        return Err(misfit("/path", format!("would nest more than {MAX_NESTING} deep")));
    }
    *budget = budget
        .checked_sub(value.to_string().len())
        .ok_or_else(|| misfit("/path", format!("would add more than {MAX_ADDED_BYTES} bytes")))?;
    Ok(())
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn add(document: &mut Value, pointer: &str, value: Value) -> Result<(), Misfit> {
    let appends = document.pointer(pointer).is_some_and(Value::is_array) && !value.is_array();
    let path = if appends { pointer_buf(&format!("{pointer}/-"))? } else { pointer_buf(pointer)? };
    run(document, PatchOperation::Add(AddOperation { path, value }))
}

fn remove(document: &mut Value, places: &Places) -> Result<(), Misfit> {
    // From the end, so that the places of the others stay what they are.
    for pointer in places.pointers.iter().rev() {
        let path = pointer_buf(pointer)?;
        run(document, PatchOperation::Remove(RemoveOperation { path }))?;
    }
    if places.by_value {
        // Where no element is left, the attribute goes too (TMF630 part 5).
        for pointer in places.pointers.iter().rev() {
            let Some((parent, _)) = pointer.rsplit_once('/') else { continue };
            let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
            if !parent.is_empty() && document.pointer(parent).is_some_and(is_empty) {
                let path = pointer_buf(parent)?;
                run(document, PatchOperation::Remove(RemoveOperation { path }))?;
            }
        }
    }
    Ok(())
}

fn pointer_buf(pointer: &str) -> Result<PointerBuf, Misfit> {
    PointerBuf::parse(pointer)
        .map_err(|_| misfit("/path", "must be a JSON Pointer (RFC 6901), such as /relatedParty/0"))
}

fn run(document: &mut Value, operation: PatchOperation) -> Result<(), Misfit> {
    json_patch::patch(document, &[operation]).map_err(|error| {
        misfit("/path", format!("must point to a place that exists ({})", error.kind))
    })
}

/// Whether two values are equal as RFC 6902 has it: numbers by value, objects in any order.
fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            Decimal::parse(&a.to_string()) == Decimal::parse(&b.to_string())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| is_equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4_i32).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Value::from),
                btree_map("[abc]", inner, 0..3).prop_map(|members| json!(members)),
            ]
        })
    }

    fn pointer() -> impl Strategy<Value = String> {
        let step = prop::sample::select(&["a", "b", "c", "0", "1", "-"][..]);
        vec(step, 0..4).prop_map(|steps| steps.iter().map(|step| format!("/{step}")).collect())
    }

    fn operation() -> impl Strategy<Value = Value> {
        let name = prop::sample::select(&["add", "remove", "replace", "move", "copy", "test"][..]);
        (name, pointer(), pointer(), value()).prop_map(|(name, path, from, value)| {
            json!({ "op": name, "path": path, "from": from, "value": value })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Without what TMF630 adds, a patch does what the json-patch crate does.
        #[test]
        fn json_patch_is_as_rfc_6902_has_it(
            members in btree_map("[abc]", value(), 0..4),
            patch in vec(operation(), 1..4),
        ) {
            let document = json!(members);
            let mut expected = document.clone();
            let mut is_expected = true;
            for operation in &patch {
                let path = operation["path"].as_str().unwrap();
                let target = expected.pointer(path);
                // Such an element is appended.
                prop_assume!(
                    operation["op"] != "add"
                        || !target.is_some_and(Value::is_array)
                        || operation["value"].is_array()
                );
                let standard: json_patch::Patch = serde_json::from_value(json!([operation])).unwrap();
                if json_patch::patch(&mut expected, &standard).is_err() {
                    is_expected = false;
                    break;
                }
            }
            let mut patched = document;
            let operations = Operation::read_all(json!(patch)).unwrap();
            let outcome = apply(&operations, &mut patched);
            prop_assert_eq!(outcome.is_ok(), is_expected, "{:?}", outcome);
            if is_expected {
                prop_assert_eq!(patched, expected);
            }
        }

        /// RFC 7396, section 2, written down as it is there.
        #[test]
        fn a_merge_patch_is_as_rfc_7396_has_it(document in value(), patch in value()) {
            fn merged(target: Value, patch: &Value) -> Value {
                let Value::Object(patch) = patch else { return patch.clone() };
                let mut target = match target {
                    Value::Object(target) => target,
                    _ => serde_json::Map::new(),
                };
                for (name, value) in patch {
                    if value.is_null() {
                        target.remove(name);
                    } else {
                        let before = target.remove(name).unwrap_or_default();
                        target.insert(name.clone(), merged(before, value));
                    }
                }
                Value::Object(target)
            }
            let mut patched = document.clone();
            json_patch::merge(&mut patched, &patch);
            prop_assert_eq!(patched, merged(document, &patch));
        }

        #[test]
        fn any_patch_is_applied_or_refused(patch in value(), path in "[/?.=$@\\[\\]()a0' -]{0,16}") {
            let mut document = json!({ "a": [{ "a": 1 }, 0, "a"], "b": { "a": [] } });
            if let Ok(operations) = Operation::read_all(patch) {
                let _ = apply(&operations, &mut document);
            }
            for name in ["add", "remove", "copy", "move", "test"] {
                let operation = json!({ "op": name, "path": path, "from": path, "value": 1 });
                let _ = apply(&Operation::read_all(operation).unwrap(), &mut document);
            }
        }
    }

    #[test]
    fn all_that_a_path_chooses_is_removed() {
        let mut document = json!({ "a": [{ "b": 1 }, { "b": 2 }, { "b": 1 }, { "b": 1 }] });
        let remove =
            |path: &str| Operation::read_all(json!({ "op": "remove", "path": path })).unwrap();
        apply(&remove("/a?a.b=1"), &mut document).unwrap();
        assert_eq!(document, json!({ "a": [{ "b": 2 }] }));
        apply(&remove("$.a[?(@.b==2)]"), &mut document).unwrap();
        assert_eq!(document, json!({}));
    }

    #[test]
    fn what_operations_add_has_limits() {
        let copy = |from: &str, path: &str| json!({ "op": "copy", "from": from, "path": path });
        for (operation, times) in [(copy("/a", "/a/b"), 100), (copy("/c", "/c/-"), 40)] {
            let mut document = json!({ "a": {}, "c": ["x".repeat(100)] });
            let operations = Operation::read_all(json!(vec![operation; times])).unwrap();
            assert!(apply(&operations[..20.min(times / 5)], &mut document).is_ok());
            assert!(apply(&operations, &mut document).is_err());
        }
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let a = json!({ "x": [1.0, "1", { "y": 100.10 }] });
        let b: Value = serde_json::from_str(r#"{ "x": [1, "1", { "y": 1.0010e2 }] }"#).unwrap();
        assert!(is_equal(&a, &b));
        assert!(!is_equal(&a, &json!({ "x": [1.0, 1, { "y": 100.10 }] })));
        assert!(!is_equal(&a, &json!({ "x": [1.0, "1"] })));
    }
}
