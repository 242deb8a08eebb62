//! Who makes a request: what its header `Authorization` says (RFC 6750).

use std::rc::Rc;

use access::{Caller, Refusal};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request};
use subtle::ConstantTimeEq;

use crate::{Error, Ports};

/// The caller of the request; nobody where it need not be known.
pub(crate) async fn caller_of<P: Ports, B>(
    request: &Request<B>,
    ports: &P,
) -> Result<Option<Rc<Caller>>, Error> {
    // Browsers ask without a token what is possible.
    if request.method() == Method::OPTIONS {
        return Ok(None);
    }
    let values = request.headers().get_all(AUTHORIZATION).iter();
    let values: Vec<_> = values.map(http::HeaderValue::as_bytes).collect();
    Ok(Some(ports.caller(&values).await?))
}

/// Refuses a request that does not bring the token of the deployment, and tells it so. How long that takes
/// tells nothing of the token but its length.
pub(crate) fn expect_token(token: &str, headers: &HeaderMap, refusal: &str) -> Result<(), Error> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Error::token_missing());
    };
    let value = value.as_bytes().trim_ascii();
    let (scheme, given) = value.split_at(value.len().min("Bearer ".len()));
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return Err(Error::token_missing());
    }
    match given.trim_ascii_start().ct_eq(token.as_bytes()).into() {
        true => Ok(()),
        false => Err(Error::token_invalid(refusal, "another token")),
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => Self::token_missing(),
            Refusal::Invalid { message, cause } => Self::token_invalid(&message, &cause),
            Refusal::Expired => Self::token_expired(),
            Refusal::Forbidden { message } => Self::not_for_this_tenant(&message),
            Refusal::Unavailable { cause } => Self::keys_unavailable(&cause),
            // Of what the client asks for, nothing has begun.
            Refusal::Store(error) => Self::keys_unavailable(&error.to_string()),
        }
    }
}
