//! Conditional requests (RFC 9110, section 13), for every operation alike.
//!
//! A condition that cannot be read refuses the request: to leave it out would make a change that its
//! client did not want. `If-Modified-Since` and `If-Unmodified-Since` are not looked at, since no
//! answer has a `Last-Modified` that they could refer to (sections 13.1.3 and 13.1.4).

use bytes::Bytes;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::Error;

/// Under which conditions a request is meant.
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    /// Whether the request reads only.
    is_read: bool,
}

/// What comes of conditions that allow the request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is carried out.
    Proceed,
    /// What it would read, its client has.
    NotModified,
}

/// What a condition names.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    /// Whatever there is: `*`.
    Any,
    /// Entity tags, with their quotes, and `W/` in front of weak ones.
    These(Vec<String>),
}

impl Conditions {
    /// The conditions of the request; the error says which cannot be read.
    pub fn of<B>(request: &Request<B>) -> Result<Self, Error> {
        Ok(Self {
            if_match: Tags::of(request.headers(), IF_MATCH)?,
            if_none_match: Tags::of(request.headers(), IF_NONE_MATCH)?,
            is_read: matches!(*request.method(), Method::GET | Method::HEAD),
        })
    }

    /// Checks the conditions, in the order of section 13.2.2, for a target that exists and has the
    /// strong entity tag `current`, if it has one. The error says which does not hold.
    ///
    /// What the server shows beside what is stored, such as a balance, clients do not change: for a change,
    /// the part of tags that is about it makes no difference.
    pub fn check(&self, current: Option<&str>) -> Result<Outcome, Error> {
        let compared = |tag: &str| match (self.is_read, tag.split_once('.')) {
            (false, Some((stored, _))) => format!("{stored}\""),
            _ => tag.to_owned(),
        };
        // A weak tag does not say that the resource is the same to the byte.
        let is_current = |tag: &str| current.is_some_and(|it| compared(tag) == compared(it));
        if self.if_match.as_ref().is_some_and(|tags| !tags.has(is_current)) {
            return Err(Error::precondition_failed("not in the state that If-Match names"));
        }
        let is_same = |tag: &str| is_current(tag.strip_prefix("W/").unwrap_or(tag));
        match &self.if_none_match {
            Some(tags) if tags.has(is_same) && self.is_read => Ok(Outcome::NotModified),
            Some(tags) if tags.has(is_same) => {
                Err(Error::precondition_failed("in the state that If-None-Match excludes"))
            }
            _ => Ok(Outcome::Proceed),
        }
    }
}

/// The answer to a client that has what it asks for, which has the entity tag `current`, if any.
pub(crate) fn not_modified(current: Option<HeaderValue>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().extend(current.map(|tag| (ETAG, tag)));
    response
}

impl Tags {
    /// What the header names, whose lines are one list; `None` where it is absent.
    fn of(headers: &HeaderMap, name: HeaderName) -> Result<Option<Self>, Error> {
        let mut tags = None;
        for value in headers.get_all(&name) {
            let line = value.to_str().ok().and_then(Self::read);
            tags = match (tags, line) {
                (None, Some(line)) => Some(line),
                (Some(Self::These(mut tags)), Some(Self::These(line))) => {
                    tags.extend(line);
                    Some(Self::These(tags))
                }
                _ => return Err(unreadable(&name)),
            };
        }
        Ok(tags)
    }

    /// What one line names: `*` or entity tags, separated by commas.
    fn read(line: &str) -> Option<Self> {
        if line.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = line;
        loop {
            // A list may have empty elements (section 5.6.1).
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return (!tags.is_empty()).then_some(Self::These(tags));
            }
            let opening = if rest.starts_with("W/\"") { 3 } else { 1 };
            let (begin, quoted) = rest.split_at_checked(opening)?;
            let (tag, after) = quoted.split_once('"')?;
            if !begin.ends_with('"') || tag.contains([' ', '\t']) {
                return None;
            }
            tags.push(format!("{begin}{tag}\""));
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }

    fn has(&self, is_wanted: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| is_wanted(tag)),
        }
    }
}

