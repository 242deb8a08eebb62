//! JSON that means the same to every reader.
//!
//! RFC 7519, section 4, leaves it to the reader which of two claims of the same name counts. Here a
//! name that is given twice in an object is refused, at any level, as are arrays and objects that
//! lie too deep within each other.

use std::collections::HashSet;
use std::fmt::{self, Formatter};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How many arrays and objects may lie within each other; a number counts as one.
const MAX_NESTING: usize = 16;

/// How the names begin that serde_json keeps for itself, to pass numbers and raw text.
const RESERVED: &str = "$serde_json::private::";

/// The one that is met in what anybody may write, because numbers come by it.
const NUMBER: &str = "$serde_json::private::Number";

/// The value that is written in `bytes`. The error says what is wrong and where, and nothing of the
/// content.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let check = Level { left: MAX_NESTING };
    check.deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// The same, where it is an object.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    match parse(bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err("it is no JSON object".into()),
    }
}

/// Looks at a value that may have so many levels.
struct Level {
    left: usize,
}

impl Level {
    fn below<E: Error>(&self) -> Result<Self, E> {
        let left = self.left.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { left })
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.below()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if name.starts_with(RESERVED) && name != NUMBER {
                return Err(Error::custom("a name that cannot be one here"));
            }
            if !names.insert(name) {
                return Err(Error::custom("a name is given twice in an object"));
            }
            members.next_value_seed(self.below()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_clear_is_read() {
        let text = br#" {"a": [1, -2.5e3, true, null, "x"], "b": {"a": 1}, "c": {}} "#;
        assert_eq!(parse_object(text).unwrap()["b"]["a"], 1);
        assert_eq!(parse(b"[1.25]").unwrap()[0].as_f64(), Some(1.25));
    }

    #[test]
    fn a_name_that_is_given_twice_is_refused_at_any_level() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#,
            r#"{"$serde_json::private::RawValue":"{\"a\":1,\"a\":2}"}"#,
            r#"{"$serde_json::private::Number":"1","a":2}"#,
        ] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_lies_too_deep_or_is_no_object_is_refused() {
        let nested = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_object(nested(15).as_bytes()).is_ok());
        assert!(parse_object(nested(17).as_bytes()).is_err());
        assert!(parse_object(nested(100_000).as_bytes()).is_err());
        for text in ["", "[]", "1", "\"x\"", "null", "{} {}", "{", "\u{feff}{}"] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
    }
}
