//! Dotted paths into documents (TMF630 part 1, filtering and attribute selection).

use std::fmt;

use serde_json::Value;

/// A path of attribute names. A step over an array leads into each of its elements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(String);

/// About how many steps it takes to come to a value.
const STEPS_PER_VALUE: u64 = 4;

/// How many names a path has at most: documents are not nested deeper.
const MAX_STEPS: usize = 64;

impl Path {
    /// A path in dotted form: 1 to 64 names, none of them empty.
    pub fn parse(text: &str) -> Option<Self> {
        let is_path = text.split('.').all(|step| !step.is_empty())
            && text.split('.').take(MAX_STEPS + 1).count() <= MAX_STEPS;
        is_path.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// Shows `visit` every value that the path leads to in `document`; of an array, its elements.
    /// Returns how many steps it has taken.
    pub fn visit<'v>(&self, document: &'v Value, visit: &mut impl FnMut(&'v Value)) -> u64 {
        walk(&self.0, document, visit).saturating_mul(STEPS_PER_VALUE)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Shows `visit` every value that the dotted `path` leads to from `value`; an empty one leads to
/// `value` itself. Returns how many values it has passed.
pub(crate) fn walk<'v>(path: &str, value: &'v Value, visit: &mut impl FnMut(&'v Value)) -> u64 {
    1 + match value {
        Value::Array(elements) => {
            elements.iter().map(|element| walk(path, element, visit)).sum::<u64>()
        }
        _ if path.is_empty() => {
            visit(value);
            0
        }
        Value::Object(object) => {
            let (step, rest) = path.split_once('.').unwrap_or((path, ""));
            object.get(step).map_or(0, |value| walk(rest, value, visit))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_into_objects_and_every_element_of_arrays() {
        let document = json!({
            "name": "n",
            "party": [{ "role": "a", "x": [1, [2]] }, { "role": "b" }, 3],
            "empty": []
        });
        let values = |path: &str| {
            let mut values = Vec::new();
            let path = Path::parse(path).unwrap();
            let passed = path.visit(&document, &mut |value| values.push(value.clone()));
            assert!(passed >= values.len() as u64);
            values
        };
        assert_eq!(values("name"), [json!("n")]);
        assert_eq!(values("party.role"), [json!("a"), json!("b")]);
        assert_eq!(values("party.x"), [json!(1), json!(2)]);
        for nowhere in ["empty", "name.x", "other", "party.role.x"] {
            assert!(values(nowhere).is_empty(), "{nowhere}");
        }
    }

    #[test]
    fn a_path_has_no_empty_steps() {
        for text in ["", ".", "a.", ".a", "a..b"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
        assert!(Path::parse(&["a"; MAX_STEPS].join(".")).is_some());
        assert_eq!(Path::parse(&["a"; MAX_STEPS + 1].join(".")), None);
    }
}
