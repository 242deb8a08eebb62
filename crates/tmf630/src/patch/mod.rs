//! What a PATCH changes in a document (TMF630 part 5).
//!
//! A patch applies whole or not at all, and what comes of it nests no deeper and is no larger than a
//! document may be. Values are moved and copied as they are: none is ever turned into text and read
//! again, which could make something else of it.
//!
//! # Layout
//!
//! * `operations` – JSON Patch (RFC 6902) with what TMF630 adds.
//! * `path` – the forms that the path of an operation has; `conditions` and `json_path` – two of them.
//! * `places` – what a path leads to, whatever its form; `change` – changing what is there.
//! * `model` – tests: patches against models.

mod change;
mod conditions;
mod json_path;
#[cfg(test)]
mod model;
mod operations;
mod path;
mod places;

use crate::value::size::{self, MAX_DOCUMENT_BYTES, Size};
use operations::Operations;
use path::Notation;
use schemas::Fault;
use schemas::json::MAX_NESTING;
use serde_json::Value;

use crate::Error;
use crate::budget::Budget;
use crate::request::body::PatchType;
use crate::value::Document;

/// What the budget calls the part of a request that is handled here.
const PART: &str = "the patch";

/// What a client wants changed.
#[derive(Debug)]
pub(crate) enum Patch {
    /// A merge patch (RFC 7396).
    Merge(Value),
    /// Operations, one after the other (RFC 6902).
    Operations(Operations),
}

impl Patch {
    /// The patch in the body of a request.
    pub fn read(patch_type: PatchType, body: Value) -> Result<Self, Error> {
        match patch_type {
            PatchType::Merge if body.is_object() => Ok(Self::Merge(body)),
            PatchType::Merge => {
                Err(Error::invalid_document(&[Fault::new("", "must be an object")]))
            }
            PatchType::Operations => {
                Operations::read(body, Notation::Pointers).map(Self::Operations)
            }
            PatchType::Queries => Operations::read(body, Notation::Queries).map(Self::Operations),
        }
    }

    /// The document with the patch applied.
    pub fn applied_to(&self, document: Document, budget: &Budget) -> Result<Document, Error> {
        let mut patched = Value::Object(document);
        let before = Size::of(&patched);
        budget.charge(PART, before.values)?;
        match self {
            Self::Merge(patch) => {
                budget.charge(PART, Size::of(patch).values.saturating_mul(size::COPY_STEPS))?;
                json_patch::merge(&mut patched, patch);
            }
            Self::Operations(operations) => operations.apply(&mut patched, budget)?,
        }
        let after = Size::of(&patched);
        budget.charge(PART, after.values)?;
        // What was too large before, by whatever way, can still be changed.
        let fault = if after.depth > before.depth.max(MAX_NESTING) {
            format!("must not nest more than {MAX_NESTING} deep when it is patched")
        } else if after.bytes > before.bytes.max(MAX_DOCUMENT_BYTES) {
            format!("must not have more than {MAX_DOCUMENT_BYTES} bytes when it is patched")
        } else {
            match patched {
                Value::Object(document) => return Ok(document),
                _ => "must stay an object".to_owned(),
            }
        };
        Err(Error::invalid_document(&[Fault::new("", fault)]))
    }
}

/// Why an operation cannot be applied.
#[derive(Debug)]
enum Failure {
    /// It does not fit the document: which of its members is to blame, and what would be right.
    Misfit { member: &'static str, expectation: String },
    /// It costs too much.
    Error(Error),
}

impl Failure {
    /// The path leads to nothing, or is no path.
    fn path(expectation: impl Into<String>) -> Self {
        Self::Misfit { member: "/path", expectation: expectation.into() }
    }

