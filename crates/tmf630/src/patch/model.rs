//! Patches against models: what paths lead to by their definition, and what operations do one place
//! after the other.

use std::collections::BTreeSet;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Patch;
use super::operations::Operations;
use super::path::{self, Notation};
use super::places::{Places, Step};
use crate::Error;
use crate::budget::Budget;
use crate::query::JsonPath;
use crate::request::body::PatchType;

fn apply(patch: Value, document: &mut Value) -> Result<(), Error> {
    Operations::read(patch, Notation::Queries)?.apply(document, &Budget::default())
}

/// The JSON Pointers to places, in their order.
pub(super) fn pointers(places: &Places) -> Vec<String> {
    fn collect(places: &Places, pointer: &str, pointers: &mut Vec<String>) {
        if places.is_place {
            pointers.push(pointer.to_owned());
        }
        for (step, below) in &places.below {
            let token = match step {
                Step::Index(index) => index.to_string(),
                Step::Name(name) => name.replace('~', "~0").replace('/', "~1"),
            };
            collect(below, &format!("{pointer}/{token}"), pointers);
        }
    }
    let mut found = Vec::new();
    collect(places, "", &mut found);
    found
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..2_i32).prop_map(Value::from),
        "[ab]?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => btree_map("[abc]", inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    btree_map("[abc]", value(), 1..4).prop_map(|members| json!(members))
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

/// What the json-patch crate makes of an operation.
fn standard(operation: Value, document: &mut Value) -> Result<(), json_patch::PatchError> {
    let patch: json_patch::Patch = serde_json::from_value(json!([operation])).unwrap();
    json_patch::patch(document, &patch)
}

/// Orders pointers as the document has what they point to.
fn in_order(pointers: BTreeSet<String>) -> Vec<String> {
    let mut pointers = Vec::from_iter(pointers);
    pointers.sort_by_key(|pointer| {
        let steps = pointer.split('/').map(|step| (step.parse::<usize>().ok(), step.to_owned()));
        steps.collect::<Vec<_>>()
    });
    pointers
}

/// A JSONPath expression as a list of its segments.
fn segments() -> impl Strategy<Value = Vec<&'static str>> {
    let segments = [
        ".a",
        ".b",
        ".c",
        ".a",
        ".b",
        "['a']",
        "['a','b']",
        "[*]",
        "[*]",
        "[0]",
        "[1]",
        "[-1]",
        "[0,0]",
        "[1,0]",
        "[::-1]",
        "[::2]",
        "[1:]",
        "[?(@.a)]",
        "[?(@.b==1)]",
        "[?(@>0)]",
        "..a",
        "..[0]",
        "..*",
        "..b",
    ];
    let segments = prop::sample::select(segments.to_vec());
    vec(segments, 1..4).prop_filter("goes down too often", |segments| {
        segments.iter().filter(|segment| segment.starts_with("..")).count() < 3
    })
}

/// What an expression points to. A name at its end may be new.
fn places_of(segments: &[&str], document: &Value, may_be_new: bool) -> Vec<String> {
    let query = |segments: &[&str]| {
        let text = format!("${}", segments.concat());
        BTreeSet::from_iter(
            JsonPath::parse("path", &text).unwrap().pointers(document, &Budget::default()).unwrap(),
        )
    };
    let (last, parents) = segments.split_last().unwrap();
    let name = match *last {
        "['a']" => Some("a"),
        last => last.strip_prefix('.').filter(|name| !name.starts_with('.')),
    };
    in_order(match name.filter(|_| may_be_new) {
        Some(name) => query(parents)
            .into_iter()
            .filter(|parent| document.pointer(parent).unwrap().is_object())
            .map(|parent| format!("{parent}/{name}"))
            .collect(),
        None => query(segments),
    })
}

