//! Conditional requests (RFC 9110, section 13).

use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::Error;

/// Refuses a change that was meant for another state of the resource than its present one, whose tag
/// is `current`.
pub(crate) fn expect_match(headers: &HeaderMap, current: &str) -> Result<(), Error> {
    let mut tags = tags(headers, IF_MATCH).peekable();
    // A weak tag does not say that the resource is the same to the byte.
    match tags.peek().is_none() || tags.any(|tag| tag == "*" || tag == current) {
        true => Ok(()),
        false => Err(Error::changed_meanwhile()),
    }
}

/// The answer to a client that has the resource already, if it has.
pub(crate) fn not_modified(
    headers: &HeaderMap,
    current: &str,
) -> Option<Result<Response<bytes::Bytes>, Error>> {
    let has = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current;
    tags(headers, IF_NONE_MATCH).any(has).then(|| {
        let mut response = Response::new(bytes::Bytes::new());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let tag = HeaderValue::try_from(current).map_err(Error::internal)?;
        response.headers_mut().insert(ETAG, tag);
        Ok(response)
    })
}

/// The entity tags in the header; those that this server makes have no comma.
fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"5-0df7\"";

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.replace("TAG", TAG).parse().unwrap())])
    }

    #[test]
    fn a_change_can_be_bound_to_a_state() {
        for (value, expected) in [
            ("*", true),
            ("TAG", true),
            ("\"x\", TAG", true),
            ("W/TAG", false),
            ("\"x\"", false),
            ("TAGx", false),
        ] {
            let headers = headers(IF_MATCH, value);
            assert_eq!(expect_match(&headers, TAG).is_ok(), expected, "{value}");
        }
        assert!(expect_match(&HeaderMap::new(), TAG).is_ok());
    }

    #[test]
    fn a_read_can_be_spared() {
        for (value, expected) in
            [("*", true), ("TAG", true), ("W/TAG", true), ("\"x\",TAG", true), ("\"x\"", false)]
        {
            let answer = not_modified(&headers(IF_NONE_MATCH, value), TAG);
            assert_eq!(answer.is_some(), expected, "{value}");
        }
        assert!(not_modified(&HeaderMap::new(), TAG).is_none());
        let response = not_modified(&headers(IF_NONE_MATCH, "*"), TAG).unwrap().unwrap();
        assert_eq!(response.status(), 304);
        assert_eq!(response.headers()[ETAG], TAG);
    }
}