    /// The same failure of another member.
    fn of(self, member: &'static str) -> Self {
        match self {
            Self::Misfit { expectation, .. } => Self::Misfit { member, expectation },
            error @ Self::Error(_) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Version;

    fn patched(
        document: &Value,
        patch_type: PatchType,
        patch: Value,
        budget: &Budget,
    ) -> Result<Value, String> {
        let Value::Object(document) = document.clone() else { panic!("{document} is no object") };
        let patched =
            Patch::read(patch_type, patch).and_then(|patch| patch.applied_to(document, budget));
        patched.map(Value::Object).map_err(|error| {
            let response = error.into_response(Version::V5);
            assert_eq!(response.status(), 400);
            String::from_utf8_lossy(response.body()).into_owned()
        })
    }

    fn merged(document: &Value, patch: Value) -> Result<Value, String> {
        patched(document, PatchType::Merge, patch, &Budget::default())
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!(1), |inner, _| json!({ "a": inner }))
    }

    #[test]
    fn merge_patches_keep_nulls_in_arrays_and_remove_by_others() {
        let document = json!({ "a": [1, { "b": 2 }], "c": { "d": 1, "e": 2 } });
        let patch = json!({ "a": [null, { "b": null }], "c": { "d": null, "f": { "g": null } } });
        let expected = json!({ "a": [null, { "b": null }], "c": { "e": 2, "f": {} } });
        assert_eq!(merged(&document, patch), Ok(expected));
        assert!(merged(&document, json!([])).unwrap_err().contains("must be an object"));
    }

    #[test]
    fn what_comes_of_a_patch_has_limits() {
        let max = json!({ "a": nested(MAX_NESTING - 1) });
        assert_eq!(merged(&json!({}), max.clone()), Ok(max.clone()));
        let deeper = json!({ "b": max });
        assert!(merged(&json!({}), deeper.clone()).unwrap_err().contains("nest"));
        // What is too deep already does not stop another change.
        assert!(merged(&deeper, json!({ "c": 1 })).is_ok());
        assert!(merged(&deeper, json!({ "b": { "b": deeper } })).unwrap_err().contains("nest"));

        let half = "x".repeat(MAX_DOCUMENT_BYTES as usize / 2);
        let document = merged(&json!({}), json!({ "a": half })).unwrap();
        let error = merged(&document, json!({ "b": half })).unwrap_err();
        assert!(error.contains("must not have more than 1048576 bytes"), "{error}");
        assert!(merged(&document, json!({ "a": null, "b": half })).is_ok());
        let copy = json!({ "op": "copy", "from": "/a", "path": "/b" });
        let copied = patched(&document, PatchType::Operations, copy, &Budget::default());
        assert_eq!(copied, Err(error));

        let whole = json!({ "op": "replace", "path": "", "value": [] });
        let replaced = patched(&document, PatchType::Operations, whole, &Budget::default());
        assert!(replaced.unwrap_err().contains("must stay an object"));
    }

    #[test]
    fn no_name_is_special() {
        let special = json!({
            "$serde_json::private::Number": "12",
            "$serde_json::private::RawValue": "[1]"
        });
        let document = json!({ "a": special, "list": [] });
        let add = |path: &str| json!({ "op": "add", "path": path, "value": special });
        for (patch_type, patch, pointer) in [
            (PatchType::Merge, json!({ "b": { "c": special } }), "/b/c"),
            (PatchType::Operations, add("/b"), "/b"),
            (PatchType::Operations, add("/list"), "/list/0"),
            (PatchType::Queries, add("$.list"), "/list/0"),
            (
                PatchType::Operations,
                json!([
                    { "op": "test", "path": "/a", "value": special },
                    { "op": "copy", "from": "/a", "path": "/b" },
                    { "op": "move", "from": "/b", "path": "/c" },
                    { "op": "replace", "path": "/list", "value": [special] },
                    { "op": "test", "path": "/list/0/$serde_json::private::Number", "value": "12" }
                ]),
                "/c",
            ),
        ] {
            let patched = patched(&document, patch_type, patch, &Budget::default()).unwrap();
            assert_eq!(patched.pointer(pointer), Some(&special));
        }
        let number = json!({ "op": "test", "path": "/a", "value": 12 });
        assert!(
            patched(&document, PatchType::Operations, number, &Budget::default()).is_err(),
            "it is no number"
        );
    }

    /// How many steps a patch takes; nothing if those are more than there are.
    fn cost(document: &Value, patch_type: PatchType, patch: Value) -> Option<u64> {
        let budget = Budget::default();
        let patched = patched(document, patch_type, patch, &budget);
        if patched.is_err_and(|message| message.contains("too many steps")) {
            return None;
        }
        Some(budget.spent())
    }

    /// Ten of an operation, on an array of so many objects.
    fn cost_of_many(operation: &Value, count: usize) -> u64 {
        let elements: Vec<_> = (0..count).map(|b| json!({ "b": b % 10, "c": ["text"] })).collect();
        let document = json!({ "a": elements, "d": {} });
        let whole = cost(&document, PatchType::Queries, json!(vec![operation; 10]));
        whole.unwrap_or(u64::MAX) - cost(&document, PatchType::Queries, json!([])).unwrap_or(0)
    }

    #[test]
    fn what_operations_touch_is_charged_and_nothing_is_quadratic() {
        for (op, path, least, most) in [
            ("replace", "/a/499/c", 0, 100),
            ("test", "/a/1/c", 0, 100),
            ("remove", "/a/0", 100, 200),
            ("add", "/a/0", 100, 300),
            ("test", "$.a[*].c", 15_000, 300_000),
            ("replace", "/a/c?a.b=1", 5_000, 30_000),
            ("replace", "/a/c?a.c=text&a.b=1", 5_000, 60_000),
            ("replace", "$.a[?(@.b==1)].c", 5_000, 500_000),
            ("replace", "$.a[*].c", 15_000, 300_000),
            ("add", "$.a[?(@.b)].d", 15_000, 500_000),
        ] {
            let value = if op == "test" { json!(["text"]) } else { json!("text") };
            let operation = json!({ "op": op, "path": path, "value": value });
            let (half, whole) = (cost_of_many(&operation, 500), cost_of_many(&operation, 1000));
            assert!((least..most).contains(&(half / 10)), "{operation}: {half}");
            assert!(whole < half * 5 / 2 + 1000, "{operation}: {half} and {whole}");
        }
    }

    /// The bodies that take the longest.
    fn costly_patches() -> Vec<(Value, Value)> {
        let numbers = json!({ "a": vec![1; 125_000], "b": {} });
        let objects = json!({ "a": vec![json!({ "b": 1, "c": [1, 2] }); 12_000], "b": {} });
        let long = "1".repeat(1000);
        let one = |op: &str, path: &str| {
            let from = "/a";
            json!({ "op": op, "path": path, "from": from, "value": 1 })
        };
        let all = |operation: Value| json!(vec![operation; 200]);
        let there = json!({ "op": "move", "from": "/a", "path": "/b/a" });
        let back = json!({ "op": "move", "from": "/b/a", "path": "/a" });
        let moves: Vec<_> = [there, back].into_iter().cycle().take(200).collect();
        let query = |condition: &str, count: usize| {
            one("replace", &format!("/a/c?{}", vec![condition; count].join("&")))
        };
        let texts = json!({ "a": vec![json!({ "b": long, "c": 1 }); 200] });
        vec![
            (numbers.clone(), all(one("replace", "$.a[*]"))),
            (numbers.clone(), all(one("test", "$.a[*]"))),
            (numbers.clone(), all(one("test", "/a?a=1"))),
            (numbers.clone(), all(one("add", "$.a[*]"))),
            (numbers.clone(), all(one("remove", "$.a[0]"))),
            (numbers.clone(), all(one("remove", "/a/0"))),
            (numbers.clone(), all(one("add", "/a/0"))),
            (numbers, json!(moves)),
            (objects.clone(), all(one("replace", "$..[?(@.b==1)].c"))),
            (objects.clone(), all(one("replace", "$..*"))),
            (objects.clone(), all(query("a.b=1", 1))),
            (objects.clone(), all(query("a.c=2", 2))),
            (objects.clone(), json!([query("a.b=1", 40_000)])),
            (objects.clone(), json!([one("test", &"/a".repeat(120_000))])),
            (objects, all(one("copy", "/b"))),
            (texts.clone(), all(query(&format!("a.b={long}"), 1))),
            (texts, all(one("test", "$..b"))),
        ]
    }

    /// Each is refused, or charged for all that it touches.
    #[test]
    fn what_takes_longest_is_charged_or_refused() {
        for (document, patch) in costly_patches() {
            let body = patch.to_string();
            assert!(body.len() <= 256 * 1024);
            let touched = Size::of(&document).values;
            let cost = cost(&document, PatchType::Operations, patch);
            assert!(cost.is_none_or(|steps| steps >= touched), "{cost:?} steps: {body:.60}");
        }
    }
}
