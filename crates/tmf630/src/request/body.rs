//! Reading the document in the body of a request.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::Error;

/// How large a body may be, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// How large the body of a bulk operation may be, in bytes.
const MAX_BULK_BYTES: usize = 4 * 1024 * 1024;

/// How many arrays and objects may lie within each other. A full account has 6.
pub(crate) const MAX_NESTING: usize = 64;

/// The media types of a document, for a POST.
const DOCUMENT_TYPES: &str = "application/json";

/// The media types of a merge patch. A patch that comes as plain JSON is one (TMF630 part 5).
const MERGE_TYPES: &str = "application/merge-patch+json, application/json";

/// The media type of operations.
const OPERATION_TYPES: &str = "application/json-patch+json";

/// The media type of operations whose paths are queries; the last one is a spelling that is also in
/// use.
const QUERY_TYPES: &str = "application/json-patch-query+json, application/json-patch+query";

/// The media types of a patch, as `Accept-Patch` lists them (RFC 5789).
pub(crate) const PATCH_TYPES: &str = "application/merge-patch+json, application/json, \
                                      application/json-patch+json, application/json-patch-query+json";

/// The media type of a bulk operation.
pub(crate) const BULK_TYPES: &str = "application/json-patch+json";

/// What kind of patch a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchType {
    Merge,
    Operations,
    Queries,
}

/// The document of a POST.
pub(crate) struct Body {
    /// The document as the client wrote it.
    pub bytes: Bytes,
    pub document: Map<String, Value>,
}

/// Reads the document of a POST.
pub(crate) async fn read_document<B: http_body::Body>(request: Request<B>) -> Result<Body, Error> {
    if !has_type_of(request.headers(), DOCUMENT_TYPES) {
        return Err(Error::unsupported_media_type(DOCUMENT_TYPES, false));
    }
    let bytes = read_bytes(request.into_body(), MAX_BODY_BYTES).await?;
    match parse(&bytes)? {
        Value::Object(document) => Ok(Body { bytes, document }),
        _ => Err(Error::invalid_document(&[schemas::Fault::new("", "must be an object")])),
    }
}

/// Reads the body of a PATCH on a resource.
pub(crate) async fn read_patch<B: http_body::Body>(
    request: Request<B>,
) -> Result<(PatchType, Value), Error> {
    let patch_type = match request.headers() {
        headers if has_type_of(headers, MERGE_TYPES) => PatchType::Merge,
        headers if has_type_of(headers, OPERATION_TYPES) => PatchType::Operations,
        headers if has_type_of(headers, QUERY_TYPES) => PatchType::Queries,
        _ => return Err(Error::unsupported_media_type(PATCH_TYPES, true)),
    };
    let bytes = read_bytes(request.into_body(), MAX_BODY_BYTES).await?;
    Ok((patch_type, parse(&bytes)?))
}

/// Reads the body of a PATCH on the collection.
pub(crate) async fn read_bulk<B: http_body::Body>(request: Request<B>) -> Result<Value, Error> {
    if !has_type_of(request.headers(), BULK_TYPES) {
        return Err(Error::unsupported_media_type(BULK_TYPES, true));
    }
    parse(&read_bytes(request.into_body(), MAX_BULK_BYTES).await?)
}

/// Whether the body's media type is in the comma-separated list `allowed`. Parameters such as a
/// charset are left aside: JSON is always UTF-8 (RFC 8259).
fn has_type_of(headers: &HeaderMap, allowed: &str) -> bool {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    media_type.is_some_and(|media_type| {
        allowed.split(", ").any(|allowed| allowed.eq_ignore_ascii_case(media_type))
    })
}

async fn read_bytes<B: http_body::Body>(body: B, limit: usize) -> Result<Bytes, Error> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Error::body_too_large(limit));
    }
    // The boxed error of `Limited` asks for an error that is `Send`; a host's need not be.
    let body = body.map_err(|_| BrokenOff);
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::body_too_large(limit)),
        Err(error) => Err(Error::body_malformed(error)),
    }
}

#[derive(Debug)]
struct BrokenOff;

impl std::error::Error for BrokenOff {}

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("The body ended before it was complete.")
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.is_empty() {
        return Err(Error::body_missing());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Error::body_malformed(format!("Byte {} is not valid UTF-8.", error.valid_up_to()))
    })?;
    if is_nested_deeper_than(MAX_NESTING, text) {
        return Err(Error::body_malformed(format!(
            "Arrays and objects lie more than {MAX_NESTING} deep within each other."
        )));
    }
    serde_json::from_str(text).map_err(|error| Error::body_malformed(format!("{error}.")))
}

/// Whether more than `limit` arrays and objects lie within each other. Runs before the parser, whose
/// own limit has no clear error.
fn is_nested_deeper_than(limit: usize, json: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest_except_in_strings() {
        assert!(!is_nested_deeper_than(2, r#"{"a":[1],"b":["[{","\"[",2]}"#));
        assert!(is_nested_deeper_than(2, r#"{"a":[{}]}"#));
        assert!(is_nested_deeper_than(2, r#"{"\\":[{}]}"#));
        assert!(!is_nested_deeper_than(1, "[][][]]]]"));
    }

    #[test]
    fn the_limit_lies_within_the_parsers_own() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_NESTING).as_bytes()).is_ok());
        assert!(parse(nested(MAX_NESTING + 1).as_bytes()).is_err());
    }

    #[test]
    fn media_types_compare_without_case_and_parameters() {
        let is_patch = |value: &str| {
            has_type_of(
                &HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]),
                MERGE_TYPES,
            )
        };
        assert!(is_patch("application/json;charset=utf-8"));
        assert!(is_patch("Application/Merge-Patch+JSON ; x=y"));
        assert!(!is_patch("application/json-patch+json"));
        assert!(!is_patch(""));
        assert!(!has_type_of(&HeaderMap::new(), PATCH_TYPES));
    }
}
