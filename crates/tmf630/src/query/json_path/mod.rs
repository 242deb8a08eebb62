//! Expressions in JSONPath (RFC 9535; TMF630 part 6).
//!
//! # Layout
//!
//! * `standard` – the forms that RFC 9535 does not know.
//! * `scanner` – the words of an expression.
//! * `structure` – what decides on the cost of an expression, and its limits.
//! * `cost` – how many steps it takes at most on a document.
//! * `functions` – `search` and `match`.
//! * `bounds` – tests: that nothing costs more.

mod cost;
mod functions;
mod scanner;
mod standard;
mod structure;

use std::borrow::Cow;

use cost::{Shape, bound};
use functions::Patterns;
use serde_json::Value;
use structure::{Path, Selector};

use crate::Error;
use crate::budget::Budget;

/// How long an expression can be, in bytes.
const MAX_LEN: usize = 1024;

/// Whether a path is written as JSONPath rather than with names and dots only.
pub(crate) fn is_json_path(text: &str) -> bool {
    text.starts_with('$') || text.contains(['[', '*']) || text.contains("..")
}

/// A JSONPath expression, in one of the forms that TMF630 and its users write it in.
#[derive(Debug)]
pub(crate) struct JsonPath {
    /// The parameter or path that it is the value of.
    name: String,
    /// In standard form.
    text: String,
    path: serde_json_path::JsonPath,
    structure: Path,
    patterns: Patterns,
    /// Whether `$` stands for the list of resources instead of one resource.
    of_collection: bool,
}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.text) == (&other.name, &other.text)
    }
}

impl JsonPath {
    /// Reads an expression that is the value of the parameter or path called `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let refuse = |fault: &str| Error::invalid_parameter(name, fault);
        let text = standard::standard_form(text.trim());
        if text.len() > MAX_LEN {
            return Err(refuse(&format!("may have {MAX_LEN} bytes")));
        }
        let (structure, patterns) = structure::read(&text).map_err(|fault| refuse(&fault))?;
        let path = serde_json_path::JsonPath::parse(&text).map_err(|error| {
            let example = "note[?(@.author=='Jane')]";
            refuse(&format!("must be a JSONPath expression such as {example} ({error})"))
        })?;
        let of_collection = text.starts_with("$[?");
        Ok(Self { name: name.to_owned(), text, path, structure, patterns, of_collection })
    }

    /// How many regular expressions it has.
    pub fn patterns(&self) -> usize {
        self.patterns.len()
    }

    /// The dotted form of the path, if it has one: names, and all elements of arrays.
    pub fn dotted(&self) -> Option<String> {
        let mut names = Vec::new();
        for segment in &self.structure.segments {
            match &segment.selectors[..] {
                [Selector::One(Some(name))] if !segment.descends && !name.contains('.') => {
                    names.push(name.as_str());
                }
                // A step of a dotted path leads into all elements by itself.
                [Selector::Elements] if !segment.descends => {}
                _ => return None,
            }
        }
        (!names.is_empty()).then(|| names.join("."))
    }

    /// Whether the expression leads to anything in the document.
    pub fn matches(&self, document: &Value, budget: &Budget) -> Result<bool, Error> {
        let shape = Shape::of(document);
        let document = in_range(document, shape);
        if self.of_collection {
            let list = Value::Array(vec![document.into_owned()]);
            return self
                .evaluate(shape.in_list(), false, budget, || !self.path.query(&list).is_empty());
        }
        self.evaluate(shape, false, budget, || !self.path.query(&document).is_empty())
    }

    /// JSON Pointers (RFC 6901) to what the expression leads to in the document.
    pub fn pointers(&self, document: &Value, budget: &Budget) -> Result<Vec<String>, Error> {
        let shape = Shape::of(document);
        let document = in_range(document, shape);
        self.evaluate(shape, true, budget, || {
            let nodes = self.path.query_located(&document);
            nodes.iter().map(|node| node.location().to_json_pointer()).collect()
        })
    }

    /// Evaluates the expression on a document of the shape, if the budget has enough for that.
    fn evaluate<T>(
        &self,
        shape: Shape,
        located: bool,
        budget: &Budget,
        evaluate: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        let (steps, _) = bound(&self.structure, shape, located);
        budget.charge(&self.name, steps)?;
        match self.patterns.during(budget.steps_at_once(), evaluate) {
            Some((value, steps)) => {
                budget.charge(&self.name, steps)?;
                Ok(value)
            }
            None => Err(Error::too_costly(&self.name)),
        }
    }
}

/// The document with numbers that floating point can hold: what is beyond is taken for the greatest or
/// least that it can, so that the library compares it rightly.
fn in_range(document: &Value, shape: Shape) -> Cow<'_, Value> {
    if !shape.has_extremes {
        return Cow::Borrowed(document);
    }
    let mut document = document.clone();
    clamp(&mut document);
    Cow::Owned(document)
}

fn clamp(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(clamp),
        Value::Object(members) => members.values_mut().for_each(clamp),
        Value::Number(number) if cost::is_extreme(number) => {
            let is_negative = number.as_str().starts_with('-');
            *value = Value::from(if is_negative { f64::MIN } else { f64::MAX });
        }
        _ => {}
    }
}

