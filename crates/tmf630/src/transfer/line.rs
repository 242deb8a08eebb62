//! The lines of an export. Each is an object of JSON:
//!
//! | line | |
//! |---|---|
//! | `{"format":"tmf-billing-export","version":1,"tenant":…,"time":…,"commit":…,"lines":…,"export":…}` | the first: what it is, of when, and how many lines follow |
//! | `{"resource":…,"document":…,"hidden":…}` | a resource, in the form in which it is stored, and what the server keeps with it where no client sees it |
//! | `{"key":…,"text":…}` or `{"key":…,"base64":…}` | what else the server has stored: balances, numbers of bills, jobs |
//! | `{"resource":…,"id":…,"unreadable":…}` or `{"key":…,"unreadable":…}` | what is there but cannot be read, and why |

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use schemas::id::is_id;
use schemas::json::{self, Unreadable};
use schemas::{Fault, Version};
use serde_json::{Map, Value};

use super::Exported;
use crate::storage::keys::{JOBS, Keys};
use crate::storage::record::Record;
use crate::value::HIDDEN;
use crate::{Definition, Error};

/// What the first line says that it is.
pub(super) const FORMAT: &str = "tmf-billing-export";

/// The version of the lines.
pub(super) const VERSION: u64 = 1;

/// How deep arrays and objects may lie within each other in a line: what is stored may be deeper than what a
/// client may send at once, and the parser can read so much.
const MAX_NESTING: usize = 126;

