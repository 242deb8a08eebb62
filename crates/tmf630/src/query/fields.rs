//! Attribute selection (TMF630 part 1).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Attributes;
use super::json_path::{JsonPath, is_json_path};
use super::pattern::MAX_PATTERNS;
use super::pieces::parts;
use crate::budget::Budget;
use crate::value::path::Path;
use crate::{Error, Version};

/// What every selection has: a resource cannot be used without them, and v5 requires the class.
fn always(version: Version) -> &'static [&'static str] {
    match version {
        Version::V4 => &["id", "href"],
        Version::V5 => &["id", "href", "@type"],
    }
}

/// How many JSONPath expressions a selection can have.
const MAX_JSON_PATHS: usize = 8;

/// The attributes that a client wants to see.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fields {
    names: Selection,
    json_paths: Vec<JsonPath>,
}

/// Which attributes of an object are selected: a whole one, or a selection of its own.
#[derive(Debug, Default, PartialEq, Eq)]
struct Selection(BTreeMap<String, Option<Selection>>);

/// Which values of a document are selected by their places.
#[derive(Debug, Default)]
struct Places {
    is_whole: bool,
    below: BTreeMap<String, Places>,
}

/// Adds the attributes in `value`, separated by commas, to `fields`. `none` selects nothing but
/// what is always there.
pub(crate) fn add(
    fields: &mut Option<Fields>,
    value: &str,
    names: &impl Attributes,
) -> Result<(), Error> {
    let fields = fields.get_or_insert_default();
    for name in parts(value).map(str::trim).filter(|name| !matches!(*name, "none" | "")) {
        fields.add(name, names)?;
    }
    Ok(())
}

impl Fields {
    fn add(&mut self, name: &str, names: &impl Attributes) -> Result<(), Error> {
        let dotted = match is_json_path(name) {
            true => {
                let path = JsonPath::parse("fields", name)?;
                let Some(dotted) = path.dotted() else {
                    self.json_paths.push(path);
                    return self.check();
                };
                Cow::Owned(dotted)
            }
            false => Cow::Borrowed(name),
        };
        let expectation = "must name attributes, such as name,amount.value";
        let path =
            Path::parse(&dotted).ok_or_else(|| Error::invalid_parameter("fields", expectation))?;
        self.names.add(&names.canonical(path)?.steps().collect::<Vec<_>>());
        Ok(())
    }

    /// Whether selecting can be refused because it takes too many steps.
    pub fn can_cost_too_much(&self) -> bool {
        !self.json_paths.is_empty()
    }

    fn check(&self) -> Result<(), Error> {
        let patterns: usize = self.json_paths.iter().map(JsonPath::patterns).sum();
        match self.json_paths.len() > MAX_JSON_PATHS || patterns > MAX_PATTERNS {
            true => {
                let limit = format!(
                    "may have {MAX_JSON_PATHS} JSONPath expressions, with {MAX_PATTERNS} regular ones"
                );
                Err(Error::invalid_parameter("fields", &limit))
            }
            false => Ok(()),
        }
    }

    /// Leaves in the document, which has an `href`, what is selected.
    pub fn select(
        &self,
        version: Version,
        document: &mut Map<String, Value>,
        budget: &Budget,
    ) -> Result<(), Error> {
        self.select_beside(always(version), document, budget)
    }

    /// Leaves in the document what is selected, beside what is always there.
    pub fn select_beside(
        &self,
        always: &[&str],
        document: &mut Map<String, Value>,
        budget: &Budget,
    ) -> Result<(), Error> {
        let places = self.places(document, budget)?;
        document.retain(|name, value| {
            always.contains(&name.as_str())
                || is_selected(name, value, Some(&self.names), places.as_ref())
        });
        Ok(())
    }

    /// What the JSONPath expressions lead to.
    fn places(
        &self,
        document: &mut Map<String, Value>,
        budget: &Budget,
    ) -> Result<Option<Places>, Error> {
        if self.json_paths.is_empty() {
            return Ok(None);
        }
        let mut places = Places::default();
        let whole = Value::Object(std::mem::take(document));
        for path in &self.json_paths {
            path.pointers(&whole, budget)?.iter().for_each(|pointer| places.add(pointer));
        }
        if let Value::Object(whole) = whole {
            *document = whole;
        }
        Ok(Some(places))
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
}

impl Places {
    fn add(&mut self, pointer: &str) {
        let mut place = self;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            place = place.below.entry(step).or_default();
        }
        place.is_whole = true;
    }
}