/// An operation on one place after the other, from the back.
fn one_by_one(
    name: &str,
    from: &str,
    segments: &[&str],
    value: &Value,
    document: &mut Value,
) -> Option<()> {
    let may_be_new = matches!(name, "add" | "copy" | "move");
    let mut value = value.clone();
    if matches!(name, "copy" | "move") {
        value = document.pointer(from)?.clone();
    }
    if name == "move" {
        let within = format!("{from}/");
        let before = places_of(segments, document, true);
        if !before.is_empty() && before.iter().all(|pointer| pointer.starts_with(&within)) {
            return None;
        }
        standard(json!({ "op": "remove", "path": from }), document).ok()?;
    }
    let places = places_of(segments, document, may_be_new);
    if places.is_empty()
        || (name == "move" && places.len() > 1)
        || (name == "remove" && places[0].is_empty())
    {
        return None;
    }
    for place in places.iter().rev() {
        let target = document.pointer(place);
        let operation = match name {
            "remove" if target.is_none() => continue,
            "remove" | "replace" | "test" => name,
            _ => "add",
        };
        let appends = name == "add" && target.is_some_and(Value::is_array) && !value.is_array();
        let place = if appends { format!("{place}/-") } else { place.clone() };
        standard(json!({ "op": operation, "path": place, "value": value }), document).ok()?;
        let (parent, _) = place.rsplit_once('/').unwrap_or_default();
        let (grandparent, _) = parent.rsplit_once('/').unwrap_or_default();
        if name == "remove"
            && !parent.is_empty()
            && document.pointer(grandparent).unwrap().is_object()
            && document.pointer(parent).unwrap() == &json!([])
        {
            standard(json!({ "op": "remove", "path": parent }), document).ok()?;
        }
    }
    Some(())
}

/// All pointers to what is in the document, as lists of steps with what they are steps from.
fn all_steps(value: &Value) -> Vec<(Vec<Step>, &Value)> {
    let mut all = vec![(Vec::new(), value)];
    let children: Vec<(Step, &Value)> = match value {
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, value)| (Step::Index(index), value)).collect()
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (Step::Name(name.clone()), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, child) in children {
        all.extend(all_steps(child).into_iter().map(|(mut steps, value)| {
            steps.insert(0, step.clone());
            (steps, value)
        }));
    }
    all
}