/// Writes the line of a resource. Of one that a newer version of the program has written, another instance has to.
pub(super) fn write_record(
    lines: &mut Vec<u8>,
    keys: Keys,
    id: &str,
    value: Bytes,
) -> Result<(), Error> {
    let name = keys.0;
    let mut text = Vec::new();
    let written = Record::read(id, value).and_then(|record| {
        record.check()?;
        let hidden = record.part(HIDDEN)?.remove(HIDDEN);
        // Writing to memory does not fail.
        let _ = write!(text, r#"{{"resource":"{name}","document":"#);
        text.extend_from_slice(record.json());
        if let Some(hidden) = hidden {
            let _ = write!(text, r#","hidden":{hidden}"#);
        }
        text.extend_from_slice(b"}\n");
        Ok(())
    });
    match written {
        Ok(()) => lines.append(&mut text),
        Err(error) if error.is_newer() => return Err(error),
        Err(error) => {
            let line =
                serde_json::json!({ "resource": name, "id": id, "unreadable": error.told() });
            let _ = writeln!(lines, "{line}");
        }
    }
    Ok(())
}

/// Writes the line of what else is stored.
pub(super) fn write_entry(lines: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let key = String::from_utf8_lossy(key);
    let line = match std::str::from_utf8(value) {
        Ok(text) => serde_json::json!({ "key": key, "text": text }),
        Err(_) => serde_json::json!({ "key": key, "base64": BASE64.encode(value) }),
    };
    let _ = writeln!(lines, "{line}");
}

/// Writes the line of what cannot be read, of which not even the name is known.
pub(super) fn write_unreadable(lines: &mut Vec<u8>, within: &str, error: &Error) {
    let line = serde_json::json!({ "key": format!("{within}?"), "unreadable": error.told() });
    let _ = writeln!(lines, "{line}");
}

/// What a line says is to be stored.
#[derive(Debug)]
pub(super) enum Line {
    /// A resource, with what is hidden.
    Resource { definition: &'static Definition, id: String, document: Map<String, Value> },
    /// A value at a key of an API's own, and what all keys begin with that belong together with it.
    Entry { key: String, value: Bytes, unit: Option<String> },
}

impl Line {
    /// Reads a line, or says what is wrong with it.
    pub fn read(text: &[u8], exported: &Exported) -> Result<Self, String> {
        let read =
            json::parse_nested(text, MAX_NESTING).map_err(|unreadable| match unreadable {
                Unreadable::Missing => "it is empty".to_owned(),
                Unreadable::Malformed(fault) => format!("it is not readable as JSON: {fault}"),
                Unreadable::Fault(fault) => fault.to_string(),
            })?;
        let Value::Object(mut line) = read else { return Err("it must be an object".to_owned()) };
        if let Some(reason) = line.get("unreadable") {
            return Err(format!("it could not be read where it comes from: {reason}"));
        }
        match (line.remove("resource"), line.remove("key")) {
            (Some(Value::String(name)), None) => Self::resource(&name, line, exported),
            (None, Some(Value::String(key))) => Self::entry(key, line, exported),
            _ => Err("it must have resource or key, which is a text".to_owned()),
        }
    }

    fn resource(
        name: &str,
        mut line: Map<String, Value>,
        exported: &Exported,
    ) -> Result<Self, String> {
        let mut definitions = exported.definitions();
        let definition = definitions.find(|it| it.resource.stored_name() == name);
        let definition = definition.ok_or_else(|| format!("no resource is called {name}"))?;
        let Some(Value::Object(mut document)) = line.remove("document") else {
            return Err("/document must be an object".to_owned());
        };
        let hidden = line.remove("hidden");
        expect_nothing_else(&line)?;
        let id = document.get("id").and_then(Value::as_str).filter(|id| is_id(id));
        let id = id.ok_or("/document/id must be an id")?.to_owned();
        if !document.get("@type").is_some_and(Value::is_string) {
            return Err("/document/@type must be a text".to_owned());
        }
        if let Some(fault) = json::reserved_name(&document) {
            return Err(format!("/document{fault}"));
        }
        let document_value = Value::Object(document);
        if let Err(mut faults) = Version::V5.schema(definition.class).validate(&document_value) {
            // Who has created it in v4 may have left out what only v5 requires.
            faults.retain(|fault| !fault.missing);
            if !faults.is_empty() {
                let told: Vec<_> = faults.iter().take(5).map(Fault::to_string).collect();
                return Err(format!("/document{}", told.join("; /document")));
            }
        }
        document = match document_value {
            Value::Object(document) => document,
            _ => Map::new(),
        };
        match hidden {
            None => {}
            Some(hidden @ Value::Object(_)) => drop(document.insert(HIDDEN.to_owned(), hidden)),
            Some(_) => return Err("/hidden must be an object".to_owned()),
        }
        Ok(Self::Resource { definition, id, document })
    }

    fn entry(
        key: String,
        mut line: Map<String, Value>,
        exported: &Exported,
    ) -> Result<Self, String> {
        let space = exported.spaces.iter().find(|space| key.starts_with(space.prefix));
        let job = key.strip_prefix(JOBS).and_then(|key| key.split_once('/'));
        let is_job =
            job.is_some_and(|(kind, _)| exported.jobs.iter().any(|job| job.name() == kind));
        if space.is_none() && !is_job {
            let known: Vec<_> = exported.spaces.iter().map(|space| space.prefix).collect();
            let known = known.join(", ");
            return Err(format!("/key must be that of a job or begin with one of {known}"));
        }
        let value = match (line.remove("text"), line.remove("base64")) {
            (Some(Value::String(text)), None) => text.into(),
            (None, Some(Value::String(encoded))) => match BASE64.decode(&encoded) {
                Ok(value) => value.into(),
                Err(error) => return Err(format!("/base64 is not valid: {error}")),
            },
            _ => return Err("it must have text or base64, which is a text".to_owned()),
        };
        expect_nothing_else(&line)?;
        if space.is_some_and(|space| !(space.is_valid)(&key, &value)) {
            return Err(format!("nothing like this can be at the key {key}"));
        }
        let unit = space.and_then(|space| (space.unit?)(&key)).map(str::to_owned);
        Ok(Self::Entry { key, value, unit })
    }

    /// Where it is stored.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Resource { definition, id, .. } => Keys::of(definition).record(id),
            Self::Entry { key, .. } => key.clone().into_bytes(),
        }
    }

    /// Whether what is stored already is the same; an error if there is something else.
    pub fn is_stored_as(&self, value: &Bytes) -> Result<(), String> {
        let is_same = match self {
            Self::Entry { value: own, .. } => value == own,
            Self::Resource { id, document, .. } => {
                let stored = Record::read(id, value.clone()).and_then(|record| record.document());
                let stored = stored.map_err(|error| {
                    format!("there is one with its id, which cannot be read: {}", error.told())
                })?;
                stored == *document
            }
        };
        match is_same {
            true => Ok(()),
            false => Err("there is another one already, which stays as it is".to_owned()),
        }
    }
}

/// What this program does not know may be needed.
fn expect_nothing_else(line: &Map<String, Value>) -> Result<(), String> {
    match line.keys().next() {
        None => Ok(()),
        Some(name) => Err(format!("/{name} is not known: a newer version may have written it")),
    }
}
