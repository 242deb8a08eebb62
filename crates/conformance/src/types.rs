//! Types, and how those of two descriptions differ.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What a description says of a type.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Type {
    /// What each attribute holds: a primitive type and its format, or the name of a type; within
    /// brackets if it holds several.
    pub attributes: BTreeMap<String, String>,
    /// The attributes that a new value must have.
    pub required: BTreeSet<String>,
    /// The types of which it is one.
    pub variants: BTreeSet<String>,
}

impl Type {
    /// Adds what a base type says.
    pub fn extend(&mut self, base: Self) {
        self.attributes.extend(base.attributes);
        self.required.extend(base.required);
        self.variants.extend(base.variants);
    }

    fn refers_to(&self) -> impl Iterator<Item = &str> {
        let shapes = self.attributes.values().chain(&self.variants);
        shapes.map(|shape| shape.trim_matches(['[', ']'])).filter(|name| is_type(name))
    }
}

/// Whether a shape is the name of a type; primitive ones are written small.
fn is_type(shape: &str) -> bool {
    shape.starts_with(|letter: char| letter.is_ascii_uppercase())
}

/// Types by their names.
#[derive(Debug, Default)]
pub struct Types(BTreeMap<String, Type>);

impl Types {
    /// The types that `names` lead to.
    pub fn reachable(
        names: &[&str],
        read: impl Fn(&str) -> anyhow::Result<Type>,
    ) -> anyhow::Result<Self> {
        let mut types = BTreeMap::new();
        let mut next: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        while let Some(name) = next.pop() {
            if let Entry::Vacant(place) = types.entry(name) {
                let found = read(place.key())?;
                next.extend(found.refers_to().map(str::to_owned));
                place.insert(found);
            }
        }
        Ok(Self(types))
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn attributes(&self) -> usize {
        self.0.values().map(|found| found.attributes.len()).sum()
    }
}

/// What is required officially and need not be given, for the reasons in docs/API-DESIGN.md.
const OPTIONAL: [&str; 2] = ["@type", "isRef"];

/// Where `own` differs from `official`, except for what is optional.
pub fn differences(official: &Types, own: &Types) -> Vec<String> {
    let mut differences = Vec::new();
    let names: BTreeSet<_> = official.0.keys().chain(own.0.keys()).collect();
    for name in names {
        let (official, own) = match (official.0.get(name), own.0.get(name)) {
            (Some(official), Some(own)) => (official, own),
            (Some(_), None) => {
                differences.push(format!("{name} has no schema"));
                continue;
            }
            _ => {
                differences.push(format!("{name} is not official"));
                continue;
            }
        };
        let attributes: BTreeSet<_> =
            official.attributes.keys().chain(own.attributes.keys()).collect();
        for attribute in attributes {
            let (a, b) = (official.attributes.get(attribute), own.attributes.get(attribute));
            if a != b {
                differences.push(format!("{name}.{attribute} is {a:?} officially, and here {b:?}"));
            }
            let required = |found: &Type| found.required.contains(attribute);
            if required(official) != required(own) && !OPTIONAL.contains(&attribute.as_str()) {
                let word = if required(own) { "only here" } else { "officially" };
                differences.push(format!("{name}.{attribute} is required {word}"));
            }
        }
        if official.variants != own.variants {
            let (a, b) = (&official.variants, &own.variants);
            differences.push(format!("{name} is one of {a:?} officially, and here of {b:?}"));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(required: &[&str], attributes: &[(&str, &str)]) -> Types {
        let attributes = attributes.iter().map(|(name, shape)| ((*name).into(), (*shape).into()));
        let required = required.iter().map(|name| (*name).into()).collect();
        let found = Type { attributes: attributes.collect(), required, variants: BTreeSet::new() };
        Types([("A".to_owned(), found)].into())
    }

    #[test]
    fn differences_are_found_attribute_by_attribute() {
        let official =
            types(&["@type", "a"], &[("@type", "string"), ("a", "string"), ("b", "[B]")]);
        assert!(
            differences(
                &official,
                &types(&["a"], &[("@type", "string"), ("a", "string"), ("b", "[B]")])
            )
            .is_empty()
        );
        let own = types(&["b"], &[("@type", "string"), ("a", "integer"), ("b", "[B]"), ("c", "C")]);
        assert_eq!(
            differences(&official, &own),
            [
                "A.a is Some(\"string\") officially, and here Some(\"integer\")",
                "A.a is required officially",
                "A.b is required only here",
                "A.c is None officially, and here Some(\"C\")",
            ]
        );
    }

    #[test]
    fn types_are_followed_to_those_they_refer_to() {
        let read = |name: &str| {
            let mut found = Type::default();
            if name == "A" {
                found.attributes.insert("x".into(), "[B]".into());
                found.attributes.insert("y".into(), "string".into());
            } else if name == "B" {
                found.variants.extend(["A".to_owned(), "C".to_owned()]);
            }
            Ok(found)
        };
        assert_eq!(Types::reachable(&["A"], read).unwrap().count(), 3);
    }
}
