//! What a request can come to instead of what was asked for.

use serde_json::Value;

/// Why there is no answer to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server was not reached.
    Network,
    /// What came is no answer of the API.
    Unreadable,
    /// A part of the console itself is not to be had: another version of it may be served by now.
    Code,
    /// The server refused.
    Refused(Refusal),
}

/// An error as the API describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The status of HTTP.
    pub status: u16,
    pub code: String,
    pub reason: String,
    /// What would be right.
    pub message: String,
    /// The id of the request, which the log has too.
    pub request: String,
}

/// Something that is wrong at a place of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A JSON Pointer; empty: the whole document.
    pub pointer: String,
    /// What would be right.
    pub message: String,
}

/// The status of a request whose idempotency key was used with another body.
const KEY_OF_ANOTHER: u16 = 422;

/// The reason that the server gives for [`Failure::reads_too_much`]: no code of it says so.
const TOO_MUCH: &str = "The request reads too much";

impl Failure {
    /// What an answer with an error says.
    pub fn refused(status: u16, body: &Value, request: String) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().into();
        let (code, reason, message) = (text("code"), text("reason"), text("message"));
        Self::Refused(Refusal { status, code, reason, message, request })
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Network | Self::Unreadable | Self::Code => None,
        }
    }

    /// Whether nothing came of what was sent with an idempotency key: the next try is another request,
    /// with another key. Without an answer, or with one of a server that is in trouble, it may have been
    /// done all the same. A key that was sent with something else before (422) stays: that was done,
    /// though no answer came.
    pub fn is_final(&self) -> bool {
        matches!(self.status(), Some(400..=499)) && self.status() != Some(KEY_OF_ANOTHER)
    }

    /// Whether the server would have to look at more resources than it does for one request.
    pub fn reads_too_much(&self) -> bool {
        matches!(self, Self::Refused(it) if it.status == 400 && it.reason == TOO_MUCH)
    }

    /// The key of the text that tells a reader what to do.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Network => "error.network",
            Self::Code => "error.code",
            Self::Unreadable => "error.unreadable",
            Self::Refused(refusal) => match refusal.status {
                401 => "error.unauthorized",
                403 => "error.forbidden",
                404 => "error.notFound",
                412 => "error.conflict",
                KEY_OF_ANOTHER => "error.sentBefore",
                429 | 502..=504 => "error.busy",
                500.. => "error.server",
                _ => "error.refused",
            },
        }
    }

    /// The faults of the document that was sent, each at its place.
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Refused(refusal) if refusal.status == 400 => faults(&refusal.message),
            _ => Vec::new(),
        }
    }
}

/// The faults in the message of an error, whose separator and pointers the API promises.
fn faults(message: &str) -> Vec<Fault> {
    message.split("; ").filter_map(fault).collect()
}

fn fault(text: &str) -> Option<Fault> {
    let (pointer, message) = match text.strip_prefix("the document ") {
        Some(message) => ("", message),
        None => text.split_once(' ').filter(|(pointer, _)| pointer.starts_with('/'))?,
    };
    Some(Fault { pointer: pointer.to_owned(), message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_fault_has_its_place() {
        let body = json!({"message": "/name must be a text; the document must have relatedParty"});
        let found = Failure::refused(400, &body, String::new()).faults();
        let places: Vec<_> = found.iter().map(|it| (&*it.pointer, &*it.message)).collect();
        assert_eq!(places, [("/name", "must be a text"), ("", "must have relatedParty")]);
    }

    #[test]
    fn only_what_the_server_refused_was_certainly_not_done() {
        let of = |status| Failure::refused(status, &Value::Null, String::new());
        assert!([400, 409, 499].into_iter().map(of).all(|failure| failure.is_final()));
        let others = [422, 500, 503].into_iter().map(of);
        let mut others = others.chain([Failure::Network, Failure::Unreadable]);
        assert!(!others.any(|failure| failure.is_final()));
    }

    #[test]
    fn who_sends_a_used_key_is_told_what_became_of_it() {
        let failure = Failure::refused(422, &Value::Null, String::new());
        assert_eq!(failure.advice(), "error.sentBefore");
    }

    #[test]
    fn other_errors_have_no_places() {
        assert_eq!(Failure::Network.faults(), []);
        let body = json!({"code": "28", "message": "limit must be a number"});
        assert_eq!(Failure::refused(400, &body, String::new()).faults(), []);
    }
}