/// Leaves what is selected of an attribute, by its name or place, and says whether anything is.
fn is_selected(
    name: &str,
    value: &mut Value,
    names: Option<&Selection>,
    places: Option<&Places>,
) -> bool {
    let places = places.and_then(|places| places.below.get(name));
    match names.and_then(|names| names.0.get(name)) {
        Some(None) => true,
        named => select(value, named.and_then(Option::as_ref), places),
    }
}

/// Leaves what is selected of `value`, and says whether anything is. Parts keep their class.
fn select(value: &mut Value, names: Option<&Selection>, places: Option<&Places>) -> bool {
    if places.is_some_and(|places| places.is_whole) {
        return true;
    }
    if names.is_none() && places.is_none() {
        return false;
    }
    match value {
        Value::Object(object) => {
            let mut any = false;
            object.retain(|name, value| {
                let selected = is_selected(name, value, names, places);
                any |= selected;
                selected || name == "@type"
            });
            any
        }
        Value::Array(elements) => {
            let mut index = 0_usize;
            elements.retain_mut(|element| {
                let place = places.and_then(|places| places.below.get(&index.to_string()));
                index += 1;
                select(element, names, place)
            });
            !elements.is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::query::OfResource;
    use crate::testing::accounts::ACCOUNTS;

    const NAMES: OfResource<'_> = OfResource { definition: &ACCOUNTS, version: Version::V5 };

    fn selected(fields: &[&str]) -> Value {
        let mut selection = None;
        fields.iter().for_each(|value| add(&mut selection, value, &NAMES).unwrap());
        let mut document = json!({
            "id": "1", "href": "h", "@type": "A", "name": "n", "state": "s",
            "limit": { "@type": "Money", "unit": "EUR", "value": 1 },
            "party": [{ "role": "a", "ref": { "id": "1", "name": "x" } }, { "role": "b" }]
        });
        let document_object = document.as_object_mut().unwrap();
        selection.unwrap().select(Version::V5, document_object, &Budget::default()).unwrap();
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
        for wrong in ["a..b.", ".", "a[", "a..b..c..d", &"$..a,".repeat(MAX_JSON_PATHS + 1)] {
            assert!(add(&mut None, wrong, &NAMES).is_err(), "{wrong}");
        }
    }

    #[test]
    fn json_path_selects_by_names_or_by_what_is_there() {
        for (fields, expected) in [
            ("$.party[*].role", json!({ "party": [{ "role": "a" }, { "role": "b" }] })),
            ("party['role']", json!({ "party": [{ "role": "a" }, { "role": "b" }] })),
            ("party[?(@.role=='b')]", json!({ "party": [{ "role": "b" }] })),
            ("party[0].ref.name", json!({ "party": [{ "ref": { "name": "x" } }] })),
            (
                "party[?(@.role=='a' && @.ref.id=='1')].ref, party.role",
                json!({ "party": [{ "role": "a", "ref": { "id": "1", "name": "x" } }, { "role": "b" }] }),
            ),
            ("$..unit", json!({ "limit": { "@type": "Money", "unit": "EUR" } })),
            ("$.limit.*", json!({ "limit": { "@type": "Money", "unit": "EUR", "value": 1 } })),
            ("party[?(@.role=='c')]", json!({})),
        ] {
            let mut document = json!({ "id": "1", "href": "h", "@type": "A" });
            document.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
            assert_eq!(selected(&[fields]), document, "{fields}");
        }
    }

    #[test]
    fn attributes_are_known_by_the_names_of_either_version() {
        let names = |fields, version| {
            let mut selection = None;
            add(&mut selection, fields, &OfResource { definition: &ACCOUNTS, version }).unwrap();
            selection.unwrap()
        };
        for (v5, v4) in [
            ("lastUpdate", "lastModified"),
            ("relatedParty.partyOrPartyRole.id", "relatedParty[*].id"),
        ] {
            for version in [Version::V4, Version::V5] {
                assert_eq!(names(v5, version), names(v4, version));
            }
        }
    }
}
