//! The forms that the path of an operation has (RFC 6902; TMF630 parts 5 and 6).

use serde_json::Value;

use super::places::{Places, steps_of};
use super::{Failure, PART, conditions, json_path};
use crate::budget::Budget;

/// How many bytes of a path are read in one step of the budget.
const BYTES_IN_A_STEP: u64 = 8;

/// What a path is that could be read in two ways, by the media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// A JSON Pointer (`application/json-patch+json`).
    Pointers,
    /// A JSONPath expression (`application/json-patch-query+json`).
    Queries,
}

/// The form of a path.
#[derive(Debug, PartialEq, Eq)]
enum Form<'p> {
    Pointer,
    /// A pointer, and conditions behind its `?`.
    Conditions(&'p str, &'p str),
    JsonPath,
    /// One that is neither.
    None,
}

impl<'p> Form<'p> {
    /// Beside JSONPath from its `$` on, and queries of either kind, which the official examples have
    /// in both media types, everything is a pointer in one notation, and JSONPath in the other if it
    /// has brackets or does not begin with a slash.
    fn of(path: &'p str, notation: Notation) -> Self {
        let is_rooted = path.is_empty() || path.starts_with('/');
        match path.split_once('?') {
            _ if path.starts_with('$') => Self::JsonPath,
            Some((before, _)) if before.trim_end().ends_with('[') => Self::JsonPath,
            Some((pointer, conditions)) => Self::Conditions(pointer, conditions),
            None => match notation {
                Notation::Pointers if is_rooted => Self::Pointer,
                Notation::Pointers => Self::None,
                Notation::Queries if is_rooted && !path.contains('[') => Self::Pointer,
                Notation::Queries => Self::JsonPath,
            },
        }
    }
}

/// What a path leads to.
#[derive(Debug)]
pub(super) struct Found {
    /// At least one place.
    pub places: Places,
    /// Whether it was chosen by what is there.
    pub by_value: bool,
}

