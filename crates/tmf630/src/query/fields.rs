//! Attribute selection (TMF630 part 1).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::value::path::Path;
use crate::{Error, Version};

/// What every selection has: a resource cannot be used without them, and v5 requires the class.
fn always(version: Version) -> &'static [&'static str] {
    match version {
        Version::V4 => &["id", "href"],
        Version::V5 => &["id", "href", "@type"],
    }
}

/// The attributes that a client wants to see.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Fields(Selection);

/// Which attributes of an object are selected: a whole one, or a selection of its own.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Selection(BTreeMap<String, Option<Selection>>);

/// Adds the attributes in `value`, separated by commas, to `fields`. `none` selects nothing but
/// what is always there.
pub(super) fn add(fields: &mut Option<Fields>, value: &str) -> Result<(), Error> {
    let fields = fields.get_or_insert_default();
    for name in value.split(',').map(str::trim).filter(|name| !matches!(*name, "none" | "")) {
        let expectation = "must name attributes, such as name,creditLimit.value";
        let path =
            Path::parse(name).ok_or_else(|| Error::invalid_parameter("fields", expectation))?;
        fields.0.add(&path.steps().collect::<Vec<_>>());
    }
    Ok(())
}

impl Fields {
    /// Leaves in the document, which has an `href`, what is selected.
    pub fn select(&self, version: Version, document: &mut Map<String, Value>) {
        document.retain(|name, value| {
            always(version).contains(&name.as_str()) || self.0.select_attribute(name, value)
        });
    }
}

impl Selection {
    fn add(&mut self, steps: &[&str]) {
        let [first, rest @ ..] = steps else { return };
        let selection = self.0.entry((*first).to_owned()).or_insert_with(|| Some(Self::default()));
        match (rest, selection) {
            ([], whole) => *whole = None,
            (rest, Some(selection)) => selection.add(rest),
            // The whole is selected already.
            (_, None) => {}
        }
    }

    fn select_attribute(&self, name: &str, value: &mut Value) -> bool {
        match self.0.get(name) {
            None => false,
            Some(None) => true,
            Some(Some(selection)) => selection.select(value),
        }
    }

    /// Leaves what is selected of `value`, and says whether anything is. Parts keep their class.
    fn select(&self, value: &mut Value) -> bool {
        match value {
            Value::Object(object) => {
                let mut any = false;
                object.retain(|name, value| {
                    let selected = self.select_attribute(name, value);
                    any |= selected;
                    selected || name == "@type"
                });
                any
            }
            Value::Array(elements) => {
                elements.retain_mut(|element| self.select(element));
                !elements.is_empty()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selected(fields: &[&str]) -> Value {
        let mut selection = None;
        fields.iter().for_each(|value| add(&mut selection, value).unwrap());
        let mut document = json!({
            "id": "1", "href": "h", "@type": "A", "name": "n", "state": "s",
            "limit": { "@type": "Money", "unit": "EUR", "value": 1 },
            "party": [{ "role": "a", "ref": { "id": "1", "name": "x" } }, { "role": "b" }]
        });
        selection.unwrap().select(Version::V5, document.as_object_mut().unwrap());
        document
    }

    #[test]
    fn attributes_are_selected_whole_or_in_part() {
        let base = json!({ "id": "1", "href": "h", "@type": "A" });
        let with = |attributes: Value| {
            let mut expected = base.clone();
            expected.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
            expected
        };
        assert_eq!(selected(&["none"]), base);
        assert_eq!(selected(&[""]), base);
        assert_eq!(selected(&["unknown,limit.unknown,name.x"]), base);
        assert_eq!(selected(&["name, state"]), with(json!({ "name": "n", "state": "s" })));
        assert_eq!(selected(&["name", "state"]), with(json!({ "name": "n", "state": "s" })));
        assert_eq!(
            selected(&["limit.value"]),
            with(json!({ "limit": { "@type": "Money", "value": 1 } }))
        );
        assert_eq!(
            selected(&["party.ref.id"]),
            with(json!({ "party": [{ "ref": { "id": "1" } }] }))
        );
        let whole = with(json!({ "limit": { "@type": "Money", "unit": "EUR", "value": 1 } }));
        assert_eq!(selected(&["limit.value,limit"]), whole);
        assert_eq!(selected(&["limit", "limit.value"]), whole);
    }

    #[test]
    fn a_name_without_letters_is_refused() {
        assert!(add(&mut None, "a..b").is_err());
        assert!(add(&mut None, ".").is_err());
    }
}
