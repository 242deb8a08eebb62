//! The answers of operations.

use serde_json::{Map, Value, json};
use tmf630::Version;

use crate::parameters::header_references;

/// The errors there are: status, what it means, and headers that tell more. What only v5 has, v4
/// answers with 400.
const ERRORS: [(u16, &str, &[&str]); 14] = [
    (
        400,
        "The body, a parameter or a header is not valid; the message says what would be right.",
        &[],
    ),
    (
        401,
        "An access token is needed, or the one that was sent is not valid.",
        &["WWW-Authenticate"],
    ),
    (
        403,
        "The access token lacks a scope, is of another tenant, or is of a party that may not do this.",
        &["WWW-Authenticate"],
    ),
    (404, "There is nothing at this address, or nothing that the caller sees.", &[]),
    (406, "The client does not take JSON.", &[]),
    (409, "The id is taken, another resource refers to this one, or the state cannot follow.", &[]),
    (
        412,
        "If-Match names another state of the resource, or If-None-Match excludes the present one.",
        &[],
    ),
    (413, "The body or the resource is too large.", &[]),
    (414, "The address of the request is longer than 8 KiB.", &[]),
    (
        415,
        "The media type, charset or coding of the body is not supported.",
        &["Accept-Patch", "Accept-Encoding"],
    ),
    (
        416,
        "The page lies beyond the end of the list (only with partial_content=206).",
        &["Content-Range"],
    ),
    (422, "The Idempotency-Key was used with another body.", &[]),
    (
        500,
        "The server failed; the log has the cause. With code 3 it is not known whether the change was made.",
        &[],
    ),
    (
        503,
        "Too many requests changed the same data, the request took too long, or the storage is busy, full or read-only. Nothing was changed.",
        &["Retry-After"],
    ),
];

const NOT_IMPLEMENTED: (u16, &str) = (501, "A query parameter is not supported.");

/// The errors of a version, by the names that responses refer to.
pub fn shared(version: Version) -> Map<String, Value> {
    let not_implemented =
        (version == Version::V5).then_some((NOT_IMPLEMENTED.0, NOT_IMPLEMENTED.1, &[][..]));
    let errors = ERRORS.into_iter().chain(not_implemented);
    let response = |(status, description, headers): (u16, &str, &[&str])| {
        let headers = [&["X-Request-Id"], headers].concat();
        let content =
            json!({ version.media_type(): { "schema": { "$ref": "#/components/schemas/Error" } } });
        let response = json!({
            "description": description,
            "headers": header_references(&headers),
            "content": content
        });
        (format!("Error{status}"), response)
    };
    errors.map(response).collect()
}

/// The answers of an operation: those given, and errors.
pub fn with_errors(version: Version, answers: Value, errors: &[u16]) -> Value {
    let mut responses = answers.as_object().cloned().unwrap_or_default();
    let always: &[u16] = match version {
        Version::V4 => &[400, 406, 414, 500, 503],
        Version::V5 => &[400, 406, 414, 500, 501, 503],
    };
    for status in always.iter().chain(errors) {
        let reference = json!({ "$ref": format!("#/components/responses/Error{status}") });
        responses.insert(status.to_string(), reference);
    }
    responses.into()
}

/// An answer with a body.
pub fn answer(version: Version, description: &str, headers: &[&str], schema: Value) -> Value {
    json!({
        "description": description,
        "headers": header_references(headers),
        "content": { version.media_type(): { "schema": schema } }
    })
}

/// An answer without one.
pub fn empty(description: &str, headers: &[&str]) -> Value {
    json!({ "description": description, "headers": header_references(headers) })
}
