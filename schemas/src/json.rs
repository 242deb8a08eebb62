//! From the bytes of a document to a JSON value that means the same to every reader.
//!
//! The parser is serde_json's. What it would not look at, or not say clearly, is looked at before: a
//! byte order mark is skipped, and refused are arrays and objects that lie too deep within each other,
//! a name that is given twice in an object (RFC 8259 leaves open which counts, and who owns an account
//! must not depend on the reader), and names that serde_json itself gives a meaning to.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use serde_json::{Map, Value};

use crate::Fault;

/// The member of a stored document that no client sees, nor sends: what the server keeps with it.
pub const HIDDEN: &str = "$server";

/// How large a document may be, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// How many arrays and objects may lie within each other. A full account has 6.
pub const MAX_NESTING: usize = 64;

/// How the names begin that serde_json keeps for itself. An object that begins with one is taken for
/// a number or a piece of text when it is read, so nothing that has one can be kept as it is.
const RESERVED: &str = "$serde_json::private::";

/// What is wrong with such a name.
const RESERVED_FAULT: &str = "cannot be a name here: those that begin with \
                              $serde_json::private:: are kept for other purposes";

/// Why bytes are no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// There are none.
    Missing,
    /// They are no JSON that is taken; the sentence says what is wrong, and where.
    Malformed(String),
    /// They are, but for a name.
    Fault(Fault),
}

/// The value that the bytes of a document are.
pub fn parse(bytes: &[u8]) -> Result<Value, Unreadable> {
    parse_nested(bytes, MAX_NESTING)
}

/// The same of bytes in which arrays and objects may lie so deep within each other, which is less than 128.
pub fn parse_nested(bytes: &[u8], max_nesting: usize) -> Result<Value, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.is_empty() {
        return Err(Unreadable::Missing);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Unreadable::Malformed(format!("Byte {} is not valid UTF-8.", error.valid_up_to()))
    })?;
    check(text, max_nesting)?;
    serde_json::from_str(text).map_err(|error| Unreadable::Malformed(format!("{error}.")))
}

/// The fault of a name anywhere in the document that cannot be kept. Names come in other ways than by
/// a text too, such as the path of an operation.
pub fn reserved_name(document: &Map<String, Value>) -> Option<Fault> {
    fn within(value: &Value, pointer: &str) -> Option<Fault> {
        match value {
            Value::Object(object) => in_object(object, pointer),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| within(item, &format!("{pointer}/{index}"))),
            _ => None,
        }
    }
    fn in_object(object: &Map<String, Value>, pointer: &str) -> Option<Fault> {
        object.iter().find_map(|(name, value)| match name.starts_with(RESERVED) {
            true => Some(Fault::new(format!("{pointer}/{}", token(name)), RESERVED_FAULT)),
            false => match value {
                Value::Object(_) | Value::Array(_) => {
                    within(value, &format!("{pointer}/{}", token(name)))
                }
                _ => None,
            },
        })
    }
    if document.contains_key(HIDDEN) {
        return Some(Fault::new(format!("/{HIDDEN}"), "cannot be a name here: the server uses it"));
    }
    in_object(document, "")
}

/// A name as a part of a JSON Pointer (RFC 6901).
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// An array or an object that is being read.
enum Frame<'t> {
    Array {
        index: usize,
    },
    Object {
        /// The names so far, as they are without escapes.
        names: HashSet<Cow<'t, str>>,
        /// The last of them.
        name: Cow<'t, str>,
        /// Whether a string that comes now is a name.
        expects_name: bool,
    },
}

/// Looks at nesting and names. A text that is no JSON may pass: the parser finds that.
fn check(text: &str, max_nesting: usize) -> Result<(), Unreadable> {
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '}', '[', ']', ',', ':']) {
        let (token, after) = rest[at..].split_at(1);
        rest = after;
        let depth = frames.len();
        match (token, frames.last_mut()) {
            ("\"", frame) => {
                let Some(end) = end_of_string(rest) else { return Ok(()) };
                let (string, after) = (&rest[..end], &rest[end + 1..]);
                rest = after;
                if let Some(Frame::Object { names, name, expects_name: true }) = frame {
                    *name = unescaped(string);
                    let fault = match names.insert(name.clone()) {
                        _ if name.starts_with(RESERVED) => RESERVED_FAULT,
                        false => "is given twice: a name can be used once in an object",
                        true => continue,
                    };
                    return Err(Unreadable::Fault(Fault::new(pointer(&frames), fault)));
                }
            }
            ("{" | "[", _) if depth == max_nesting => {
                return Err(Unreadable::Malformed(format!(
                    "Arrays and objects lie more than {max_nesting} deep within each other."
                )));
            }
            ("[", _) => frames.push(Frame::Array { index: 0 }),
            ("{", _) => frames.push(Frame::Object {
                names: HashSet::new(),
                name: Cow::Borrowed(""),
                expects_name: true,
            }),
            ("}" | "]", _) => {
                frames.pop();
            }
            (":", Some(Frame::Object { expects_name, .. })) => *expects_name = false,
            (",", Some(Frame::Object { expects_name, .. })) => *expects_name = true,
            (",", Some(Frame::Array { index })) => *index += 1,
            _ => {}
        }
    }
    Ok(())
}

/// Where the string ends whose first character is the first one of `text`.
fn end_of_string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// A string as it is without escapes; one that cannot be, the parser will refuse.
fn unescaped(string: &str) -> Cow<'_, str> {
    if !string.contains('\\') {
        return Cow::Borrowed(string);
    }
    let unescaped = serde_json::from_str::<String>(&format!("\"{string}\""));
    unescaped.map_or(Cow::Borrowed(string), Cow::Owned)
}

