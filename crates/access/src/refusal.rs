//! Why there is no caller.

/// What a client hears of a token whose keys or signature are wrong, whichever it is.
const NOT_VALID: &str = "The access token is not valid.";

/// Why a request is not let in. What clients may know is apart from what is for the log; neither
/// has anything of a token that could be used.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// There is no token, and one is needed: 401 without an error code (RFC 6750, section 3).
    Missing,
    /// What was sent is no token that is good here: 401, `invalid_token`.
    Invalid {
        /// What the client may know.
        message: String,
        /// What is for the log.
        cause: String,
    },
    /// The token was good, and is no longer: 401, `invalid_token`. Said only where the signature is
    /// right.
    Expired,
    /// The token is good, and not for what this deployment has: 403.
    Forbidden {
        /// What the client may know.
        message: String,
    },
    /// The keys of the issuer cannot be fetched, and none are known: 503.
    Unavailable {
        /// What is for the log.
        cause: String,
    },
    /// The store failed.
    Store(kv_tree::Error),
}

impl Refusal {
    /// A token of which nothing can be believed: the client hears no more.
    pub(crate) fn not_valid(cause: impl Into<String>) -> Self {
        Self::Invalid { message: NOT_VALID.into(), cause: cause.into() }
    }

    /// Something wrong that the client may know.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid { cause: message.clone(), message }
    }
}

impl From<kv_tree::Error> for Refusal {
    fn from(error: kv_tree::Error) -> Self {
        Self::Store(error)
    }
}
