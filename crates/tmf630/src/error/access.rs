//! What a client is told that may not do what it asks for (RFC 6750).

use std::collections::BTreeSet;
use std::fmt::Display;

use http::HeaderValue;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};

use super::{Error, StatusCode, code};

/// How long it takes until keys are asked for again, in seconds.
const BETWEEN_FETCHES: &str = "60";

/// What every challenge begins with.
const BEARER: &str = r#"Bearer realm="tmf-api""#;

impl Error {
    /// There is no access token.
    pub(crate) fn token_missing() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code::MISSING_CREDENTIALS, "An access token is needed")
            .message("Authorization must be Bearer and an access token.")
            .header(WWW_AUTHENTICATE, Some(HeaderValue::from_static(BEARER)))
    }

    /// The access token cannot be used. The `cause` is for the log.
    pub(crate) fn token_invalid(message: &str, cause: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            code::INVALID_CREDENTIALS,
            "The access token is refused",
        )
        .message(message)
        .challenge("invalid_token", message)
        .caused_by(cause)
    }

    /// The time of the access token is over.
    pub(crate) fn token_expired() -> Self {
        let message = "The access token has expired.";
        Self::new(
            StatusCode::UNAUTHORIZED,
            code::EXPIRED_CREDENTIALS,
            "The access token is refused",
        )
        .message(message)
        .challenge("invalid_token", message)
    }

    /// The access token is of another tenant than is served here.
    pub(crate) fn not_for_this_tenant(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code::FORBIDDEN_REQUESTER, "The tenant is not served here")
            .message(message)
    }

    /// The keys that tokens are checked with are out of reach.
    pub(crate) fn keys_unavailable(cause: &str) -> Self {
        let reason = "Access tokens cannot be checked at the moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, reason)
            .message("The keys of their issuer cannot be had. Nothing was changed.")
            .header(RETRY_AFTER, Some(HeaderValue::from_static(BETWEEN_FETCHES)))
            .caused_by(cause)
    }

    /// The access token lacks the scope.
    pub(crate) fn scope_missing(scope: &str) -> Self {
        let mut challenge = format!(r#"{BEARER}, error="insufficient_scope", "#);
        challenge.push_str(&format!(r#"scope="{scope}""#));
        Self::new(StatusCode::FORBIDDEN, code::ACCESS_DENIED, "The access token lacks a scope")
            .message(format!("The scope {scope} is needed."))
            .header(WWW_AUTHENTICATE, HeaderValue::try_from(challenge).ok())
    }

    /// What everybody in the tenant shares is not changed by who acts for a party.
    pub(crate) fn not_for_parties(many: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code::FORBIDDEN_USER, "Only the operator changes this")
            .message(format!("Who acts for a party can read {many}, not change them."))
    }

    /// Who acts for parties would not see the document any more, or never.
    pub(crate) fn no_own_party(attribute: &str, roles: &BTreeSet<String>) -> Self {
        let role = match roles.iter().map(String::as_str).collect::<Vec<_>>().join(" or ") {
            roles if roles.is_empty() => String::new(),
            roles => format!(" in the role {roles}"),
        };
        let reason = "The document names none of the caller's parties";
        Self::new(StatusCode::FORBIDDEN, code::FORBIDDEN_USER, reason)
            .message(format!("/{attribute} must name one of the caller's parties{role}."))
    }

    /// Says what is wrong with the token also in the header that libraries read.
    fn challenge(self, error: &str, description: impl Display) -> Self {
        let description = description.to_string().replace(['"', '\\'], "'");
        let challenge = format!(r#"{BEARER}, error="{error}", error_description="{description}""#);
        self.header(WWW_AUTHENTICATE, HeaderValue::try_from(challenge).ok())
    }
}
