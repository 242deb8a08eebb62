//! How large values are.

use serde_json::Value;

/// How large a document may become, in bytes of JSON.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 1 << 20;

/// How many steps of the budget it takes to copy a value, beside those within it.
pub(crate) const COPY_STEPS: u64 = 5;

/// How large a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// How many values it is made of, itself included.
    pub values: u64,
    /// About how many bytes it has as JSON: escapes count as what they stand for.
    pub bytes: u64,
    /// How many arrays and objects lie within each other.
    pub depth: usize,
}

impl Size {
    pub fn of(value: &Value) -> Self {
        let mut size = Self { values: 1, ..Self::default() };
        match value {
            Value::Null | Value::Bool(_) => size.bytes = 4,
            Value::Number(number) => size.bytes = number.as_str().len() as u64,
            Value::String(text) => size.bytes = text.len() as u64 + 2,
            Value::Array(elements) => size.contain(elements.iter().map(|element| (0, element))),
            Value::Object(members) => {
                size.contain(members.iter().map(|(name, member)| (name.len() as u64 + 3, member)));
            }
        }
        size
    }

    /// Adds what lies within, each with the bytes in front of it.
    fn contain<'v>(&mut self, contents: impl Iterator<Item = (u64, &'v Value)>) {
        // The brackets, and a comma less than there are values.
        self.bytes += 1;
        for (bytes, value) in contents {
            let within = Self::of(value);
            self.values += within.values;
            self.bytes += 1 + bytes + within.bytes;
            self.depth = self.depth.max(within.depth);
        }
        self.bytes = self.bytes.max(2);
        self.depth += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_those_of_json() {
        for (value, values, depth) in [
            (json!(null), 1, 0),
            (json!([]), 1, 1),
            (json!({}), 1, 1),
            (json!("text"), 1, 0),
            (json!([1, [22, {}], "a"]), 6, 3),
            (json!({ "a": { "b": [true] }, "c": 1.50 }), 5, 3),
        ] {
            let bytes = value.to_string().len() as u64;
            assert_eq!(Size::of(&value), Size { values, bytes, depth }, "{value}");
        }
    }
}
