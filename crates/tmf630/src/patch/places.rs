//! What the path of an operation points to (TMF630 part 5).
//!
//! A path is a JSON Pointer (RFC 6901); or a pointer and conditions behind a `?`, which choose among
//! the elements of the arrays on its way; or a JSONPath expression (RFC 9535).

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::budget::Budget;
use crate::query::JsonPath;
use crate::value::decimal::Decimal;
use crate::value::path;

/// The places that a path points to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// JSON Pointers, in the order of the document. There is at least one.
    pub pointers: Vec<String>,
    /// Whether they were chosen by the values of elements.
    pub by_value: bool,
}

/// The places that `path` points to in `document`. With `may_be_new`, the last step may lead to an
/// attribute that is not there. Returns what would be right if there is no such place.
pub(super) fn find(path: &str, document: &Value, may_be_new: bool) -> Result<Places, String> {
    let is_json_path = path.starts_with('$') || (!path.starts_with('/') && path.contains("[?"));
    let pointers = if is_json_path {
        by_json_path(path, document, may_be_new)?
    } else if let Some((pointer, conditions)) = path.split_once('?') {
        by_conditions(pointer, conditions, document, may_be_new)?
    } else if path.is_empty() || path.starts_with('/') {
        let exists = document.pointer(path).is_some() || may_be_new;
        if !exists {
            return Err("must point to a place that exists".into());
        }
        return Ok(Places { pointers: vec![path.to_owned()], by_value: false });
    } else {
        return Err("must be a JSON Pointer (RFC 6901), such as /relatedParty/0".into());
    };
    match pointers.is_empty() {
        true => Err("must point to at least one place that exists".into()),
        false => Ok(Places { pointers, by_value: true }),
    }
}

fn by_json_path(path: &str, document: &Value, may_be_new: bool) -> Result<Vec<String>, String> {
    let read = |path: &str| {
        JsonPath::parse("path", path)
            .map_err(|_| "must be a JSONPath expression (RFC 9535)".to_owned())
    };
    let too_costly = |_| "takes too many steps".to_owned();
    let pointers = read(path)?.pointers(document, &Budget::default()).map_err(too_costly)?;
    let (parent, name) = path.rsplit_once('.').unwrap_or_default();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !pointers.is_empty() || !may_be_new || !is_name || parent.is_empty() {
        return Ok(pointers);
    }
    let is_object = |pointer: &String| document.pointer(pointer).is_some_and(Value::is_object);
    let parents = read(parent)?.pointers(document, &Budget::default()).map_err(too_costly)?;
    let parents = parents.into_iter().filter(is_object);
    Ok(parents.map(|parent| format!("{parent}/{name}")).collect())
}

/// A condition: the value at the path, from the root of the document on.
struct Condition {
    steps: Vec<String>,
    value: String,
}

impl Condition {
    fn read(text: &str) -> Option<Self> {
        let (path, value) = text.split_once('=')?;
        let steps: Vec<_> = path
            .trim_matches(['/', ' '])
            .split(['/', '.'])
            .map(|step| step.trim().to_owned())
            .collect();
        let value = percent_decode_str(value).decode_utf8().ok()?.into_owned();
        steps.iter().all(|step| !step.is_empty()).then_some(Self { steps, value })
    }

    /// Whether some value that the steps after the first `depth` lead to from `value` is the one.
    fn holds(&self, value: &Value, depth: usize) -> bool {
        let mut holds = false;
        path::walk(&self.steps[depth..].join("."), value, &mut |value| {
            holds |= match value {
                Value::String(text) => *text == self.value,
                Value::Number(number) => {
                    let number = Decimal::parse(&number.to_string());
                    number.is_some() && number == Decimal::parse(&self.value)
                }
                Value::Bool(value) => self.value == value.to_string(),
                _ => false,
            };
        });
        holds
    }
}

fn by_conditions(
    pointer: &str,
    conditions: &str,
    document: &Value,
    may_be_new: bool,
) -> Result<Vec<String>, String> {
    let form = "must be a pointer and conditions, such as /note/text?note.author=Rachel";
    let conditions: Option<Vec<_>> = conditions.split('&').map(Condition::read).collect();
    let conditions = conditions.ok_or(form)?;
    let steps: Vec<_> = pointer.split('/').filter(|step| !step.is_empty()).collect();
    let mut found = Vec::new();
    if conditions.iter().all(|condition| condition.holds(document, 0)) {
        let mut search = Search { conditions: &conditions, may_be_new, found: &mut found };
        search.walk(document, String::new(), &mut Vec::new(), &steps);
    }
    Ok(found)
}

