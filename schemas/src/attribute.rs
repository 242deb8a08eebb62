//! What the standard attributes of a type hold.
//!
//! The types are generated from the schema files by the build script. An attribute is named by its
//! dotted path, through objects and the elements of arrays; where a class decides what an object can
//! have, what any class has is standard. What no file names is an extension.

use serde_json::{Map, Value};

/// What an attribute holds, or each of its elements, where it is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number, whole or not.
    Number,
    /// A date and time (RFC 3339).
    Time,
    /// True or false.
    Boolean,
}

/// A type, as the build script writes it.
#[derive(Debug)]
pub(crate) struct Type {
    /// The types that it extends, nearest first.
    pub extends: &'static [&'static str],
    /// What its attributes hold, in the order of their names.
    pub members: &'static [(&'static str, Holds)],
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    Value(Kind),
    Object(&'static Type),
    /// Any number of objects, in an array.
    Objects(&'static Type),
}

impl Type {
    fn member(&self, name: &str) -> Option<Holds> {
        let place = self.members.binary_search_by_key(&name, |(name, _)| name).ok()?;
        self.members.get(place).map(|(_, holds)| *holds)
    }

    /// What the attribute at the dotted path holds. An object has no kind.
    pub(crate) fn kind_of(&'static self, path: &str) -> Option<Kind> {
        let mut holds = Holds::Object(self);
        for name in path.split('.') {
            holds = match holds {
                Holds::Object(part) | Holds::Objects(part) => part.member(name)?,
                Holds::Value(_) => return None,
            };
        }
        match holds {
            Holds::Value(kind) => Some(kind),
            Holds::Object(_) | Holds::Objects(_) => None,
        }
    }

    /// Removes every standard attribute that is null, at any depth.
    pub(crate) fn drop_nulls(&self, object: &mut Map<String, Value>) {
        object.retain(|name, value| match self.member(name) {
            Some(_) if value.is_null() => false,
            Some(Holds::Object(part) | Holds::Objects(part)) => {
                part.drop_nulls_in(value);
                true
            }
            _ => true,
        });
    }

    fn drop_nulls_in(&self, value: &mut Value) {
        match value {
            Value::Object(object) => self.drop_nulls(object),
            Value::Array(elements) => {
                for object in elements.iter_mut().filter_map(Value::as_object_mut) {
                    self.drop_nulls(object);
                }
            }
            _ => {}
        }
    }
}

/// What some clients write in short.
impl Type {
    /// Makes an object of an array that has nothing but one, and a time of a date, where the type has
    /// an object or a time.
    pub(crate) fn normalise(&self, object: &mut Map<String, Value>) {
        for (name, value) in object {
            match self.member(name) {
                Some(Holds::Value(Kind::Time)) => begin_of_day(value),
                Some(Holds::Object(part)) => {
                    if let Value::Array(elements) = value
                        && let [single @ Value::Object(_)] = &mut elements[..]
                    {
                        *value = single.take();
                    }
                    if let Value::Object(object) = value {
                        part.normalise(object);
                    }
                }
                Some(Holds::Objects(part)) => {
                    let elements = value.as_array_mut().into_iter().flatten();
                    elements.filter_map(Value::as_object_mut).for_each(|it| part.normalise(it));
                }
                _ => {}
            }
        }
    }
}

/// A date (RFC 3339, full-date) as the time at which the day begins in UTC. Whether there is such a day
/// is the schema's to say.
fn begin_of_day(value: &mut Value) {
    const PATTERN: &[u8] = b"0000-00-00";
    if let Value::String(text) = value
        && text.len() == PATTERN.len()
        && text.bytes().zip(PATTERN).all(|(byte, pattern)| match pattern {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        })
    {
        text.push_str("T00:00:00Z");
    }
}

/// The types of each version.
#[allow(dead_code, reason = "bases and branches are united in what has them")]
pub(crate) mod types {
    include!(concat!(env!("OUT_DIR"), "/attributes.rs"));
}
