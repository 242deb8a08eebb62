//! Documents of bills.
//!
//! v4 has one class for a document and for a reference to one; in v5 the class tells which it is. Both
//! can have an id and an address: what only a document has tells them apart.

use serde_json::{Map, Value};

use super::{remove_class, say_class, text_of};

const DOCUMENT: &str = "Attachment";
const REF: &str = "AttachmentRef";

/// What only a document has.
const OF_DOCUMENT: [&str; 5] = ["attachmentType", "content", "mimeType", "size", "validFor"];

/// The class of what does not say its own.
fn usual_class(document: &Map<String, Value>) -> &'static str {
    let is_document = OF_DOCUMENT.iter().any(|name| document.contains_key(*name));
    match !is_document && text_of(document, "id").is_some() {
        true => REF,
        false => DOCUMENT,
    }
}

pub(super) fn to_v4(document: &mut Map<String, Value>) {
    let usual = usual_class(document);
    remove_class(document, &[usual]);
}

pub(super) fn complete(document: &mut Map<String, Value>) {
    let usual = usual_class(document);
    say_class(document, usual);
}