#[cfg(test)]
mod bounds;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Version;

    pub(super) fn document() -> Value {
        json!({
            "@type": "BillingAccount", "name": "Travel", "creditLimit": { "value": 100.10 },
            "relatedParty": [
                { "role": "owner", "ref": { "@type": "PartyRef", "id": "1" } },
                { "role": "bill receiver", "ref": { "id": "2" }, "size": 300 }
            ]
        })
    }

    #[test]
    fn every_form_is_understood() {
        for (text, expected) in [
            ("relatedParty[?(@.role=='owner')]", true),
            ("$.relatedParty[?(@.role=='owner')]", true),
            ("$.relatedParty[?@.role == \"owner\" && @.ref.id == '1']", true),
            ("$.relatedParty[?@.role == \"owner\" && @.ref.id == '2']", false),
            ("relatedParty[?(@size==300)]", true),
            ("relatedParty[?(@.size>299.5)]", true),
            ("$[?(@.name=='Travel')]", true),
            ("[?(@.name=='Other')]", false),
            ("$[?(@.@type=='BillingAccount')]", true),
            ("$[?(@type=='BillingAccount')]", true),
            ("$..@type", true),
            ("$['@type']", true),
            ("@type", true),
            ("relatedParty[*].ref.@type", true),
            ("$[?(@.creditLimit.value==100.1)]", true),
            ("$[?(@.name =~ /^tra/i)]", true),
            ("$[?(@.name =~ /^tra/)]", false),
            ("$[?(@.name=~'vel$')]", true),
            ("relatedParty[?(@.ref['id'] =~ /[12]/ && @.role =~ /bill/)]", true),
            ("$[?search(@.name, 'rav')]", true),
            ("$[?match(@.name, 'rav')]", false),
            ("$[?length(@.name) == 6]", true),
            ("$[?count(@.relatedParty[*]) > 1]", true),
            ("unknown.path", false),
            ("$[?(@.name=='it''s @.x =~ /y/')]", false),
        ] {
            match JsonPath::parse("filter", text) {
                Ok(path) => {
                    let found = path.matches(&document(), &Budget::default()).unwrap();
                    assert_eq!(found, expected, "{text}");
                }
                Err(error) => assert!(text.contains("''"), "{text}: {error:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "$[", "a[?(@.b==)]", "a[?(b=1)]", "a b"] {
            let error = JsonPath::parse("filter", text).unwrap_err().into_response(Version::V5);
            assert_eq!(error.status(), 400, "{text}");
        }
    }

    #[test]
    fn what_would_take_too_long_is_refused() {
        for text in [
            "$..a..b..c",
            &format!("$.{}", "a".repeat(MAX_LEN)),
            "$[?(@.name =~ /((a{100}){100}){100}/)]",
            "$[?search(@.name, @.pattern)]",
            "$[?match('text', 'text')]",
            "$..[?count($..*)>0]",
            "$..a[?@.b[?$.c]]",
            "$[*,*][*,*][*,*][*,*][*,*][*,*][*,*]",
            &format!("$.a{}{}", "[?@.a".repeat(7), "]".repeat(7)),
            &format!("$[?{}1==1{}]", "(".repeat(7), ")".repeat(7)),
            "$[?@.a =~ /1/ || @.a =~ /2/ || @.a =~ /3/ || @.a =~ /4/ || @.a =~ /5/]",
            "$[?@.a > 1e400]",
            "$[?@.a > -1e400]",
        ] {
            assert!(JsonPath::parse("filter", text).is_err(), "{text}");
        }
    }

    #[test]
    fn places_are_pointed_to() {
        let path = JsonPath::parse("path", "relatedParty[?(@.role=='bill receiver')].ref").unwrap();
        assert_eq!(
            path.pointers(&document(), &Budget::default()).unwrap(),
            ["/relatedParty/1/ref"]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ -~é]{0,40}") {
            let _ = JsonPath::parse("filter", &text);
        }

        #[test]
        fn any_text_of_signs_is_read_or_refused(text in "[$@.?()\\[\\]=~/'a ]{0,24}") {
            if let Ok(path) = JsonPath::parse("filter", &text) {
                let _ = path.matches(&document(), &Budget::default());
            }
        }
    }

    #[test]
    fn numbers_beyond_floating_point_are_compared_rightly() {
        let document = json!({ "a": [1, 2], "least": 0, "most": 0 });
        let text = document.to_string().replace(r#""least":0"#, r#""least":-1e400"#);
        let text = text.replace(r#""most":0"#, r#""most":1E+400"#);
        let document: Value = serde_json::from_str(&text).unwrap();
        for (text, expected) in [
            ("$[?(@.least > 1)]", false),
            ("$[?(@.least < -1e300)]", true),
            ("$[?(@.most > 1)]", true),
            ("$[?(@.most < 1)]", false),
            ("$[?(@.least == @.most)]", false),
            ("$[?(@.least < @.most)]", true),
        ] {
            let path = JsonPath::parse("filter", text).unwrap();
            assert_eq!(path.matches(&document, &Budget::default()).unwrap(), expected, "{text}");
        }
        assert_eq!(places(&document, "$[?@ < 0]"), ["/least"]);
    }

    fn places(document: &Value, text: &str) -> Vec<String> {
        let path = JsonPath::parse("filter", text).unwrap();
        path.pointers(document, &Budget::default()).unwrap()
    }

    /// What is read of an expression that is nested as far as it can be, since the library tries
    /// alternatives anew at each level.
    #[test]
    fn nested_expressions_are_read_in_time() {
        for (open, close) in [
            ("[?@.a", "]"),
            ("[?(", ")]"),
            ("[?count(@.a", ")>0]"),
            ("[?!(@.a", ")]"),
            ("[?length(value(@.a", "))>0]"),
        ] {
            for depth in 1..=7 {
                let inner = if open == "[?(" { "@.a" } else { "" };
                let parts = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                let parts = if open == "[?(" { parts.replace("([?", "(@[?") } else { parts };
                let begin = std::time::Instant::now();
                let _ = JsonPath::parse("filter", &format!("$.a{parts}"));
                let elapsed = begin.elapsed();
                println!("{open} {depth} deep: {elapsed:?}");
                assert!(elapsed.as_millis() < 500, "{parts}");
            }
        }
    }
}
