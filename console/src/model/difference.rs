//! What differs between two documents, and the patch that makes the one into the other.

use serde_json::{Map, Value};

/// A place where two documents differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// A JSON Pointer.
    pub pointer: String,
    /// Nothing: it was not there.
    pub before: Option<Value>,
    /// Nothing: it is there no more.
    pub after: Option<Value>,
}

/// All places where two documents differ, each as deep as can be told.
pub fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut changes);
    changes
}

fn compare(
    pointer: String,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let pointer = format!("{pointer}/{}", escape(name));
                compare(pointer, before.get(name), after.get(name), changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for place in 0..before.len().max(after.len()) {
                let pointer = format!("{pointer}/{place}");
                compare(pointer, before.get(place), after.get(place), changes);
            }
        }
        (before, after) => {
            let (before, after) = (before.cloned(), after.cloned());
            changes.push(Change { pointer, before, after });
        }
    }
}

/// The merge patch (RFC 7396) that makes `before` into `after`: arrays are sent whole.
pub fn merge_patch(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return after.clone();
    };
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, after) in after {
        match before.get(name) {
            Some(before) if before == after => {}
            Some(before) => drop(patch.insert(name.clone(), merge_patch(before, after))),
            None => drop(patch.insert(name.clone(), after.clone())),
        }
    }
    Value::Object(patch)
}

/// What a merge patch makes of a document.
pub fn patched(document: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut members = document.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            let old = members.get(name).unwrap_or(&Value::Null);
            let new = patched(old, value);
            members.insert(name.clone(), new);
        }
    }
    Value::Object(members)
}

/// The value at a JSON Pointer is another one, or none. What stands on the way is made; what is in the
/// way is replaced.
pub fn set(document: &mut Value, pointer: &str, value: Option<Value>) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        *document = value.unwrap_or_default();
        return;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    if document.pointer(parent).is_none_or(|it| !it.is_object() && !it.is_array()) {
        if value.is_none() {
            return;
        }
        set(document, parent, Some(Value::Object(Map::new())));
    }
    match (document.pointer_mut(parent), value) {
        (Some(Value::Object(members)), Some(value)) => drop(members.insert(name, value)),
        (Some(Value::Object(members)), None) => drop(members.remove(&name)),
        (Some(Value::Array(elements)), value) => {
            let place = name.parse().unwrap_or(elements.len());
            match value {
                Some(value) if place < elements.len() => elements[place] = value,
                Some(value) => elements.push(value),
                None if place < elements.len() => drop(elements.remove(place)),
                None => {}
            }
        }
        _ => {}
    }
}

/// A name as a step of a JSON Pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pair() -> (Value, Value) {
        (
            json!({"name": "a", "gone": 1, "limit": {"unit": "EUR", "value": 1}, "list": [1, 2]}),
            json!({"name": "b", "limit": {"unit": "EUR", "value": 2}, "list": [1, 3], "new": true}),
        )
    }

    #[test]
    fn a_difference_names_the_deepest_places() {
        let (before, after) = pair();
        let changes = difference(&before, &after);
        let places: Vec<_> = changes.iter().map(|change| &*change.pointer).collect();
        assert_eq!(places, ["/gone", "/limit/value", "/list/1", "/name", "/new"]);
        assert_eq!(difference(&after, &after), []);
    }

    #[test]
    fn a_patch_leads_from_the_one_to_the_other() {
        let (before, after) = pair();
        let patch = merge_patch(&before, &after);
        assert_eq!(patch["limit"], json!({"value": 2}));
        assert_eq!(patched(&before, &patch), after);
        assert_eq!(merge_patch(&after, &after), json!({}));
    }

    #[test]
    fn places_are_set_and_taken_away() {
        let mut document = json!({});
        set(&mut document, "/limit/value", Some(json!(1)));
        set(&mut document, "/a~1b", Some(json!([1, 2])));
        set(&mut document, "/a~1b/0", None);
        set(&mut document, "/a~1b/9", Some(json!(3)));
        set(&mut document, "/missing/name", None);
        assert_eq!(document, json!({"limit": {"value": 1}, "a/b": [2, 3]}));
    }
}
