//! Reading the body of a request: its media type and coding, its size, and then the JSON in it.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use schemas::{Fault, json};
use serde_json::{Map, Value};

use crate::Error;

/// How large a body may be, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = json::MAX_BYTES;

/// How large the body of a bulk operation may be, in bytes.
const MAX_BULK_BYTES: usize = 4 * 1024 * 1024;

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

/// The media types of lines of JSON.
const LINE_TYPES: &str = "application/x-ndjson, application/ndjson, application/jsonl";

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

/// The body of a bulk operation.
pub(crate) struct Bulk {
    /// The body as the client wrote it.
    pub bytes: Bytes,
    pub value: Value,
}

/// Reads the document of a POST.
pub(crate) async fn read_document<B: http_body::Body>(request: Request<B>) -> Result<Body, Error> {
    if !has_type_of(request.headers(), DOCUMENT_TYPES) {
        return Err(Error::unsupported_media_type(DOCUMENT_TYPES, false));
    }
    let bytes = read_bytes(request, MAX_BODY_BYTES).await?;
    match parse(&bytes)? {
        Value::Object(document) => Ok(Body { bytes, document }),
        _ => Err(Error::invalid_document(&[Fault::new("", "must be an object")])),
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
    let bytes = read_bytes(request, MAX_BODY_BYTES).await?;
    Ok((patch_type, parse(&bytes)?))
}

/// Reads the body of a PATCH on the collection.
pub(crate) async fn read_bulk<B: http_body::Body>(request: Request<B>) -> Result<Bulk, Error> {
    if !has_type_of(request.headers(), BULK_TYPES) {
        return Err(Error::unsupported_media_type(BULK_TYPES, true));
    }
    let bytes = read_bytes(request, MAX_BULK_BYTES).await?;
    Ok(Bulk { value: parse(&bytes)?, bytes })
}

/// Reads lines of JSON, as many bytes as a bulk operation may have.
pub(crate) async fn read_lines<B: http_body::Body>(request: Request<B>) -> Result<Bytes, Error> {
    if !has_type_of(request.headers(), LINE_TYPES) {
        return Err(Error::unsupported_media_type(LINE_TYPES, false));
    }
    read_bytes(request, MAX_BULK_BYTES).await
}

fn parse(bytes: &[u8]) -> Result<Value, Error> {
    json::parse(bytes).map_err(Error::unreadable_body)
}

/// Whether the body's media type is in the comma-separated list `allowed`.
fn has_type_of(headers: &HeaderMap, allowed: &str) -> bool {
    let media_type = content_type(headers).next().unwrap_or_default();
    allowed.split(", ").any(|allowed| allowed.eq_ignore_ascii_case(media_type))
}

/// The media type of the body, and its parameters.
fn content_type(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').map(str::trim)
}

/// Whether the body says that it is in another charset than UTF-8, in which JSON always is (RFC 8259).
fn has_other_charset(headers: &HeaderMap) -> bool {
    let mut parameters = content_type(headers).skip(1).filter_map(|part| part.split_once('='));
    parameters.any(|(name, value)| {
        let charset = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("charset")
            && !["utf-8", "utf8"].iter().any(|utf_8| charset.eq_ignore_ascii_case(utf_8))
    })
}

/// Whether the body is compressed or otherwise not sent as it is (RFC 9110, section 8.4).
fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| match value.to_str() {
        Ok(codings) => codings
            .split(',')
            .map(str::trim)
            .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")),
        Err(_) => true,
    })
}

/// The bytes of a body that is text.
async fn read_bytes<B: http_body::Body>(request: Request<B>, limit: usize) -> Result<Bytes, Error> {
    if is_encoded(request.headers()) {
        return Err(Error::unsupported_coding());
    }
    let has_other_charset = has_other_charset(request.headers());
    let body = request.into_body();
    if body.size_hint().lower() > limit as u64 {
        return Err(Error::body_too_large(limit));
    }
    // The boxed error of `Limited` asks for an error that is `Send`; a host's need not be.
    let body = body.map_err(|_| BrokenOff);
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Error::body_too_large(limit)),
        Err(error) => return Err(Error::body_malformed(error)),
    };
    // Letters of ASCII are the same in nearly every charset; a zero is half of one of UTF-16.
    if has_other_charset && bytes.iter().any(|byte| !matches!(byte, 1..=0x7f)) {
        return Err(Error::unsupported_charset());
    }
    Ok(bytes)
}

#[derive(Debug)]
struct BrokenOff;

impl std::error::Error for BrokenOff {}

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("The body ended before it was complete.")
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use pollster::block_on;

    use super::*;
    use crate::Version;

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

    /// Requests with the header and the body: a POST, a merge patch, a patch of operations and one of
    /// the collection.
    fn answers(name: &str, value: &[u8], body: &[u8]) -> [Option<http::Response<Bytes>>; 4] {
        let request = |media_type: &str| {
            let value = match name {
                "content-type" => [media_type.as_bytes(), value].concat(),
                _ => value.to_vec(),
            };
            let mut request = Request::new(Full::new(Bytes::copy_from_slice(body)));
            request.headers_mut().insert(CONTENT_TYPE, media_type.parse().unwrap());
            let name = http::HeaderName::try_from(name).unwrap();
            request.headers_mut().insert(name, value.as_slice().try_into().unwrap());
            request
        };
        let json = "application/json";
        [
            block_on(read_document(request(json))).err(),
            block_on(read_patch(request(json))).err(),
            block_on(read_patch(request("application/json-patch+json"))).err(),
            block_on(read_bulk(request("application/json-patch+json"))).err(),
        ]
        .map(|error| error.map(|error| error.into_response(Version::V5)))
    }

    #[test]
    fn what_is_compressed_is_not_taken() {
        for coding in ["gzip", "br", "identity, deflate", "GZIP"] {
            for answer in answers("content-encoding", coding.as_bytes(), b"\x1f\x8b") {
                let answer = answer.unwrap();
                assert_eq!(
                    (answer.status(), coding),
                    (http::StatusCode::UNSUPPORTED_MEDIA_TYPE, coding)
                );
                assert_eq!(answer.headers()["accept-encoding"], "identity");
            }
        }
        for coding in ["identity", "Identity", ""] {
            let answers = answers("content-encoding", coding.as_bytes(), b"{}");
            assert!(answers.iter().all(Option::is_none), "{coding}");
        }
    }

    #[test]
    fn text_is_in_utf_8() {
        let latin_1 = b"{\"a\":\"Z\xfcrich\"}";
        for charset in ["iso-8859-1", "\"windows-1252\"", "us-ascii", "utf-16"] {
            let parameter = format!("; Charset={charset}");
            for answer in answers("content-type", parameter.as_bytes(), latin_1) {
                assert_eq!(answer.map(|answer| answer.status().as_u16()), Some(415), "{charset}");
            }
            let answers = answers("content-type", parameter.as_bytes(), b"{\"a\":\"Bern\"}");
            assert!(answers.iter().all(Option::is_none), "{charset}");
        }
        for charset in ["utf-8", "UTF-8", "\"utf-8\"", "utf8"] {
            let parameter = format!(";charset={charset}");
            let answers = answers("content-type", parameter.as_bytes(), "{\"a\":\"é\"}".as_bytes());
            assert!(answers.iter().all(Option::is_none), "{charset}");
        }
        for answer in answers("content-type", b";charset=utf-16le", b"{\0}\0") {
            assert_eq!(answer.map(|answer| answer.status().as_u16()), Some(415));
        }
    }
}
