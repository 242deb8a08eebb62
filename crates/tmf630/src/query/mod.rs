//! The query of a request (TMF630 part 1): which resources, in which order, which of them, and how
//! much of each.
//!
//! # Layout
//!
//! * `pieces` – cutting the raw query, before anything is percent-decoded.
//! * `filter` – conditions on attributes.
//! * `pattern` – their regular expressions.
//! * `json_path` – expressions in JSONPath (TMF630 part 6).
//! * `sort`, `page`, `fields` – the other parameters.
//! * `worst` – tests: what the worst queries cost.

pub(crate) mod fields;
mod filter;
mod json_path;
mod page;
mod pattern;
mod pieces;
mod sort;

pub(crate) use fields::Fields;
pub(crate) use filter::{Builder as FilterBuilder, Criterion, Filter, Operator};
pub(crate) use json_path::JsonPath;
pub(crate) use page::Page;
pub(crate) use pieces::{Joint, Piece, decode, pieces};
use schemas::Kind;
use serde_json::Value;
pub(crate) use sort::{SortKey, SortValue};

use crate::budget::Budget;
use crate::value::path::Path;
use crate::{Definition, Error, Version};

/// Everything that the query of a list asks for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Query {
    pub filter: Filter,
    pub sort: Vec<SortKey>,
    pub page: Page,
    pub fields: Option<Fields>,
}

/// The attributes of what a query is about.
pub(crate) trait Attributes {
    /// The path of an attribute that a client may call by another one.
    fn canonical(&self, path: Path) -> Result<Path, Error>;

    /// What it holds, if the standard says.
    fn kind_of(&self, path: &Path) -> Option<Kind>;
}

/// Those of a resource in a version.
struct OfResource<'r> {
    definition: &'r Definition,
    version: Version,
}

impl Attributes for OfResource<'_> {
    fn canonical(&self, path: Path) -> Result<Path, Error> {
        Ok(self.definition.canonical(self.version, path))
    }

    fn kind_of(&self, path: &Path) -> Option<Kind> {
        self.definition.kind_of(self.version, path)
    }
}

/// Parameters that TMF630 knows and this implementation does not.
const UNSUPPORTED: [&str; 4] = ["depth", "expand", "before", "after"];

