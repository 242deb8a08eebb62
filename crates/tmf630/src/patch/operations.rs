//! JSON Patch (RFC 6902) as TMF630 has it.
//!
//! Besides what the RFC says: a single operation may come without an array around it; adding a value
//! that is no array to an array appends it; and a path may choose elements by their values, in which
//! case the operation applies to all of them (TMF630 part 5).

use schemas::Fault;
use schemas::json::MAX_NESTING;
use serde_json::Value;

use super::change::{self, AddedToArray, Addition, Emptied};
use super::path::{self, Found, Notation};
use super::places::Places;
use super::{Failure, PART};
use crate::Error;
use crate::budget::Budget;
use crate::value::decimal::Decimal;
use crate::value::size::{self, Size};

/// How many operations a patch may have.
const MAX_OPERATIONS: usize = 200;

/// How many bytes of JSON the operations of a patch may add, copies included.
const MAX_ADDED_BYTES: u64 = 1 << 20;

/// How many bytes of text are compared in one step of the budget.
const BYTES_IN_A_STEP: u64 = 32;

/// The operations of a patch.
#[derive(Debug)]
pub(crate) struct Operations {
    notation: Notation,
    operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
struct Operation {
    kind: Kind,
    path: String,
}

#[derive(Debug)]
enum Kind {
    Add(Value),
    Remove,
    Replace(Value),
    Move(String),
    Copy(String),
    Test(Value),
}

impl Operations {
    /// The operations in the body of a request.
    pub fn read(body: Value, notation: Notation) -> Result<Self, Error> {
        let (operations, single) = match body {
            Value::Array(operations) => (operations, false),
            single => (vec![single], true),
        };
        if operations.len() > MAX_OPERATIONS {
            let limit = format!("must have up to {MAX_OPERATIONS} operations");
            return Err(Error::invalid_document(&[Fault::new("", limit)]));
        }
        let read = operations.into_iter().enumerate().map(|(number, operation)| {
            let place = if single { String::new() } else { format!("/{number}") };
            Operation::read(operation, &place)
        });
        let operations = read.collect::<Result<_, _>>();
        let operations = operations.map_err(|fault| Error::invalid_document(&[fault]))?;
        Ok(Self { notation, operations })
    }

    /// Applies the operations to `document`, one after the other. If one fails, the document is in
    /// between and of no use.
    pub fn apply(&self, document: &mut Value, budget: &Budget) -> Result<(), Error> {
        let mut target =
            Target { document, notation: self.notation, budget, bytes_left: MAX_ADDED_BYTES };
        for (number, operation) in self.operations.iter().enumerate() {
            let place =
                if self.operations.len() == 1 { String::new() } else { format!("/{number}") };
            target.apply(operation).map_err(|failure| match failure {
                Failure::Misfit { member, expectation } => {
                    let fault = Fault::new(format!("{place}{member}"), expectation);
                    Error::invalid_document(&[fault])
                }
                Failure::Error(error) if place.is_empty() => error,
                Failure::Error(error) => error.within(&place),
            })?;
        }
        Ok(())
    }
}

impl Operation {
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

fn misfit(member: &'static str, expectation: impl Into<String>) -> Failure {
    Failure::Misfit { member, expectation: expectation.into() }
}

/// What the operations are applied to.
struct Target<'t> {
    document: &'t mut Value,
    notation: Notation,
    budget: &'t Budget,
    /// How many bytes may still be added.
    bytes_left: u64,
}

impl Target<'_> {
    fn apply(&mut self, operation: &Operation) -> Result<(), Failure> {
        let path = &operation.path;
        match &operation.kind {
            Kind::Test(expected) => self.test(path, expected),
            Kind::Remove => {
                let Found { places, by_value } = self.find(path, false)?;
                if places.is_place {
                    return Err(Failure::path("must point to a part of the document"));
                }
                let emptied = if by_value { Emptied::Goes } else { Emptied::Stays };
                Ok(change::remove(self.document, &places, emptied, self.budget)?)
            }
            Kind::Add(value) => {
                let places = self.find(path, true)?.places;
                self.expect_room(&places, value)?;
                self.add(&places, value, AddedToArray::IsAppended)
            }
            Kind::Replace(value) => {
                let places = self.find(path, false)?.places;
                self.expect_room(&places, value)?;
                Ok(change::replace(self.document, &places, value, self.budget)?)
            }
            Kind::Copy(from) => {
                let value = self.only(&self.find_from(from)?).clone();
                let places = self.find(path, true)?.places;
                self.expect_room(&places, &value)?;
                self.add(&places, &value, AddedToArray::Replaces)
            }
            Kind::Move(from) => self.move_from(from, path),
        }
    }

