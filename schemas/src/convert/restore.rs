//! Applying a change that was made in the other version.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

/// Merges three states of a document: `whole`, which is kept; `seen`, which of it is left after going
/// to the other version and back; and `changed`, which a client of the other version made of that.
/// Where `changed` is what was seen, the whole is kept; everywhere else, what changed counts.
pub(crate) fn restore(
    whole: &Map<String, Value>,
    seen: &Map<String, Value>,
    changed: Map<String, Value>,
) -> Map<String, Value> {
    let mut restored = Map::new();
    for (name, changed) in changed {
        let (whole, seen) = (whole.get(&name), seen.get(&name));
        let value = match (whole, seen) {
            // It was there without being seen as such, and is none of the client's doing.
            (None, Some(seen)) if *seen == changed => continue,
            (Some(whole), Some(seen)) => value(whole, seen, changed),
            _ => changed,
        };
        restored.insert(name, value);
    }
    // What was not seen cannot have been removed.
    for (name, hidden) in whole {
        if !seen.contains_key(name) && !restored.contains_key(name) {
            restored.insert(name.clone(), hidden.clone());
        }
    }
    restored
}

fn value(whole: &Value, seen: &Value, changed: Value) -> Value {
    match (whole, seen, changed) {
        (whole, seen, changed) if *seen == changed => whole.clone(),
        (Value::Object(whole), Value::Object(seen), Value::Object(changed)) => {
            restore(whole, seen, changed).into()
        }
        (Value::Array(whole), Value::Array(seen), Value::Array(changed)) => {
            elements(whole, seen, changed).into()
        }
        (_, _, changed) => changed,
    }
}

/// The same for the elements of an array. One that did not change is found wherever it is now; one
/// that did is taken for what was in its place, unless its identity tells otherwise.
fn elements(whole: &[Value], seen: &[Value], changed: Vec<Value>) -> Vec<Value> {
    // Going there and back keeps the number and the order of elements.
    let originals: Vec<_> = seen.iter().zip(whole).collect();
    let mut used = vec![false; originals.len()];
    let mut same = vec![None; changed.len()];
    for (place, element) in changed.iter().enumerate() {
        if originals.get(place).is_some_and(|(seen, _)| *seen == element) {
            used[place] = true;
            same[place] = Some(place);
        }
    }
    // Those that moved are found by their text: to compare each with each would take too long.
    let mut elsewhere: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    if same.contains(&None) {
        for (index, (seen, _)) in originals.iter().enumerate().filter(|(index, _)| !used[*index]) {
            elsewhere.entry(seen.to_string()).or_default().push_back(index);
        }
    }
    for (same, element) in same.iter_mut().zip(&changed).filter(|(same, _)| same.is_none()) {
        if elsewhere.is_empty() {
            break;
        }
        let found = elsewhere.get_mut(&element.to_string()).and_then(VecDeque::pop_front);
        if let Some(index) = found {
            used[index] = true;
            *same = found;
        }
    }
    let restored = changed.into_iter().enumerate().map(|(place, element)| {
        if let Some(index) = same[place] {
            return originals[index].1.clone();
        }
        match originals.get(place) {
            Some((seen, whole)) if !used[place] && may_be_same(seen, &element) => {
                value(whole, seen, element)
            }
            _ => element,
        }
    });
    restored.collect()
}

/// Whether a changed element can be the one that was there: nothing that identifies it is another.
fn may_be_same(seen: &Value, changed: &Value) -> bool {
    ["/id", "/partyOrPartyRole/id", "/account/id"].iter().all(|pointer| {
        match (seen.pointer(pointer), changed.pointer(pointer)) {
            (Some(seen), Some(changed)) => seen == changed,
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_restored(whole: Value, seen: Value, changed: Value, expected: Value) {
        let object = |value: Value| value.as_object().unwrap().clone();
        let restored = restore(&object(whole), &object(seen), object(changed));
        assert_eq!(Value::Object(restored), expected);
    }

    #[test]
    fn what_was_not_seen_stays_and_what_was_filled_in_does_not() {
        assert_restored(
            json!({ "hidden": 1, "kept": { "a": 1, "b": 2 }, "gone": 3 }),
            json!({ "kept": { "a": 1 }, "filled": "in", "gone": 3 }),
            json!({ "kept": { "a": 9 }, "filled": "in", "new": 4 }),
            json!({ "hidden": 1, "kept": { "a": 9, "b": 2 }, "new": 4 }),
        );
        assert_restored(
            json!({ "x": 1 }),
            json!({ "x": 1, "filled": "in" }),
            json!({ "x": 1, "filled": "by the client" }),
            json!({ "x": 1, "filled": "by the client" }),
        );
    }

    #[test]
    fn elements_are_recognised_where_they_are_now() {
        let whole =
            json!({ "a": [{ "id": "1", "h": 1 }, { "id": "2", "h": 2 }, { "id": "3", "h": 3 }] });
        let seen = json!({ "a": [{ "id": "1" }, { "id": "2" }, { "id": "3" }] });
        assert_restored(
            whole.clone(),
            seen.clone(),
            json!({ "a": [{ "id": "2" }, { "id": "3" }] }),
            json!({ "a": [{ "id": "2", "h": 2 }, { "id": "3", "h": 3 }] }),
        );
        assert_restored(
            whole,
            seen,
            json!({ "a": [{ "id": "1", "x": 1 }, { "id": "9" }, { "id": "3" }, { "id": "4" }] }),
            json!({ "a": [{ "id": "1", "x": 1, "h": 1 }, { "id": "9" }, { "id": "3", "h": 3 }, { "id": "4" }] }),
        );
    }

    /// To compare each element with each would take minutes.
    #[test]
    fn elements_of_a_long_array_are_recognised_too() {
        let array = |of: &dyn Fn(u32) -> Value, numbers: Range<u32>| json!({ "a": numbers.map(of).collect::<Vec<_>>() });
        let seen = |numbers| array(&|n| json!({ "id": n }), numbers);
        let whole = |numbers| array(&|n| json!({ "id": n, "h": n }), numbers);
        assert_restored(whole(0..60_000), seen(0..60_000), seen(1..60_000), whole(1..60_000));
        assert_restored(
            whole(0..60_000),
            seen(0..60_000),
            seen(70_000..130_000),
            seen(70_000..130_000),
        );
    }

    #[test]
    fn an_element_is_not_taken_for_two() {
        assert_restored(
            json!({ "a": [{ "n": 1, "h": 1 }] }),
            json!({ "a": [{ "n": 1 }] }),
            json!({ "a": [{ "n": 1 }, { "n": 1 }] }),
            json!({ "a": [{ "n": 1, "h": 1 }, { "n": 1 }] }),
        );
    }
}