impl Query {
    /// Whether its answer may depend on one of the attributes, by their dotted paths.
    pub fn concerns(&self, attributes: &[&str]) -> bool {
        let is_within = |path: &str, attribute: &str| {
            let rest = path.strip_prefix(attribute);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let concerns = |path: &Path| {
            let path = path.as_str();
            attributes.iter().any(|it| is_within(path, it) || is_within(it, path))
        };
        let has_json_path = || self.filter.0.iter().any(|group| !group.json_paths.is_empty());
        !attributes.is_empty()
            && (has_json_path()
                || self.filter.criteria().any(|criterion| concerns(&criterion.path))
                || self.sort.iter().any(|key| concerns(&key.path)))
    }

    /// Reads the query of a list.
    pub fn parse(raw: &str, definition: &Definition, version: Version) -> Result<Self, Error> {
        let mut query = Self::default();
        let names = &OfResource { definition, version };
        let mut filter = filter::Builder::default();
        let mut page = page::Builder::default();
        for Piece { joint, text } in pieces(raw) {
            if joint == Joint::Or {
                filter.or();
            }
            let Some((name, value)) = reserved(text) else {
                filter.add(text, joint, names)?;
                continue;
            };
            let value = decode(value)?;
            match name {
                "filter" if value.trim().is_empty() => {}
                "filter" => filter.add_json_path(JsonPath::parse("filter", &value)?),
                "sort" => query.sort.extend(sort::parse(&value, definition, version)?),
                "fields" => fields::add(&mut query.fields, &value, names)?,
                "offset" => page.set_offset(&value)?,
                "limit" => page.set_limit(&value)?,
                name => return Err(Error::unsupported_parameter(name, SUPPORTED)),
            }
        }
        query.filter = filter.finish(names)?;
        query.page = page.finish();
        Ok(query)
    }

    /// Whether the document, seen as a client sees it, is among what the query asks for.
    pub fn matches(&self, document: &Value, budget: &Budget) -> Result<bool, Error> {
        self.filter.matches(document, budget)
    }
}

const SUPPORTED: &str = "filter, sort, fields, offset, limit, and attributes of the resource";

/// The parameter, if it is one that never means an attribute: its name and its raw value.
fn reserved(piece: &str) -> Option<(&'static str, &str)> {
    let (name, value) = piece.split_once('=')?;
    let names = ["filter", "sort", "fields", "offset", "limit"].into_iter().chain(UNSUPPORTED);
    names.into_iter().find(|reserved| *reserved == name).map(|name| (name, value))
}

/// The attribute selection of an operation that has no other parameter.
pub(crate) fn fields_only(
    raw: &str,
    definition: &Definition,
    version: Version,
) -> Result<Option<Fields>, Error> {
    let mut fields = None;
    let names = OfResource { definition, version };
    for Piece { text, .. } in pieces(raw) {
        match text.split_once('=') {
            Some(("fields", value)) => fields::add(&mut fields, &decode(value)?, &names)?,
            _ => return Err(refused(text, "fields")?),
        }
    }
    Ok(fields)
}

/// The attribute selection of the answer to a change, which must not fail any more when the change was
/// made: so it only has names.
pub(crate) fn fields_of_change(
    raw: &str,
    definition: &Definition,
    version: Version,
) -> Result<Option<Fields>, Error> {
    let fields = fields_only(raw, definition, version)?;
    match fields.as_ref().is_some_and(Fields::can_cost_too_much) {
        true => {
            let expectation = "must name attributes here; GET can select by more of JSONPath";
            Err(Error::invalid_parameter("fields", expectation))
        }
        false => Ok(fields),
    }
}

/// Refuses a query where the operation has no parameters.
pub(crate) fn expect_none(raw: &str) -> Result<(), Error> {
    match pieces(raw).next() {
        Some(Piece { text, .. }) => Err(refused(text, "none")?),
        None => Ok(()),
    }
}

/// The error that the operation does not have the parameter.
fn refused(piece: &str, known: &str) -> Result<Error, Error> {
    let name = decode(piece.split('=').next().unwrap_or(piece))?;
    Ok(match UNSUPPORTED.contains(&name.as_str()) {
        true => Error::unsupported_parameter(&name, known),
        false => Error::unknown_parameter(&name, known),
    })
}

/// The raw query without the page, for links to other pages: it asks for the same resources.
pub(crate) fn without_page(raw: &str) -> String {
    let mut kept = String::new();
    // A `;` in front of what is left out still begins an alternative.
    let mut begins_alternative = false;
    for Piece { joint, text } in pieces(raw) {
        begins_alternative |= joint == Joint::Or;
        if matches!(reserved(text), Some(("offset" | "limit", _))) {
            continue;
        }
        if begins_alternative {
            kept.push(';');
        } else if !kept.is_empty() {
            kept.push('&');
        }
        begins_alternative = false;
        kept.push_str(text);
    }
    kept
}

#[cfg(test)]
mod worst;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::accounts::ACCOUNTS;

