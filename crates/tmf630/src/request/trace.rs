//! Which trace a request belongs to (W3C Trace Context), so that what it causes can be found together
//! with what has caused it.
//!
//! The recommendation wants headers that are not valid ignored, and never refused.

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// How long a `traceparent` of version 00 is. Those of later versions begin so.
const PARENT_BYTES: usize = 55;

/// How long a `tracestate` is kept, in bytes: a longer one is dropped.
const MAX_STATE_BYTES: usize = 512;

/// How many members a `tracestate` has at most.
const MAX_MEMBERS: usize = 32;

/// How long its key and its value are at most.
const MAX_PART_BYTES: usize = 256;

/// The flags that are passed on: sampled, and that the id of the trace is random.
const FLAGS: u8 = 0b11;

/// The trace of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// The id: 32 hexadecimal digits, not all 0.
    id: String,
    flags: u8,
    /// What systems on the way say of it, for themselves: empty where none does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    state: String,
}

impl Trace {
    /// That of the request with the headers, if they say it once and as it should be.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
        let (id, flags) = read_parent(parent.to_str().ok()?)?;
        let state = state_of(headers).unwrap_or_default();
        Some(Self { id: id.to_owned(), flags, state })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The headers of a request that is a part of it, with a random number of its own.
    pub fn headers(&self, span: u64) -> Vec<(&'static str, String)> {
        // A number of nothing but zeros is not valid.
        let parent = format!("00-{}-{:016x}-{:02x}", self.id, span.max(1), self.flags);
        let mut headers = vec![("traceparent", parent)];
        if !self.state.is_empty() {
            headers.push(("tracestate", self.state.clone()));
        }
        headers
    }
}

/// The id of the trace, and those of its flags that are passed on.
fn read_parent(parent: &str) -> Option<(&str, u8)> {
    let (known, later) = parent.split_at_checked(PARENT_BYTES)?;
    let mut parts = known.split('-');
    let mut next = |len: usize| parts.next().filter(|part| part.len() == len && is_hex(part));
    let (version, id, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
    let is_set = |part: &str| part.bytes().any(|digit| digit != b'0');
    let is_whole = match version {
        "00" => later.is_empty(),
        // What a later version adds comes behind a dash.
        _ => version != "ff" && (later.is_empty() || later.starts_with('-')),
    };
    let is_valid = is_whole && is_set(id) && is_set(span);
    let flags = u8::from_str_radix(flags, 16).ok()?;
    is_valid.then_some((id, flags & FLAGS))
}

/// Whether a text has nothing but hexadecimal digits, in small letters.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The members of all headers `tracestate`, in their order; nothing if there are none, or if they are not
/// valid or too long.
fn state_of(headers: &HeaderMap) -> Option<String> {
    let mut state = String::new();
    let mut keys = Vec::new();
    for header in headers.get_all(TRACESTATE) {
        for member in header.to_str().ok()?.split(',') {
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            let (key, value) = member.split_once('=')?;
            if !is_key(key) || !is_value(value) || keys.contains(&key) {
                return None;
            }
            keys.push(key);
            if !state.is_empty() {
                state.push(',');
            }
            state.push_str(member);
            if keys.len() > MAX_MEMBERS || state.len() > MAX_STATE_BYTES {
                return None;
            }
        }
    }
    Some(state)
}

/// Whether a text can be the key of a member: a name, or a tenant and a system with an at sign between.
fn is_key(key: &str) -> bool {
    let is_of_key =
        |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= MAX_PART_BYTES
        && key.as_bytes().first().is_some_and(is_first)
        && key.bytes().all(|byte| is_of_key(&byte))
        && key.matches('@').count() <= 1
}

/// Whether a text can be the value of a member: visible characters and blanks, of which the last is
/// none.
fn is_value(value: &str) -> bool {
    let is_of_value = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    (1..=MAX_PART_BYTES).contains(&value.len())
        && value.bytes().all(is_of_value)
        && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn trace(parents: &[&str], states: &[&str]) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        for (name, values) in [(TRACEPARENT, parents), (TRACESTATE, states)] {
            for value in values {
                headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
        }
        Trace::of(&headers)
    }

    fn state(states: &[&str]) -> String {
        trace(&[PARENT], states).unwrap().state
    }

    #[test]
    fn what_is_a_part_of_a_trace_has_its_id_its_flags_and_a_number_of_its_own() {
        let trace = trace(&[PARENT], &["vendor=1"]).unwrap();
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-01".to_owned();
        let headers = [("traceparent", parent), ("tracestate", "vendor=1".to_owned())];
        assert_eq!(trace.headers(0xab), headers);
        assert!(trace.headers(0)[0].1.contains("-0000000000000001-"), "0 is no number");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known_and_passed_on_as_that() {
        let later = PARENT.replacen("00", "cc", 1);
        for parent in [later.clone(), format!("{later}-what-comes-then")] {
            let headers = trace(&[&parent], &[]).unwrap().headers(1);
            assert!(headers[0].1.starts_with("00-4bf9"), "{headers:?}");
            assert_eq!(headers.len(), 1);
        }
        let flags = |flags: &str| trace(&[&PARENT.replace("-01", flags)], &[]).unwrap().flags;
        assert_eq!([flags("-00"), flags("-02"), flags("-ff")], [0, 2, 3]);
    }

    #[test]
    fn what_is_no_parent_is_ignored() {
        let long = format!("{PARENT}-00");
        for parent in [
            "",
            "00",
            &PARENT[..54],
            &PARENT.to_uppercase(),
            &PARENT.replacen("00", "ff", 1),
            &PARENT.replacen("00", "0g", 1),
            &PARENT.replace('-', "_"),
            &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &PARENT.replace("4bf92f35", "-4bf92f3"),
            &long,
            &PARENT.replacen("00", "cc", 1).replace("-01", "-011"),
            "00-äöü92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace(&[parent], &["vendor=1"]), None, "{parent}");
        }
        assert_eq!(trace(&[PARENT, PARENT], &[]), None, "which of the two is not said");
        assert_eq!(trace(&[], &["vendor=1"]), None);
    }

    #[test]
    fn the_members_of_a_state_are_kept_in_their_order() {
        assert_eq!(state(&[]), "");
        assert_eq!(state(&["b=1, ,\ta=2 3 ", "0t@sys-_*/=x"]), "b=1,a=2 3,0t@sys-_*/=x");
    }

    #[test]
    fn a_state_that_is_not_valid_or_too_long_is_dropped_and_the_trace_is_not() {
        let longest = format!("a={},b={}", "1".repeat(253), "1".repeat(254));
        assert_eq!(state(&[&longest]).len(), MAX_STATE_BYTES);
        assert_eq!(state(&[&format!("{longest}1")]), "");
        let members: Vec<_> = (0..=MAX_MEMBERS).map(|number| format!("m{number}=1")).collect();
        assert_ne!(state(&[&members[..MAX_MEMBERS].join(",")]), "");
        assert_eq!(state(&[&members.join(",")]), "");
        for wrong in ["a", "=1", "a=", "A=1", "-=1", "a=1=2", "a=1,a=2", "a@b@c=1", "a=é"] {
            assert_eq!(state(&[wrong]), "", "{wrong}");
        }
    }
}
