//! Conditions in JSONPath (RFC 9535; TMF630 part 6).

use std::cell::RefCell;

use regex_lite::Regex;
use serde_json::Value;
use serde_json_path::functions::{LogicalType, ValueType};

use super::filter::regex;
use crate::Error;

/// How long an expression can be, in bytes.
const MAX_LEN: usize = 1024;

/// How often an expression can go down to everything below (`..`): each multiplies what is looked at.
const MAX_DESCENTS: usize = 2;

/// A JSONPath expression, in one of the forms that TMF630 and its users write it in.
#[derive(Debug)]
pub(crate) struct JsonPath {
    path: serde_json_path::JsonPath,
    /// Whether `$` stands for the list of resources instead of one resource.
    of_collection: bool,
}

impl JsonPath {
    /// Reads an expression that is the value of the parameter or path called `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let standard = standard_form(text.trim());
        if standard.len() > MAX_LEN || standard.matches("..").count() > MAX_DESCENTS {
            let limit =
                format!("may have {MAX_LEN} characters and go down by .. {MAX_DESCENTS} times");
            return Err(Error::invalid_parameter(name, &limit));
        }
        let path = serde_json_path::JsonPath::parse(&standard).map_err(|error| {
            let example = "relatedParty[?(@.role=='owner')]";
            let fault = format!("must be a JSONPath expression such as {example} ({error})");
            Error::invalid_parameter(name, &fault)
        })?;
        Ok(Self { path, of_collection: standard.starts_with("$[?") })
    }

    /// Whether the expression leads to anything in the document.
    pub fn matches(&self, document: &Value) -> bool {
        match self.of_collection {
            true => !self.path.query(&Value::Array(vec![document.clone()])).is_empty(),
            false => !self.path.query(document).is_empty(),
        }
    }

    /// JSON Pointers (RFC 6901) to what the expression leads to in the document.
    pub fn pointers(&self, document: &Value) -> Vec<String> {
        let nodes = self.path.query_located(document);
        nodes.iter().map(|node| node.location().to_json_pointer()).collect()
    }
}

/// Rewrites the forms that RFC 9535 does not know: without `$.` in front, without the dot after `@`,
/// names that begin with `@`, and `=~ /expression/i`. What is quoted stays as it is.
fn standard_form(text: &str) -> String {
    let mut out = match text.chars().next() {
        Some('$') => String::new(),
        Some('[' | '.') => "$".to_owned(),
        _ => "$.".to_owned(),
    };
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if matches!(next, '\'' | '"') {
            let end = end_of_quoted(rest, next);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix('@') {
            let name = name_at_start(after);
            let quoted = |name: &str| format!("['@{name}']");
            if name.is_empty() {
                out.push('@');
            } else if out.ends_with("..") {
                out.push_str(&quoted(name));
            } else if out.ends_with('.') {
                out.pop();
                out.push_str(&quoted(name));
            } else if matches!(name, "type" | "baseType" | "schemaLocation" | "referredType") {
                out.push('@');
                out.push_str(&quoted(name));
            } else {
                out.push_str("@.");
                out.push_str(name);
            }
            rest = &after[name.len()..];
        } else if let Some(after) = rest.strip_prefix("=~") {
            let (call, after) = search_call(&mut out, after.trim_start());
            out.push_str(&call);
            rest = after;
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// The length of the quoted text at the start of `text`, with its quotes.
fn end_of_quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if letter == quote => return place + 1,
            _ => {}
        }
    }
    text.len()
}

fn name_at_start(text: &str) -> &str {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_name(letter)).next().unwrap_or_default()
}