/// The places that `path` leads to in `document`. With `may_be_new`, its last step may lead to what
/// is not there.
pub(super) fn find(
    path: &str,
    notation: Notation,
    document: &Value,
    may_be_new: bool,
    budget: &Budget,
) -> Result<Found, Failure> {
    budget.charge(PART, 1 + path.len() as u64 / BYTES_IN_A_STEP)?;
    // Names may have any signs: what leads somewhere as a pointer is one.
    if let Some(steps) = steps_of(path, document, false) {
        return Ok(Found { places: Places::at(steps), by_value: false });
    }
    let places = match Form::of(path, notation) {
        Form::Pointer => {
            let steps = steps_of(path, document, may_be_new)
                .ok_or_else(|| Failure::path("must point to a place that exists"))?;
            return Ok(Found { places: Places::at(steps), by_value: false });
        }
        Form::Conditions(pointer, conditions) => {
            conditions::find(pointer, conditions, document, may_be_new, budget)?
        }
        Form::JsonPath => json_path::find(path, document, may_be_new, budget)?,
        Form::None => {
            return Err(Failure::path("must be a JSON Pointer (RFC 6901), such as /note/0"));
        }
    };
    match places.is_empty() {
        true => Err(Failure::path("must point to at least one place that exists")),
        false => Ok(Found { places, by_value: true }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::patch::model::pointers;

    fn document() -> Value {
        json!({
            "billingDateShift": 20,
            "state": "new",
            "a?b=c": 1,
            "d[0]": 2,
            "note": [
                { "author": "John Doe", "text": "a" },
                { "author": "Jane", "text": "b" },
                { "author": "John Doe" }
            ],
            "orderItem": [
                { "quantity": 1, "productOffering": { "id": "1513" },
                  "product": { "relatedParty": [{ "role": "customer" }, { "role": "x" }] } },
                { "quantity": 2, "productOffering": { "id": "1514" },
                  "product": { "relatedParty": [{ "role": "customer" }] } }
            ],
            "a": [{ "name": "x", "value": ["y", "z"] }, { "name": "y", "value": ["y"] }],
            "grid": [[{ "b": 1, "c": 2 }], [{ "b": 3 }, { "b": 1 }]],
            "tags": ["x", "y", "x"]
        })
    }

    fn found(path: &str, notation: Notation, may_be_new: bool) -> Option<Vec<String>> {
        let found = find(path, notation, &document(), may_be_new, &Budget::default());
        found.ok().map(|found| pointers(&found.places))
    }

    fn places<const N: usize>(expected: [&str; N]) -> Option<Vec<String>> {
        (N > 0).then(|| expected.map(str::to_owned).to_vec())
    }

    #[test]
    fn every_form_of_a_path_is_understood() {
        for (path, expected) in [
            ("/note/0", vec!["/note/0"]),
            ("", vec![""]),
            ("/a?b=c", vec!["/a?b=c"]),
            ("/d[0]", vec!["/d[0]"]),
            ("/note/text?note.author=John Doe", vec!["/note/0/text"]),
            ("/note?note.author=John Doe", vec!["/note/0", "/note/2"]),
            ("/note?note.author=John%20Doe", vec!["/note/0", "/note/2"]),
            ("/note/text?/note/author=Jane", vec!["/note/1/text"]),
            ("/note/text?/note.author=Jane", vec!["/note/1/text"]),
            ("note/text?note.author=Jane", vec!["/note/1/text"]),
            (
                "/orderItem/quantity?orderItem.productOffering.id=1513\
                 &orderItem.product.relatedParty.role=customer",
                vec!["/orderItem/0/quantity"],
            ),
            (
                "/orderItem/quantity?orderItem.product.relatedParty.role=customer",
                vec!["/orderItem/0/quantity", "/orderItem/1/quantity"],
            ),
            (
                "/orderItem/product/relatedParty?orderItem.quantity=2.0",
                vec!["/orderItem/1/product/relatedParty"],
            ),
            ("/a/value?a.name=x&a.value=y", vec!["/a/0/value/0"]),
            ("/billingDateShift?/billingDateShift=20", vec!["/billingDateShift"]),
            ("/state?state=new", vec!["/state"]),
            ("/note?state=new", vec!["/note"]),
            ("/tags?tags=x", vec!["/tags/0", "/tags/2"]),
            ("note[?(@.author=='John Doe')]", vec!["/note/0", "/note/2"]),
            ("/note[?(@.author=='Jane')]/text", vec!["/note/1/text"]),
            ("/note[?(@.author=='Jane')].text", vec!["/note/1/text"]),
            ("note[?(@.author=='Jane')]/text", vec!["/note/1/text"]),
            (
                "/orderItem/0/product/relatedParty[?(@.role=='x')]/role",
                vec!["/orderItem/0/product/relatedParty/1/role"],
            ),
            ("$.tags[2,0,0]", vec!["/tags/0", "/tags/2"]),
            ("$.tags[::-1]", vec!["/tags/0", "/tags/1", "/tags/2"]),
            (
                "$.orderItem[?(@.productOffering.id==\"1513\")].quantity",
                vec!["/orderItem/0/quantity"],
            ),
        ] {
            for notation in [Notation::Pointers, Notation::Queries] {
                let expected = Some(expected.iter().map(|place| (*place).to_owned()).collect());
                assert_eq!(found(path, notation, false), expected, "{path}");
            }
        }
    }

    #[test]
    fn conditions_hold_for_the_elements_that_indexes_choose() {
        for (path, expected) in [
            ("/note/0/text?note.author=John Doe", Some("/note/0/text")),
            ("/note/1/text?note.author=John Doe", None),
            ("/note/1?note.author=John Doe", None),
            ("/note/1?note.author=Jane", Some("/note/1")),
            ("/note/9?note.author=Jane", None),
            ("/note/text?note.1.author=Jane", Some("/note/1/text")),
            ("/note?note.2.author=John Doe", Some("/note/2")),
            ("/note/0/text?/note/1/author=Jane", None),
            ("/note/1/text?/note/1/author=Jane", Some("/note/1/text")),
            ("/note/1/text?/note/0/author=Jane", None),
            ("/note/text?note.0.author=Jane", None),
            ("/note/1/text?state=new", Some("/note/1/text")),
            ("/note/1/text?state=old", None),
            ("/tags/1?tags=y", Some("/tags/1")),
            ("/tags/0?tags=y", None),
            // Deeper than the index, and higher.
            (
                "/orderItem/0/quantity?orderItem.product.relatedParty.role=x",
                Some("/orderItem/0/quantity"),
            ),
            ("/orderItem/1/quantity?orderItem.product.relatedParty.role=x", None),
            (
                "/orderItem/product/relatedParty/0/role?orderItem.quantity=2",
                Some("/orderItem/1/product/relatedParty/0/role"),
            ),
            (
                "/orderItem/0/product/relatedParty/0/role?orderItem.product.relatedParty.role=x",
                None,
            ),
            (
                "/orderItem/0/product/relatedParty/1/role?orderItem.product.relatedParty.role=x",
                Some("/orderItem/0/product/relatedParty/1/role"),
            ),
            // Arrays in arrays.
            ("/grid/0/0/c?grid.b=1", Some("/grid/0/0/c")),
            ("/grid/1/0?grid.b=1", None),
            ("/grid/1/b?grid.b=3", Some("/grid/1/0/b")),
            ("/grid/1/1/b?grid.1.b=3", None),
        ] {
            let expected = expected.map(|place| vec![place.to_owned()]);
            assert_eq!(found(path, Notation::Pointers, false), expected, "{path}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_read_as_the_media_type_says() {
        for (path, as_query) in [
            ("state", places(["/state"])),
            ("note[0].text", places(["/note/0/text"])),
            ("note[*].text", places(["/note/0/text", "/note/1/text"])),
            ("note/0/text", places(["/note/0/text"])),
            ("/note[0]/text", places(["/note/0/text"])),
            ("/tags[0,0]", places(["/tags/0"])),
            ("/note[0]/-", places([])),
            ("note[", places([])),
        ] {
            assert_eq!(found(path, Notation::Queries, false), as_query, "{path}");
            assert_eq!(found(path, Notation::Pointers, false), None, "{path}");
        }
        let added = |path: &str, notation| found(path, notation, true);
        assert_eq!(added("/x[0]", Notation::Pointers), places(["/x[0]"]));
        assert_eq!(added("description", Notation::Queries), places(["/description"]));
        assert_eq!(added("description", Notation::Pointers), None);
    }

    #[test]
    fn what_is_not_there_can_be_pointed_to_only_to_be_added() {
        for (path, expected) in [
            ("/new", places(["/new"])),
            ("/note/-", places(["/note/3"])),
            ("/note/3", places(["/note/3"])),
            ("/note/date?note.author=Jane", places(["/note/1/date"])),
            ("/note/-?state=new", places(["/note/3"])),
            ("/a/value/-?a.name=y", places(["/a/1/value/1"])),
            ("$.note[?(@.author=='Jane')].date", places(["/note/1/date"])),
            ("/note[?(@.author=='Jane')]/date", places(["/note/1/date"])),
            ("/a[?(@.name=='x')]/value/-", places(["/a/0/value/2"])),
            ("$.new", places(["/new"])),
            ("$['new']", places(["/new"])),
        ] {
            assert_eq!(found(path, Notation::Pointers, false), None, "{path}");
            assert_eq!(found(path, Notation::Pointers, true), expected, "{path}");
        }
        // Some of them have one.
        let texts = places(["/note/0/text", "/note/1/text", "/note/2/text"]);
        for path in ["$.note[*].text", "$.note[?(@.author)].text", "/note[?(@.author)]/text"] {
            assert_eq!(found(path, Notation::Pointers, true), texts, "{path}");
        }
        for path in [
            "/note/4",
            "/note/-/x",
            "/note/-?note.author=Jane",
            "/note/3?note.author=Jane",
            "/note/text?note.author=Nobody",
            // What is not there yet has no value that could be the one.
            "/new?new=x",
            "/note/date?note.date=x",
            "/note/author/x?note.author=Jane",
            "/note/x/y?note.author=Jane",
            "/state/x?state=new",
            "/state?state=old",
            "/note?note.author",
            "/note?=x",
            "note",
            "$[",
            "$.note[?(@.author=='Nobody')].date",
            "$.tags.new",
        ] {
            assert_eq!(found(path, Notation::Pointers, true), None, "{path}");
        }
    }
}