/// What is left of `tokens` behind `steps`, if those run along them; arrays are passed through unless
/// there is an index for them.
fn left_behind<'t>(steps: &[Step], tokens: &'t [&'t str]) -> Option<&'t [&'t str]> {
    let Some((step, steps)) = steps.split_first() else { return Some(tokens) };
    match (step, tokens) {
        (Step::Index(index), [token, rest @ ..]) if token.parse::<usize>().is_ok() => {
            (token.parse() == Ok(*index)).then(|| left_behind(steps, rest))?
        }
        (Step::Index(_), tokens) => left_behind(steps, tokens),
        (Step::Name(name), [token, rest @ ..]) if name == token => left_behind(steps, rest),
        _ => None,
    }
}

/// The places that a pointer with conditions is about, by definition: a condition holds for a place
/// if there is a value like it at its path, on a way that does not go through another element of an
/// array than the way to the place does.
fn chosen(tokens: &[&str], conditions: &[(Vec<&str>, &str)], document: &Value) -> Vec<String> {
    let all = all_steps(document);
    let is_text = |value: &Value, text: &str| match value {
        Value::String(value) => value == text,
        Value::Number(number) => number.as_str() == text,
        Value::Bool(value) => text == if *value { "true" } else { "false" },
        _ => false,
    };
    let parts_at_names = |a: &[Step], b: &[Step]| {
        let difference = a.iter().zip(b).find(|(a, b)| a != b);
        !matches!(difference, Some((Step::Index(_), _)))
    };
    let leads_to = |steps: &[Step]| {
        let is_end = |steps: &[Step]| left_behind(steps, tokens).is_some_and(<[_]>::is_empty);
        is_end(steps) && !steps.split_last().is_some_and(|(_, before)| is_end(before))
    };
    let is_about =
        |steps: &[Step]| conditions.iter().any(|(path, _)| left_behind(steps, path).is_some());
    let mut places = Places::default();
    for (steps, value) in &all {
        // Where a condition is about the elements of an array, they are the places.
        let is_led_to = match (steps.split_last(), value) {
            (Some((Step::Index(_), array)), _) if leads_to(array) && is_about(array) => true,
            (_, Value::Array(_)) => leads_to(steps) && !is_about(steps),
            _ => leads_to(steps),
        };
        let all_hold = conditions.iter().all(|(path, text)| {
            all.iter().any(|(other, value)| {
                left_behind(other, path).is_some_and(<[_]>::is_empty)
                    && is_text(value, text)
                    && parts_at_names(other, steps)
            })
        });
        if is_led_to && all_hold {
            places.insert(steps.clone());
        }
    }
    pointers(&places)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Without what TMF630 adds, a patch does what the json-patch crate does.
    #[test]
    fn json_patch_is_as_rfc_6902_has_it(document in document(), patch in vec(operation(), 1..4)) {
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
            if standard(operation.clone(), &mut expected).is_err() {
                is_expected = false;
                break;
            }
        }
        let mut patched = document;
        let outcome = apply(json!(patch), &mut patched);
        prop_assert_eq!(outcome.is_ok(), is_expected, "{:?}", outcome);
        if is_expected {
            prop_assert_eq!(patched, expected);
        }
    }

    #[test]
    fn operations_on_several_places_are_as_one_by_one_from_the_back(
        document in document(),
        name in prop::sample::select(&["add", "remove", "replace", "move", "copy", "test"][..]),
        from in prop::sample::select(&["/a", "/b", "/a/0", "/a/1", "/a/b", "/b/a", "/a/0/b"][..]),
        segments in segments(),
        value in value(),
    ) {
        let mut expected = document.clone();
        let is_expected = one_by_one(name, from, &segments, &value, &mut expected).is_some();
        let path = format!("${}", segments.concat());
        let mut patched = document;
        let operation = json!({ "op": name, "path": path, "from": from, "value": value });
        let outcome = apply(operation, &mut patched);
        prop_assert_eq!(outcome.is_ok(), is_expected, "{:?}", outcome);
        if is_expected {
            prop_assert_eq!(patched, expected);
        }
    }

    #[test]
    fn conditions_choose_what_they_hold_for(
        document in document(),
        tokens in vec(prop::sample::select(&["a", "b", "c", "0", "1"][..]), 0..4),
        conditions in vec(
            (
                vec(prop::sample::select(&["a", "b", "c", "0", "1"][..]), 1..4),
                prop::sample::select(&["0", "1", "a", "b", "true"][..]),
            ),
            1..3,
        ),
    ) {
        let queries = conditions.iter().map(|(path, text)| format!("{}={text}", path.join(".")));
        let query = queries.collect::<Vec<_>>().join("&");
        let path = format!("/{}?{query}", tokens.join("/"));
        let budget = Budget::default();
        let found = path::find(&path, Notation::Queries, &document, false, &budget);
        let found = found.map(|found| pointers(&found.places)).unwrap_or_default();
        prop_assert_eq!(found, chosen(&tokens, &conditions, &document), "{}", path);
    }

    /// RFC 7396, section 2, written down as it is there.
    #[test]
    fn a_merge_patch_is_as_rfc_7396_has_it(document in document(), patch in document()) {
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
        let Value::Object(members) = document.clone() else { unreachable!() };
        let merge = Patch::read(PatchType::Merge, patch.clone()).unwrap();
        let patched = merge.applied_to(members, &Budget::default()).unwrap();
        prop_assert_eq!(Value::Object(patched), merged(document, &patch));
    }

    #[test]
    fn any_patch_is_applied_or_refused(
        patch in value(),
        path in "[/?.=$@\\[\\]()a0'* -]{0,16}",
        from in pointer(),
    ) {
        let mut document = json!({ "a": [{ "a": 1 }, 0, "a"], "b": { "a": [] } });
        let _ = apply(patch, &mut document);
        for name in ["add", "remove", "copy", "move", "test"] {
            for (path, from) in [(&path, &from), (&from, &path)] {
                let operation = json!({ "op": name, "path": path, "from": from, "value": 1 });
                let _ = apply(operation, &mut document);
            }
        }
    }
}