/// Turns `path =~ /expression/i`, whose path is at the end of `out`, into a call of `search`.
/// Returns the call and what follows it.
fn search_call<'t>(out: &mut String, operand: &'t str) -> (String, &'t str) {
    let trimmed = out.trim_end();
    let start = start_of_path(trimmed);
    let path = trimmed[start..].to_owned();
    out.truncate(start);
    let (pattern, after) = match operand.strip_prefix('/') {
        Some(body) => {
            let end = end_of_quoted(operand, '/');
            let after = &operand[end..];
            let pattern = body.get(..end.saturating_sub(2)).unwrap_or(body).replace("\\/", "/");
            match after.strip_prefix('i') {
                Some(after) => (format!("(?i){pattern}"), after),
                None => (pattern, after),
            }
        }
        None => {
            let quote = operand.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
            let end = quote.map_or(0, |quote| end_of_quoted(operand, quote));
            let pattern = operand.get(1..end.saturating_sub(1)).unwrap_or_default();
            (pattern.to_owned(), &operand[end..])
        }
    };
    (format!("search({path}, {})", Value::from(pattern)), after)
}

/// Where the path at the end of `text` begins: at its `@` or `$`, or else at its end.
fn start_of_path(text: &str) -> usize {
    let mut depth = 0_usize;
    for (place, letter) in text.char_indices().rev() {
        match letter {
            ']' => depth += 1,
            '[' if depth > 0 => depth -= 1,
            '@' | '$' if depth == 0 => return place,
            _ if depth > 0 => {}
            letter if letter.is_alphanumeric() || matches!(letter, '.' | '_' | '*') => {}
            _ => break,
        }
    }
    text.len()
}

/// `search` of RFC 9535, in time that grows with the length of the text only.
#[serde_json_path::function]
fn search(text: ValueType, pattern: ValueType) -> LogicalType {
    found(text, pattern, |pattern| pattern.to_owned())
}

/// `match` of RFC 9535: like `search`, but of the whole text.
#[serde_json_path::function(name = "match")]
fn match_whole(text: ValueType, pattern: ValueType) -> LogicalType {
    found(text, pattern, |pattern| format!("^(?:{pattern})$"))
}

thread_local! {
    /// The pattern that was used last, compiled: an expression has few, and looks at many values.
    static LAST_REGEX: RefCell<Option<(String, Option<Regex>)>> = const { RefCell::new(None) };
}

fn found(text: ValueType, pattern: ValueType, whole: impl Fn(&str) -> String) -> LogicalType {
    let (text, pattern) = (as_text(&text), as_text(&pattern));
    let found = text.zip(pattern).is_some_and(|(text, pattern)| {
        let pattern = whole(pattern);
        LAST_REGEX.with_borrow_mut(|last| {
            let regex = match last {
                Some((of, regex)) if *of == pattern => regex,
                last => &mut last.insert((pattern.clone(), regex(&pattern).ok())).1,
            };
            regex.as_ref().is_some_and(|regex| regex.is_match(text))
        })
    });
    if found { LogicalType::True } else { LogicalType::False }
}

fn as_text<'v>(value: &'v ValueType<'_>) -> Option<&'v str> {
    match value {
        ValueType::Value(value) => value.as_str(),
        ValueType::Node(value) => value.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Version;

    fn document() -> Value {
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
                Ok(path) => assert_eq!(path.matches(&document()), expected, "{text}"),
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
        for text in ["$..a..b..c".to_owned(), format!("$.{}", "a".repeat(MAX_LEN))] {
            assert!(JsonPath::parse("filter", &text).is_err(), "{text}");
        }
        let huge = JsonPath::parse("filter", "$[?(@.name =~ /((a{100}){100}){100}/)]").unwrap();
        assert!(!huge.matches(&document()));
    }

    #[test]
    fn places_are_pointed_to() {
        let path = JsonPath::parse("path", "relatedParty[?(@.role=='bill receiver')].ref").unwrap();
        assert_eq!(path.pointers(&document()), ["/relatedParty/1/ref"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ -~é]{0,40}") {
            let _ = JsonPath::parse("filter", &text);
        }

        #[test]
        fn any_text_of_signs_is_read_or_refused(text in "[$@.?()\\[\\]=~/'a ]{0,24}") {
            if let Ok(path) = JsonPath::parse("filter", &text) {
                path.matches(&document());
            }
        }
    }
}
