//! What a request can come to instead of what was asked for.

use serde_json::Value;

/// Why there is no answer to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server was not reached.
    Network,
    /// What came is no answer of the API.
    Unreadable,
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
            Self::Network | Self::Unreadable => None,
        }
    }

    /// Whether nothing came of the request: what is sent next is another one. Without an answer, or
    /// with one of a server that is in trouble, it may have been done all the same.
    pub fn is_final(&self) -> bool {
        matches!(self.status(), Some(400..=499))
    }

    /// The key of the text that tells a reader what to do.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Network => "error.network",
            Self::Unreadable => "error.unreadable",
            Self::Refused(refusal) => match refusal.status {
                401 => "error.unauthorized",
                403 => "error.forbidden",
                404 => "error.notFound",
                412 => "error.conflict",
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
        assert!([400, 422, 499].into_iter().map(of).all(|failure| failure.is_final()));
        let others = [500, 503].into_iter().map(of);
        let mut others = others.chain([Failure::Network, Failure::Unreadable]);
        assert!(!others.any(|failure| failure.is_final()));
    }

    #[test]
    fn other_errors_have_no_places() {
        assert_eq!(Failure::Network.faults(), []);
        let body = json!({"code": "28", "message": "limit must be a number"});
        assert_eq!(Failure::refused(400, &body, String::new()).faults(), []);
    }
}