    fn test(&self, path: &str, expected: &Value) -> Result<(), Failure> {
        let places = self.find(path, false)?.places;
        let (mut are_equal, mut steps) = (true, 0);
        places.visit(self.document, &mut |value| {
            are_equal = are_equal && is_equal(value, expected, &mut steps);
        });
        self.budget.charge(PART, steps)?;
        match are_equal {
            true => Ok(()),
            false => Err(misfit("/value", "must equal what is at the path")),
        }
    }

    /// Removes and adds, in this order: the path is one of the document without what is moved.
    fn move_from(&mut self, from: &str, path: &str) -> Result<(), Failure> {
        let from = self.find_from(from)?;
        if from.is_place {
            return Err(misfit("/from", "must point to a part of the document"));
        }
        if self.find(path, true).is_ok_and(|to| to.places.lie_within(&from)) {
            return Err(Failure::path("must not lie within what is moved"));
        }
        let value = change::first_mut(self.document, &from).map(std::mem::take).unwrap_or_default();
        change::remove(self.document, &from, Emptied::Stays, self.budget)?;
        let places = self.find(path, true)?.places;
        if places.count() != 1 {
            return Err(Failure::path("must point to one place"));
        }
        // As large as it was, but perhaps deeper.
        expect_depth(&places, self.size_of(&value)?)?;
        self.add(&places, &Value::Null, AddedToArray::Replaces)?;
        // Put there, not copied.
        if let Some(place) = change::first_mut(self.document, &places) {
            *place = value;
        }
        Ok(())
    }

    fn find(&self, path: &str, may_be_new: bool) -> Result<Found, Failure> {
        path::find(path, self.notation, self.document, may_be_new, self.budget)
    }

    /// The one place that `from` points to.
    fn find_from(&self, from: &str) -> Result<Places, Failure> {
        let places = self.find(from, false).map_err(|failure| failure.of("/from"))?.places;
        match places.count() {
            1 => Ok(places),
            _ => Err(misfit("/from", "must point to one place")),
        }
    }

    /// What is at the first of `places`.
    fn only(&self, places: &Places) -> &Value {
        let mut only = &Value::Null;
        places.visit(self.document, &mut |value| only = value);
        only
    }

    fn add(&mut self, places: &Places, new: &Value, to_array: AddedToArray) -> Result<(), Failure> {
        let addition = Addition { new, to_array, budget: self.budget };
        Ok(addition.apply(self.document, places)?)
    }

    /// Operations can copy what they have copied: what they add is limited, and how deep it lies.
    fn expect_room(&mut self, places: &Places, value: &Value) -> Result<(), Failure> {
        let size = self.size_of(value)?;
        expect_depth(places, size)?;
        let count = places.count();
        let copies = count.saturating_mul(size.values).saturating_mul(size::COPY_STEPS);
        self.budget.charge(PART, copies)?;
        let bytes = count.saturating_mul(size.bytes);
        self.bytes_left = self
            .bytes_left
            .checked_sub(bytes)
            .ok_or_else(|| Failure::path(format!("would add more than {MAX_ADDED_BYTES} bytes")))?;
        Ok(())
    }

    fn size_of(&self, value: &Value) -> Result<Size, Error> {
        let size = Size::of(value);
        self.budget.charge(PART, size.values)?;
        Ok(size)
    }
}

fn expect_depth(places: &Places, size: Size) -> Result<(), Failure> {
    match places.depth() + size.depth > MAX_NESTING {
        true => Err(Failure::path(format!("would nest more than {MAX_NESTING} deep"))),
        false => Ok(()),
    }
}

