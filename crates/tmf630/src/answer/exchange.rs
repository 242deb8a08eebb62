//! What every request and its answer have, whatever was asked for.

use std::rc::Rc;

use access::Caller;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use crate::answer::audit::Audit;
use crate::answer::journal::Journal;
use crate::request::authorization;
use crate::request::origin::FORWARDED_HEADERS;
use crate::request::target::Route;
use crate::request::trace::Trace;
use crate::{Error, Ports, Settings, Version};

/// How long the path and query of a request can be, in bytes.
const MAX_URI_BYTES: usize = 8 * 1024;

/// A request that is being answered.
pub(crate) struct Exchange<'e, P: Ports> {
    pub settings: &'e Settings,
    pub ports: &'e P,
    /// What it changes.
    pub audit: Audit,
    journal: Journal<'e, P>,
    version: Version,
    /// Whether addresses in the answer depend on what a proxy says.
    depends_on_proxy: bool,
    is_head: bool,
}

impl<'e, P: Ports> Exchange<'e, P> {
    /// Begins with a request to `route`, whose errors look as `version` has them.
    pub fn begin<B>(
        route: Route<'e>,
        version: Version,
        settings: &'e Settings,
        ports: &'e P,
        request: &Request<B>,
    ) -> Self {
        Self {
            settings,
            ports,
            audit: Audit::default(),
            journal: Journal::begin(route, ports, request),
            version,
            depends_on_proxy: settings.trust_forwarded && settings.base_url.is_none(),
            is_head: request.method() == Method::HEAD,
        }
    }

    /// Who makes the request; nobody where it need not be known.
    pub async fn identify<B>(&mut self, request: &Request<B>) -> Result<Option<Rc<Caller>>, Error> {
        let caller = authorization::caller_of(request, self.ports).await?;
        self.journal.caller = caller.clone();
        Ok(caller)
    }

    /// What the request is called in the log.
    pub fn request_id(&self) -> &str {
        &self.journal.request_id
    }

    /// The trace that the request belongs to, if its client says so.
    pub fn trace(&self) -> Option<&Trace> {
        self.journal.trace.as_ref()
    }

    /// Leaves the request out of the log, where it is one of many and nothing has happened.
    pub fn leave_out_of_log(&mut self) {
        self.journal.is_silent = true;
    }

    /// Completes the answer, be it an error, and writes the line of the log.
    pub fn end(self, answer: Result<Response<Bytes>, Error>) -> Response<Bytes> {
        let (mut response, cause) = match answer {
            Ok(response) => (response, None),
            Err(error) => {
                if error.is_outcome_unknown() {
                    self.audit.note_unknown();
                }
                let cause = error.cause().map(str::to_owned);
                (error.into_response(self.version), cause)
            }
        };
        // Without it the head of the response could leave before its body, in a packet of its own.
        if !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            let length = HeaderValue::from(response.body().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
        }
        self.say_who_may_keep(response.headers_mut());
        let nosniff = HeaderValue::from_static("nosniff");
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, nosniff);
        if self.is_head {
            *response.body_mut() = Bytes::new();
        }
        self.journal.end(&mut response, cause.as_deref(), self.audit);
        response
    }

    /// Says who may keep the answer, and what else it depends on (RFC 9111): what is not marked as
    /// public, its client alone, and only if it asks each time whether it is still so.
    fn say_who_may_keep(&self, headers: &mut HeaderMap) {
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        if headers.contains_key(CACHE_CONTROL) {
            return;
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if self.depends_on_proxy {
            headers.append(VARY, HeaderValue::from_static(FORWARDED_HEADERS));
        }
    }
}

/// Refuses a request whose address is too long.
pub(crate) fn expect_short<B>(request: &Request<B>) -> Result<(), Error> {
    let uri = request.uri();
    match uri.path().len() + uri.query().map_or(0, str::len) > MAX_URI_BYTES {
        true => Err(Error::uri_too_long(MAX_URI_BYTES)),
        false => Ok(()),
    }
}