    #[test]
    fn reserved_parameters_are_told_from_attributes_by_their_whole_name() {
        let query = Query::parse("sortOrder=1&limit=3&fieldset=x&offset=2", &ACCOUNTS, Version::V5)
            .unwrap();
        assert_eq!(query.page, Page { offset: 2, limit: 3 });
        let [group] = &query.filter.0[..] else { panic!("{query:?}") };
        let paths: Vec<_> = group.criteria.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["sortOrder", "fieldset"]);
    }

    #[test]
    fn parameters_that_are_not_supported_are_said() {
        for (query, status) in [("depth=1", 501), ("expand=a", 501), ("after=x", 501)] {
            let error = Query::parse(query, &ACCOUNTS, Version::V5).unwrap_err();
            assert_eq!(error.into_response(Version::V5).status(), status, "{query}");
        }
        for query in
            ["limit=-1", "offset=1.5", "limit=1&limit=2", "sort=a..b", "filter=a b", "%ff=1"]
        {
            let error = Query::parse(query, &ACCOUNTS, Version::V5).unwrap_err();
            assert_eq!(error.into_response(Version::V5).status(), 400, "{query}");
        }
    }

    #[test]
    fn links_keep_everything_but_the_page() {
        assert_eq!(
            without_page("a=1&limit=2&b=x%2Cy;c=3&offset=0&sort=-n"),
            "a=1&b=x%2Cy;c=3&sort=-n"
        );
        assert_eq!(without_page("offset=1"), "");
        // An alternative that begins with the page is still one.
        assert_eq!(without_page("a=1&b=1;limit=1&b=2"), "a=1&b=1;b=2");
        assert_eq!(without_page("limit=1;offset=2&a=1"), ";a=1");
    }

    #[test]
    fn operations_on_one_resource_know_fields_only() {
        assert!(fields_only("", &ACCOUNTS, Version::V5).unwrap().is_none());
        assert!(fields_only("fields=name&fields=state", &ACCOUNTS, Version::V5).unwrap().is_some());
        let json_path = "fields=relatedParty[?(@.role=='x')]";
        assert!(fields_only(json_path, &ACCOUNTS, Version::V5).unwrap().is_some());
        assert!(fields_of_change(json_path, &ACCOUNTS, Version::V5).is_err());
        assert!(
            fields_of_change("fields=$.relatedParty[*].role", &ACCOUNTS, Version::V5)
                .unwrap()
                .is_some()
        );
        for (query, status) in [("name=x", 400), ("depth=1", 501)] {
            for error in [
                fields_only(query, &ACCOUNTS, Version::V5).unwrap_err(),
                expect_none(query).unwrap_err(),
            ] {
                assert_eq!(error.into_response(Version::V5).status(), status, "{query}");
            }
        }
    }

    #[test]
    fn blank_parameters_are_absent() {
        let parse = |raw| Query::parse(raw, &ACCOUNTS, Version::V5).unwrap();
        let Query { filter, sort, page, .. } = parse("sort=&limit=&offset=%20&filter=&fields=");
        assert_eq!((filter, sort, page), (Filter::default(), Vec::new(), Page::default()));
        assert_eq!(parse("limit=&limit=3").page.limit, 3);
    }

    fn piece() -> impl Strategy<Value = String> {
        let names = [
            "a",
            "b.c",
            "a.gt",
            "b.ne",
            "name.regex",
            "state",
            "filter",
            "sort",
            "fields",
            "limit",
            "offset",
        ];
        let values = [
            "1",
            "x%2Cy",
            "x,y",
            "",
            "~z",
            "%7E",
            "$[?(@.a=='1')]",
            "a[?(@.b==']'&&@.c)]",
            "a[?(@.b==%27;&%27)]",
            "a[?(@.b=='\\'&')]",
            "b.c",
            "-a,b",
            "$.b[*].c",
            "none",
        ];
        let named = (prop::sample::select(names.to_vec()), prop::sample::select(values.to_vec()))
            .prop_map(|(name, value)| format!("{name}={value}"));
        prop_oneof![8 => named, 1 => Just("x".to_owned()), 1 => Just(String::new()), 1 => "[a=;&%~<>*!\\[\\]']{0,6}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// Whoever follows a link sees what the query means.
        #[test]
        fn links_ask_for_the_same(pieces in prop::collection::vec((piece(), any::<bool>()), 0..8)) {
            let mut raw = String::new();
            for (piece, or) in pieces {
                raw.push(if or { ';' } else { '&' });
                raw.push_str(&piece);
            }
            for raw in [&raw[1.min(raw.len())..], &raw] {
                let Ok(asked) = Query::parse(raw, &ACCOUNTS, Version::V5) else { continue };
                let others = without_page(raw);
                let joint = if others.is_empty() { "" } else { "&" };
                let Page { offset, limit } = asked.page;
                let link = format!("{others}{joint}offset={offset}&limit={limit}");
                let linked = Query::parse(&link, &ACCOUNTS, Version::V5);
                prop_assert_eq!(linked.ok(), Some(asked), "{} {}", raw, link);
            }
        }
    }
}
