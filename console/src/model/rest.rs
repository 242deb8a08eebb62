//! What is left of a document when the parts that are shown elsewhere are taken away.

use serde_json::{Map, Value};

/// The attributes of a document but for those; nothing, if none are left.
pub fn without(document: &Value, names: &[&str]) -> Option<Value> {
    let all = document.as_object()?.iter();
    let rest = all.filter(|(name, _)| !names.contains(&name.as_str()));
    let rest: Map<_, _> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    (!rest.is_empty()).then_some(Value::Object(rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_is_shown() {
        let document = json!({"id": "1", "own": {"x": 1}});
        assert_eq!(without(&document, &["id"]), Some(json!({"own": {"x": 1}})));
        assert_eq!(without(&document, &["id", "own"]), None);
        assert_eq!(without(&json!("text"), &[]), None);
    }
}