struct Search<'s> {
    conditions: &'s [Condition],
    may_be_new: bool,
    found: &'s mut Vec<String>,
}

impl Search<'_> {
    /// Follows the `left` steps from `value`, which is at `pointer`, at the end of the `gone` steps.
    fn walk<'p>(
        &mut self,
        value: &Value,
        pointer: String,
        gone: &mut Vec<&'p str>,
        left: &[&'p str],
    ) {
        match (value, left) {
            (Value::Array(elements), [index, rest @ ..]) if is_index(index) => {
                let element = index.parse().ok().and_then(|index: usize| elements.get(index));
                if let Some(element) = element {
                    self.walk(element, format!("{pointer}/{index}"), gone, rest);
                } else if self.may_be_new && rest.is_empty() {
                    self.found.push(format!("{pointer}/{index}"));
                }
            }
            (Value::Array(elements), left) => {
                let about: Vec<_> = self.conditions.iter().filter(|c| c.is_about(gone)).collect();
                if left.is_empty() && about.is_empty() {
                    self.found.push(pointer);
                    return;
                }
                for (index, element) in elements.iter().enumerate() {
                    if about.iter().all(|condition| condition.holds(element, gone.len())) {
                        let pointer = format!("{pointer}/{index}");
                        match left {
                            [] => self.found.push(pointer),
                            left => self.walk(element, pointer, gone, left),
                        }
                    }
                }
            }
            (_, []) => self.found.push(pointer),
            (Value::Object(members), [step, rest @ ..]) => {
                let name = step.replace("~1", "/").replace("~0", "~");
                let pointer = format!("{pointer}/{step}");
                match members.get(&name) {
                    Some(member) => {
                        gone.push(step);
                        self.walk(member, pointer, gone, rest);
                        gone.pop();
                    }
                    None if self.may_be_new && rest.is_empty() => self.found.push(pointer),
                    None => {}
                }
            }
            _ => {}
        }
    }
}

impl Condition {
    /// Whether the condition is about what lies at or below the path.
    fn is_about(&self, path: &[&str]) -> bool {
        self.steps.len() >= path.len() && path.iter().zip(&self.steps).all(|(a, b)| a == b)
    }
}

fn is_index(step: &str) -> bool {
    step == "-" || step.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "billingDateShift": 20,
            "state": "new",
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
            "a": [{ "name": "x", "value": ["y", "z"] }, { "name": "y", "value": ["y"] }]
        })
    }

    #[test]
    fn every_form_of_a_path_is_understood() {
        for (path, expected) in [
            ("/note/0", vec!["/note/0"]),
            ("", vec![""]),
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
            ("note[?(@.author=='John Doe')]", vec!["/note/0", "/note/2"]),
            (
                "$.orderItem[?(@.productOffering.id==\"1513\")].quantity",
                vec!["/orderItem/0/quantity"],
            ),
        ] {
            let places = find(path, &document(), false);
            assert_eq!(
                places.unwrap_or_else(|error| panic!("{path}: {error}")).pointers,
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_not_there_can_be_pointed_to_only_to_be_added() {
        for (path, expected) in [
            ("/new", "/new"),
            ("/note/-", "/note/-"),
            ("/note/date?note.author=Jane", "/note/1/date"),
            ("/note/-?state=new", "/note/-"),
            ("$.note[?(@.author=='Jane')].date", "/note/1/date"),
        ] {
            assert!(find(path, &document(), false).is_err(), "{path}");
            assert_eq!(find(path, &document(), true).unwrap().pointers, [expected], "{path}");
        }
        for path in [
            "/note/text?note.author=Nobody",
            "/note/x/y?note.author=Jane",
            "/state/x?state=new",
            "/state?state=old",
            "/note?note.author",
            "/note?=x",
            "note",
            "$[",
            "$.note[?(@.author=='Nobody')].date",
        ] {
            assert!(find(path, &document(), true).is_err(), "{path}");
        }
    }
}