fn unreadable(name: &HeaderName) -> Error {
    let name = if *name == IF_MATCH { "If-Match" } else { "If-None-Match" };
    Error::invalid_header(name, "must be * or entity tags in double quotes, separated by commas")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAG: &str = "\"5-0df7\"";

    fn request(method: Method, conditions: &[(HeaderName, &[u8])]) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        for (name, value) in conditions {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(name, value);
        }
        request
    }

    /// The status of what comes of the conditions; `TAG` stands for the current tag.
    fn status(method: Method, conditions: &[(HeaderName, &str)], current: Option<&str>) -> u16 {
        let conditions: Vec<_> = conditions
            .iter()
            .map(|(name, value)| (name.clone(), value.replace("TAG", TAG)))
            .collect();
        let conditions: Vec<_> =
            conditions.iter().map(|(name, value)| (name.clone(), value.as_bytes())).collect();
        let conditions = Conditions::of(&request(method, &conditions));
        match conditions.and_then(|conditions| conditions.check(current)) {
            Ok(Outcome::Proceed) => 200,
            Ok(Outcome::NotModified) => 304,
            Err(error) => error.into_response(crate::Version::V5).status().as_u16(),
        }
    }

    #[test]
    fn a_request_can_be_bound_to_a_state() {
        for method in [Method::GET, Method::HEAD, Method::PATCH, Method::DELETE] {
            for (value, expected) in [
                ("*", 200),
                ("TAG", 200),
                ("\"x\", TAG", 200),
                ("W/TAG", 412),
                ("\"x\"", 412),
                ("\"5-0df\"", 412),
            ] {
                let conditions = [(IF_MATCH, value)];
                assert_eq!(status(method.clone(), &conditions, Some(TAG)), expected, "{value}");
            }
        }
    }

    #[test]
    fn a_state_can_be_excluded() {
        for (value, excludes) in [
            ("*", true),
            ("TAG", true),
            ("W/TAG", true),
            ("\"x\",TAG", true),
            ("\"a,b\",, TAG ,", true),
            ("\"x\"", false),
            ("\"x,5-0df7\"", false),
        ] {
            for (method, excluded) in [(Method::GET, 304), (Method::HEAD, 304)].into_iter().chain([
                (Method::PATCH, 412),
                (Method::DELETE, 412),
                (Method::POST, 412),
            ]) {
                let expected = if excludes { excluded } else { 200 };
                let conditions = [(IF_NONE_MATCH, value)];
                assert_eq!(status(method, &conditions, Some(TAG)), expected, "{value}");
            }
        }
    }

    #[test]
    fn both_conditions_must_hold_and_if_match_comes_first() {
        let both = |matched, excluded| [(IF_MATCH, matched), (IF_NONE_MATCH, excluded)];
        for (conditions, expected) in [
            (both("TAG", "\"x\""), 200),
            (both("TAG", "TAG"), 304),
            (both("\"x\"", "TAG"), 412),
            (both("\"x\"", "\"x\""), 412),
        ] {
            assert_eq!(status(Method::GET, &conditions, Some(TAG)), expected, "{conditions:?}");
        }
        assert_eq!(status(Method::GET, &[], Some(TAG)), 200);
    }

    /// A list exists, and no tag says in which state it is.
    #[test]
    fn what_has_no_tag_matches_any_but_none() {
        for (name, value, expected) in [
            (IF_MATCH, "*", 200),
            (IF_MATCH, "TAG", 412),
            (IF_NONE_MATCH, "TAG", 200),
            (IF_NONE_MATCH, "*", 412),
        ] {
            assert_eq!(status(Method::POST, &[(name, value)], None), expected, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_read_refuses_the_request() {
        for value in [
            "", " ", ",", "x", "TAGx", "5-0df7", "\"", "\"x", "W/", "W/x", "w/TAG", "TAG TAG",
            "TAG, *", "*, TAG", "**", "\"a b\"", "TAG;x", "TAG, x", "'5-0df7'",
        ] {
            for name in [IF_MATCH, IF_NONE_MATCH] {
                for method in [Method::GET, Method::PATCH, Method::DELETE, Method::POST] {
                    assert_eq!(status(method, &[(name.clone(), value)], Some(TAG)), 400, "{value}");
                }
            }
        }
        for name in [IF_MATCH, IF_NONE_MATCH] {
            let (tag, any): (&[u8], &[u8]) = (TAG.as_bytes(), b"*");
            for lines in [[tag, any], [any, tag], [any, any], [tag, b"\"\xfc\""], [tag, b"x"]] {
                let lines = lines.map(|line| (name.clone(), line));
                assert!(Conditions::of(&request(Method::GET, &lines)).is_err(), "{lines:?}");
            }
            let lines = [(name.clone(), &b"\"x\""[..]), (name.clone(), tag)];
            let conditions = Conditions::of(&request(Method::GET, &lines)).unwrap();
            assert!(
                conditions.if_match.or(conditions.if_none_match).unwrap().has(|tag| tag == TAG)
            );
        }
    }

    proptest! {
        #[test]
        fn tags_are_read_as_they_were_listed(
            tags in prop::collection::vec("(W/)?\"[!#-~]{0,5}\"", 1..5),
            joint in "[ \t]?,[ ,\t]{0,2}",
        ) {
            prop_assert_eq!(Tags::read(&tags.join(&joint)), Some(Tags::These(tags)));
        }

        #[test]
        fn any_value_has_an_answer(value in "[W/\"*, \tx]{0,12}") {
            let _ = Tags::read(&value);
        }
    }

    #[test]
    fn what_is_not_modified_is_named() {
        let response = not_modified(Some(HeaderValue::from_static(TAG)));
        assert_eq!(
            (response.status().as_u16(), &response.headers()[ETAG]),
            (304, &HeaderValue::from_static(TAG))
        );
    }
}