/// The JSON Pointer (RFC 6901) to the place that is being read.
fn pointer(frames: &[Frame<'_>]) -> String {
    let mut pointer = String::new();
    for frame in frames {
        // Writing to a string does not fail.
        let _ = match frame {
            Frame::Array { index } => write!(pointer, "/{index}"),
            Frame::Object { name, .. } => {
                write!(pointer, "/{}", token(name))
            }
        };
    }
    pointer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn message(unreadable: Unreadable) -> String {
        match unreadable {
            Unreadable::Missing => "missing".to_owned(),
            Unreadable::Malformed(message) => message,
            Unreadable::Fault(fault) => fault.to_string(),
        }
    }

    #[track_caller]
    fn refusal(text: &str) -> String {
        message(parse(text.as_bytes()).expect_err(text))
    }

    #[test]
    fn brackets_nest_except_in_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_NESTING).as_bytes()).is_ok());
        for depth in [MAX_NESTING + 1, 100_000] {
            assert!(refusal(&nested(depth)).contains("64 deep"));
        }
        let objects = r#"{"a":"#.repeat(MAX_NESTING + 1);
        assert!(refusal(&objects).contains("64 deep"));
        let strings = format!(r#"{{"\\":"{0}","\"[":"\"{0}"}}"#, "[{".repeat(100));
        assert!(parse(strings.as_bytes()).is_ok());
        let beside = format!("[{}[]]", "[],".repeat(100));
        assert!(parse(beside.as_bytes()).is_ok());
    }

    #[test]
    fn a_name_is_given_once() {
        for (text, pointer) in [
            (r#"{"a":1,"a":2}"#, "/a"),
            (r#"{"a":1,"\u0061":2}"#, "/a"),
            (r#"{"\u0061":1, "b" : {"a":2} , "a" : 2}"#, "/a"),
            (r#"{"x":[{"a":1},{"y":[],"b~/":{"c":1,"d":2,"c":1}}]}"#, "/x/1/b~0~1/c"),
            (r#"[[],{"":0,"":0}]"#, "/1/"),
            (r#"{"a":{"a":1},"a":{}}"#, "/a"),
        ] {
            let expected = format!("{pointer} is given twice");
            let message = refusal(text);
            assert!(message.starts_with(&expected), "{text}: {message}");
        }
        for text in [
            r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#,
            r#"{"a":"b","b":"a","c":["a","a",{"x":"a"},"a"]}"#,
            r#"{"a":"\"a\":1,","b":"{\"a\":1,\"a\":2}","A":1}"#,
        ] {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn names_that_the_parser_takes_for_something_else_are_refused() {
        for text in [
            r#"{"ext":{"$serde_json::private::Number":"12"}}"#,
            r#"{"ext":{"a":1,"$serde_json::private::Number":0}}"#,
            r#"{"ext":{"\u0024serde_json::private::Number":"12"}}"#,
            r#"{"ext":{"$serde_json::private::RawValue":"{}"}}"#,
        ] {
            let message = refusal(text);
            assert!(message.starts_with("/ext/$serde_json::private::"), "{text}: {message}");
        }
        // As a value it is a text like others.
        let value = parse(br#"{"a":"$serde_json::private::Number"}"#).unwrap();
        assert_eq!(value["a"], RESERVED.to_owned() + "Number");
    }

    #[test]
    fn such_names_are_found_in_a_document_too() {
        let find = |document: Value| {
            let fault = reserved_name(document.as_object().unwrap());
            fault.map(|fault| fault.pointer)
        };
        assert_eq!(
            find(json!({ "a": [1, { "b": { "c": "$serde_json::private::Number" } }] })),
            None
        );
        let name = "$serde_json::private::Number";
        assert_eq!(find(json!({ "a": [1, { name: 1 }] })), Some(format!("/a/1/{name}")));
        assert_eq!(
            find(json!({ "a": 1, "b": { "c": { name: 1 } } })),
            Some(format!("/b/c/{name}"))
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":1}").unwrap(), json!({ "a": 1 }));
        assert_eq!(parse(b"\xef\xbb\xbf"), Err(Unreadable::Missing));
        assert!(parse("{}\u{feff}".as_bytes()).is_err());
        assert!(parse("\u{feff}\u{feff}{}".as_bytes()).is_err());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for text in ["{", "{]", "nonsense", "{\"name\":}", "{} {}", "{\"a\":01}", "\"", "\"\\"] {
            assert!(refusal(text).contains("line 1 column"), "{text}");
        }
        assert_eq!(message(parse(b"{\"a\":\"\xff\"}").unwrap_err()), "Byte 6 is not valid UTF-8.");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            r#"["\\\\/{}\[\],:~u0]{0,6}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let names = prop_oneof![any::<String>(), r#"["\\\\/{}\[\],:~a]{0,3}"#];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((names, inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in any_json()) {
            prop_assert_eq!(&parse(value.to_string().as_bytes()).unwrap(), &value);
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(&parse(pretty.as_bytes()).unwrap(), &value);
        }

        /// Whatever comes: what the parser takes is refused for its names and nesting alone.
        #[test]
        fn any_text_has_an_answer(text in r#"["\\\\{}\[\],:a1 é]{0,24}"#) {
            let plain: Result<Value, _> = serde_json::from_str(&text);
            match parse(text.as_bytes()) {
                Ok(value) => prop_assert_eq!(value, plain.unwrap()),
                Err(error) if plain.is_ok() && !text.is_empty() => {
                    prop_assert!(message(error).contains("is given twice"));
                }
                Err(_) => {}
            }
        }
    }
}
