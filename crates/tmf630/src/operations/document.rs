//! Answering with a text that is the same for everybody, such as the description of an API.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

use crate::answer::exchange::{self, Exchange};
use crate::model::api::Api;
use crate::request::conditional::{self, Conditions, Outcome};
use crate::request::negotiation;
use crate::request::target::{self, Route};
use crate::{Error, Ports, Settings, Version};

const METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers `request` with the JSON document called `name` of the API and version that was asked for, if
/// `document` has it.
pub fn serve_document<P: Ports, B>(
    apis: &[&'static Api],
    name: &str,
    document: impl Fn(&Api, Version) -> Option<&'static str>,
    settings: &Settings,
    ports: &P,
    request: &Request<B>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let found = apis.iter().find_map(|api| {
        let (served, rest) = api.version_of(path, settings)?;
        (rest == name).then(|| Some((*api, served.version, document(api, served.version)?)))?
    });
    let (route, version) = match found {
        Some((api, version, _)) => (Route::Collection(api, version, name), version),
        None => (Route::Nowhere, target::version_at(path, apis, settings)),
    };
    let exchange = Exchange::begin(route, version, settings, ports, request);
    let document = found.map(|(.., document)| Bytes::from_static(document.as_bytes()));
    let mut answer = answer(document, request);
    if let Ok(response) = &mut answer {
        // Anybody may keep it, and asks each time whether it is still so.
        let anybody = HeaderValue::from_static("public, no-cache");
        response.headers_mut().insert(CACHE_CONTROL, anybody);
    }
    exchange.end(answer)
}

/// Answers with `document`, or that there is nothing at the path.
pub(super) fn answer<B>(
    document: Option<Bytes>,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    exchange::expect_short(request)?;
    let document = document.ok_or_else(|| Error::no_such_path(request.uri().path()))?;
    negotiation::expect_json(request.headers())?;
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => Response::new(document),
        Method::OPTIONS => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
            return Ok(response);
        }
        ref method => return Err(Error::method_not_allowed(method, METHODS)),
    };
    let tag = format!("\"{:032x}\"", xxh3_128(response.body()));
    let outcome = Conditions::of(request)?.check(Some(&tag))?;
    let tag = HeaderValue::try_from(tag).map_err(Error::internal)?;
    if outcome == Outcome::NotModified {
        response = conditional::not_modified(Some(tag));
    } else {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ETAG, tag);
    }
    Ok(response)
}
