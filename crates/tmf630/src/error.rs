//! Every error that a client can see, and how it is answered.

mod access;
mod store;

use std::fmt::Display;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use schemas::json::Unreadable;
use schemas::{Fault, Version};
use serde_json::json;

/// How many faults of a document are listed; a document can have any number.
const MAX_FAULTS: usize = 50;

/// An error as it is answered: an HTTP status, a code of TMF630's table, a reason and a message that
/// the client reads, and a cause that only the log sees.
#[derive(Debug)]
pub struct Error(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    reason: String,
    message: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// Codes that TM Forum's implementations share (TMF630, error codes), and one of our own.
mod code {
    pub const INTERNAL: &str = "1";
    pub const UNPROCESSABLE: &str = "2";
    /// Ours: a program must not take it for a failure after which nothing was changed.
    pub const OUTCOME_UNKNOWN: &str = "3";
    /// Ours, and never answered.
    pub const UNANNOUNCED: &str = "4";
    pub const MISSING_BODY: &str = "21";
    pub const INVALID_BODY: &str = "22";
    pub const MISSING_BODY_FIELD: &str = "23";
    pub const INVALID_BODY_FIELD: &str = "24";
    pub const INVALID_HEADER_VALUE: &str = "26";
    pub const INVALID_QUERY_VALUE: &str = "28";
    pub const MISSING_CREDENTIALS: &str = "40";
    pub const INVALID_CREDENTIALS: &str = "41";
    pub const EXPIRED_CREDENTIALS: &str = "42";
    pub const ACCESS_DENIED: &str = "50";
    pub const FORBIDDEN_REQUESTER: &str = "51";
    pub const FORBIDDEN_USER: &str = "52";
    pub const NOT_FOUND: &str = "60";
    pub const METHOD_NOT_ALLOWED: &str = "61";
}

impl Error {
    fn new(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self(Box::new(Parts { status, code, reason, message: None, header: None, cause: None }))
    }

    fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    fn header(mut self, name: HeaderName, value: Option<HeaderValue>) -> Self {
        self.0.header = value.map(|value| (name, value));
        self
    }

    fn caused_by(mut self, cause: impl Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The path leads to nothing that this API serves.
    pub(crate) fn no_such_path(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "There is nothing at this path")
            .message(format!("The path {path} leads to no resource."))
    }

    /// No resource has the id.
    pub(crate) fn no_such_resource(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "There is no resource with this id")
            .message(format!("No resource has the id {id}."))
    }

    /// The tenant has no data.
    pub(crate) fn no_data(tenant: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "There is no data of this tenant")
            .message(format!("Nothing was ever stored for the tenant {tenant}."))
    }

    /// What an export reads is not held any longer.
    pub(crate) fn export_ended(id: impl Display) -> Self {
        Self::new(StatusCode::GONE, code::NOT_FOUND, "There is no such export any more").message(
            format!("The export {id} has ended, or was not asked for lately. Begin another."),
        )
    }

    /// Lines before those of the request were not imported.
    pub(crate) fn lines_are_missing(next: u64) -> Self {
        Self::conflict("Lines are missing", format!("The line that is to follow is number {next}."))
    }

    /// There are too many lines in the body.
    pub(crate) fn too_many_lines(limit: u64) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code::INVALID_BODY, "The body has too many lines")
            .message(format!("A body may have up to {limit} lines."))
    }

    /// The client takes nothing that this API can answer with.
    pub(crate) fn not_acceptable(offered: &[&str]) -> Self {
        let reason = match offered {
            ["application/json"] => "The API answers with JSON only",
            _ => "There is no such representation",
        };
        Self::new(StatusCode::NOT_ACCEPTABLE, code::INVALID_HEADER_VALUE, reason)
            .message(format!("Accept must allow {}.", offered.join(" or ")))
    }

    /// The address of the request is too long; `limit` is in bytes.
    pub(crate) fn uri_too_long(limit: usize) -> Self {
        let reason = "The address of the request is too long";
        Self::new(StatusCode::URI_TOO_LONG, code::INVALID_QUERY_VALUE, reason)
            .message(format!("It may have up to {limit} bytes."))
    }

    /// A header has a value that cannot be used.
    pub(crate) fn invalid_header(name: &str, expectation: &str) -> Self {
        let reason = format!("The header {name} is not valid");
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_HEADER_VALUE, reason)
            .message(format!("{name} {expectation}."))
    }

    /// The request was meant for another state of its target; `state` says which.
    pub(crate) fn precondition_failed(state: &str) -> Self {
        let reason = format!("What is addressed is {state}");
        Self::new(StatusCode::PRECONDITION_FAILED, code::INVALID_HEADER_VALUE, reason)
            .message("Nothing was changed. Read it and try again.")
    }

    /// The idempotency key belongs to another request.
    pub(crate) fn key_reused() -> Self {
        let reason = "The Idempotency-Key was used for another document";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code::UNPROCESSABLE, reason)
            .message("Nothing was created. Send the same document again, or another key.")
    }

    /// The page lies behind the end of the list.
    pub(crate) fn no_such_page(total: u64) -> Self {
        let reason = "The list ends before this page";
        let error = Self::new(StatusCode::RANGE_NOT_SATISFIABLE, code::INVALID_QUERY_VALUE, reason)
            .message(format!("There are {total} resources; offset must be less."));
        error.header(CONTENT_RANGE, HeaderValue::try_from(format!("items */{total}")).ok())
    }

    /// The change does not go with what there is.
    pub fn conflict(reason: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code::INVALID_BODY_FIELD, reason).message(message)
    }

    /// The same error about a part of the body, which is at `place`.
    pub(crate) fn within(mut self, place: &str) -> Self {
        if place.is_empty() {
            return self;
        }
        let message = self.0.message.take().unwrap_or_default();
        self.0.message = Some(format!("In {place}: {message}"));
        self
    }

    /// The method cannot be applied to the path; `allow` lists those that can.
    pub(crate) fn method_not_allowed(method: &Method, allow: &str) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, code::METHOD_NOT_ALLOWED, format!("{method} is not possible here"))
            .message(format!("Possible methods: {allow}."))
            .header(ALLOW, HeaderValue::try_from(allow).ok())
    }

    /// The body comes in a media type that the operation does not take.
    pub(crate) fn unsupported_media_type(allowed: &'static str, patch: bool) -> Self {
        let reason = "The media type of the body is not supported";
        let error =
            Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::INVALID_HEADER_VALUE, reason)
                .message(format!("Content-Type must be one of: {allowed}."));
        let accept_patch = patch.then(|| HeaderValue::from_static(allowed));
        error.header(HeaderName::from_static("accept-patch"), accept_patch)
    }

    /// The body is compressed, or otherwise not sent as it is.
    pub(crate) fn unsupported_coding() -> Self {
        let reason = "The coding of the body is not supported";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::INVALID_HEADER_VALUE, reason)
            .message("The body must be sent as it is, without Content-Encoding.")
            .header(ACCEPT_ENCODING, Some(HeaderValue::from_static("identity")))
    }

    /// The body is in another charset than UTF-8.
    pub(crate) fn unsupported_charset() -> Self {
        let reason = "The charset of the body is not supported";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::INVALID_HEADER_VALUE, reason)
            .message("The charset of Content-Type must be utf-8 unless the body is plain ASCII.")
    }

    /// The body is larger than `limit` bytes.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code::INVALID_BODY, "The body is too large")
            .message(format!("A body may have up to {limit} bytes."))
    }

    /// There is no body where one is needed.
    pub(crate) fn body_missing() -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::MISSING_BODY, "The body is missing")
            .message("The body must be a JSON object.")
    }

    /// The body is not what it claims to be; `fault` says what and where.
    pub(crate) fn body_malformed(fault: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_BODY, "The body is not readable as JSON")
            .message(fault.to_string())
    }

    /// The body is no document.
    pub(crate) fn unreadable_body(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Missing => Self::body_missing(),
            Unreadable::Malformed(fault) => Self::body_malformed(fault),
            Unreadable::Fault(fault) => Self::invalid_document(&[fault]),
        }
    }

    /// The document that the body describes has faults.
    pub fn invalid_document(faults: &[Fault]) -> Self {
        let (code, reason) = match faults {
            [fault] if fault.pointer.is_empty() => {
                (code::INVALID_BODY, "The body is not valid".to_owned())
            }
            [fault] if fault.missing => {
                (code::MISSING_BODY_FIELD, format!("{} is missing", fault.pointer))
            }
            [fault] => (code::INVALID_BODY_FIELD, format!("{} is not valid", fault.pointer)),
            faults if faults.iter().all(|fault| fault.missing) => {
                (code::MISSING_BODY_FIELD, format!("{} attributes are missing", faults.len()))
            }
            faults => {
                (code::INVALID_BODY_FIELD, format!("{} attributes are not valid", faults.len()))
            }
        };
        let mut lines: Vec<_> = faults.iter().take(MAX_FAULTS).map(ToString::to_string).collect();
        if faults.len() > MAX_FAULTS {
            lines.push(format!("and {} more", faults.len() - MAX_FAULTS));
        }
        Self::new(StatusCode::BAD_REQUEST, code, reason).message(lines.join("; "))
    }

    /// A resource with the id that the client chose exists.
    pub fn id_taken(id: &str) -> Self {
        let reason = "A resource with this id exists";
        Self::new(StatusCode::CONFLICT, code::INVALID_BODY_FIELD, reason)
            .message(format!("/id {id} is taken; leave the id out to have one made."))
    }

    /// The value of a query parameter cannot be used.
    pub(crate) fn invalid_parameter(name: &str, expectation: &str) -> Self {
        let reason = format!("The query parameter {name} is not valid");
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_QUERY_VALUE, reason)
            .message(format!("{name} {expectation}."))
    }

    /// A part of the request takes more steps than a request may.
    pub(crate) fn too_costly(part: &str) -> Self {
        let reason = "The request costs too much";
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_QUERY_VALUE, reason).message(format!(
            "{part} takes too many steps. Make it simpler, or ask for less at once."
        ))
    }

    /// More has to be read than a request may.
    pub(crate) fn too_much_to_read(indexed: &[&str]) -> Self {
        let reason = "The request reads too much";
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_QUERY_VALUE, reason).message(format!(
            "Too many resources would have to be looked at. Narrow the list by a condition on \
             what is indexed: id, {}.",
            indexed.join(", ")
        ))
    }

    /// TMF630 knows the query parameter, and this API does not support it. Ignoring it would answer
    /// another question than the one that was asked.
    pub(crate) fn unsupported_parameter(name: &str, supported: &str) -> Self {
        let reason = format!("The query parameter {name} is not supported here");
        Self::new(StatusCode::NOT_IMPLEMENTED, code::INVALID_QUERY_VALUE, reason)
            .message(format!("Supported parameters: {supported}."))
    }

    /// The operation has no such query parameter.
    pub(crate) fn unknown_parameter(name: &str, known: &str) -> Self {
        let reason = format!("There is no query parameter {name} here");
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_QUERY_VALUE, reason)
            .message(format!("Known parameters: {known}."))
    }

    /// Something failed that the client cannot mend. The cause is for the log.
    pub fn internal(cause: impl Display) -> Self {
        let reason = "The server failed to handle the request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, reason).caused_by(cause)
    }

    /// A change begins a job in a tenant that is not known to have any: it has to be made again.
    pub(crate) fn unannounced() -> Self {
        let mut error = Self::internal("a job begins that was not announced");
        error.0.code = code::UNANNOUNCED;
        error
    }

    /// Whether the change has to be made again, when it is known that there are jobs.
    pub(crate) fn is_unannounced(&self) -> bool {
        self.0.code == code::UNANNOUNCED
    }

    /// Whether it is about what was asked for, and not about the store or the server.
    pub fn is_of_client(&self) -> bool {
        self.0.status.is_client_error()
    }

    /// What the log should know, if anything.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// What the log is told where nobody is answered.
    pub(crate) fn told(&self) -> String {
        let Parts { reason, message, cause, .. } = &*self.0;
        let parts = [Some(reason), message.as_ref(), cause.as_ref()];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// Whether a change may have been made.
    pub(crate) fn is_outcome_unknown(&self) -> bool {
        self.0.code == code::OUTCOME_UNKNOWN
    }

    /// The error as a response with the Error type of the version.
    pub fn into_response(self, version: Version) -> Response<Bytes> {
        let Parts { mut status, code, reason, message, header, .. } = *self.0;
        if version == Version::V4 && status == StatusCode::NOT_IMPLEMENTED {
            // v4 does not have it.
            status = StatusCode::BAD_REQUEST;
        }
        let mut body = json!({ "code": code, "reason": reason, "status": status.as_str() });
        if version == Version::V5 {
            body["@type"] = "Error".into();
        }
        if let Some(message) = message {
            body["message"] = message.into();
        }
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(version.media_type()));
        headers.extend(header);
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn body(error: Error) -> Value {
        serde_json::from_slice(error.into_response(Version::V5).body()).unwrap()
    }

    #[test]
    fn the_cause_stays_in_the_log() {
        let error = Error::internal("disk on fire");
        assert_eq!(error.cause(), Some("disk on fire"));
        assert_eq!(
            body(error),
            json!({
                "@type": "Error",
                "code": "1",
                "status": "500",
                "reason": "The server failed to handle the request",
            })
        );
    }

    /// No code tells this reason from others, so the console knows it by its words
    /// (`Failure::reads_too_much`).
    #[test]
    fn what_reads_too_much_is_known_by_its_reason() {
        let error = body(Error::too_much_to_read(&["name"]));
        assert_eq!(error["reason"], "The request reads too much");
    }

    #[test]
    fn a_long_list_of_faults_is_cut() {
        let faults: Vec<_> = (0..120).map(|n| Fault::new(format!("/{n}"), "is wrong")).collect();
        let body = body(Error::invalid_document(&faults));
        assert_eq!(body["reason"], "120 attributes are not valid");
        assert!(body["message"].as_str().unwrap().ends_with("; /49 is wrong; and 70 more"));
    }
}