/// Whether two values are equal as RFC 6902 has it: numbers by value, objects in any order. Counts
/// the steps that it takes.
fn is_equal(a: &Value, b: &Value, steps: &mut u64) -> bool {
    *steps += 2;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            *steps += (a.as_str().len() + b.as_str().len()) as u64;
            a == b || Decimal::parse(a.as_str()) == Decimal::parse(b.as_str())
        }
        (Value::String(a), Value::String(b)) => {
            *steps += a.len().min(b.len()) as u64 / BYTES_IN_A_STEP;
            a == b
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b, steps))
        }
        (Value::Object(a), Value::Object(b)) => {
            // Members are in the order of their names.
            let mut members = a.iter().zip(b);
            a.len() == b.len()
                && members
                    .all(|((a_name, a), (b_name, b))| a_name == b_name && is_equal(a, b, steps))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn apply(patch: Value, document: &mut Value) -> Result<(), Error> {
        Operations::read(patch, Notation::Queries)?.apply(document, &Budget::default())
    }

    fn patched(mut document: Value, patch: Value) -> Value {
        let applied = apply(patch.clone(), &mut document);
        assert!(applied.is_ok(), "{patch}: {applied:?}");
        document
    }

    #[test]
    fn what_operations_add_has_limits() {
        let copy = |from: &str, path: &str| json!({ "op": "copy", "from": from, "path": path });
        let deeper = json!([{ "op": "move", "from": "/a", "path": "/b/b" }]);
        for (operation, times) in [(copy("/a", "/a/b"), 100), (copy("/c", "/c/-"), 40)] {
            let document = json!({ "a": {}, "c": ["x".repeat(100)] });
            patched(document.clone(), json!(vec![&operation; times / 5]));
            assert!(apply(json!(vec![&operation; times]), &mut document.clone()).is_err());
        }
        let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        patched(json!({ "a": nested(62), "b": {} }), deeper.clone());
        assert!(apply(deeper, &mut json!({ "a": nested(63), "b": {} })).is_err());
        let test = json!({ "op": "test", "path": "/a", "value": 1 });
        patched(json!({ "a": 1 }), json!(vec![&test; MAX_OPERATIONS]));
        let error = apply(json!(vec![&test; MAX_OPERATIONS + 1]), &mut json!({ "a": 1 }));
        let response = error.unwrap_err().into_response(crate::Version::V5);
        assert!(String::from_utf8_lossy(response.body()).contains("up to 200 operations"));
    }

    /// What is pointed to leaves an empty array (RFC 6902); what is chosen by its value takes it along
    /// (TMF630 part 5).
    #[test]
    fn an_array_goes_with_its_last_element_if_that_is_chosen_by_its_value() {
        let document = json!({ "a": [{ "b": 1 }], "c": { "d": ["x"] } });
        for (path, expected) in [
            ("/a/0", json!({ "a": [], "c": { "d": ["x"] } })),
            ("/c/d/0", json!({ "a": [{ "b": 1 }], "c": { "d": [] } })),
            ("/a?a.b=1", json!({ "c": { "d": ["x"] } })),
            ("$.c.d[?(@=='x')]", json!({ "a": [{ "b": 1 }], "c": {} })),
            ("/a/b?a.b=1", json!({ "a": [{}], "c": { "d": ["x"] } })),
        ] {
            let remove = json!({ "op": "remove", "path": path });
            assert_eq!(patched(document.clone(), remove), expected, "{path}");
        }
        let away = json!({ "op": "move", "from": "/c/d/0", "path": "/e" });
        let expected = json!({ "a": [{ "b": 1 }], "c": { "d": [] }, "e": "x" });
        assert_eq!(patched(document, away), expected);
    }

    #[test]
    fn what_is_moved_is_one_place_and_goes_to_one_outside_of_it() {
        let document = json!({ "a": [{ "b": 1 }, { "b": 2 }], "c": {} });
        let moved = |from: &str, path: &str| {
            let mut document = document.clone();
            let operation = json!({ "op": "move", "from": from, "path": path });
            apply(operation, &mut document).map(|()| document)
        };
        for (from, path) in [
            ("/a/0", "/a/0/b"),
            ("/a/0", "/a/b?a.b=1"),
            ("/a/0", "$.a[?(@.b==1)].c"),
            ("/a[*]", "/c/d"),
            ("/c", "/a[*]/c"),
            ("/a/0", "/a/2"),
            ("", "/c/d"),
            ("/a", "/d/e"),
        ] {
            assert!(moved(from, path).is_err(), "{from} {path}");
        }
        // The path is one of the document without what is moved.
        let expected = json!({ "a": [{ "b": 2 }, { "b": 1 }], "c": {} });
        for path in ["/a/1", "/a/-"] {
            assert_eq!(moved("$.a[?(@.b==1)]", path).ok().as_ref(), Some(&expected), "{path}");
        }
        assert_eq!(moved("/a/0", "/a/0").ok(), Some(document.clone()));
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let is_equal = |a: &Value, b: &Value| is_equal(a, b, &mut 0);
        let a = json!({ "x": [1.0, "1", { "y": 100.10 }] });
        let b: Value = serde_json::from_str(r#"{ "x": [1, "1", { "y": 1.0010e2 }] }"#).unwrap();
        assert!(is_equal(&a, &b));
        assert!(!is_equal(&a, &json!({ "x": [1.0, 1, { "y": 100.10 }] })));
        assert!(!is_equal(&a, &json!({ "x": [1.0, "1"] })));
        assert!(!is_equal(&a, &json!({ "z": a["x"] })));
        assert!(!is_equal(&a, &json!({ "x": a["x"], "z": 1 })));
    }
}
