//! Who makes a request: what its header `Authorization` says (RFC 6750).

use std::rc::Rc;

use access::{Caller, Refusal};
use http::header::AUTHORIZATION;
use http::{Method, Request};

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
