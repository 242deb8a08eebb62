//! Answering with a text that is the same for everybody, such as the description of the API.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

use crate::answer::exchange::{self, Exchange};
use crate::request::conditional::{self, Conditions, Outcome};
use crate::request::negotiation;
use crate::request::target::Route;
use crate::{Error, Ports, Settings, Version};

const METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers `request` with the JSON document called `name` of the version that was asked for.
pub fn serve_document<P: Ports, B>(
    name: &str,
    document: impl Fn(Version) -> &'static str,
    settings: &Settings,
    ports: &P,
    request: &Request<B>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let found = Version::of_path(path).filter(|(_, rest)| *rest == name);
    let (route, version) = match found {
        Some((version, _)) => (Route::Collection(version, name), version),
        None => (Route::Nowhere, Version::at(path)),
    };
    let exchange = Exchange::begin(route, version, settings, ports, request);
    exchange.end(match found {
        Some(_) => answer(document(version), request),
        None => Err(Error::no_such_path(path)),
    })
}

fn answer<B>(document: &'static str, request: &Request<B>) -> Result<Response<Bytes>, Error> {
    exchange::expect_short(request)?;
    negotiation::expect_json(request.headers())?;
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => Response::new(Bytes::from_static(document.as_bytes())),
        Method::OPTIONS => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
            return Ok(response);
        }
        ref method => return Err(Error::method_not_allowed(method, METHODS)),
    };
    let tag = format!("\"{:032x}\"", xxh3_128(document.as_bytes()));
    let outcome = Conditions::of(request)?.check(Some(&tag))?;
    let tag = HeaderValue::try_from(tag).map_err(Error::internal)?;
    if outcome == Outcome::NotModified {
        response = conditional::not_modified(Some(tag));
    } else {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ETAG, tag);
    }
    // Anybody may keep it, and asks each time whether it is still so.
    let anybody = HeaderValue::from_static("public, no-cache");
    response.headers_mut().insert(CACHE_CONTROL, anybody);
    Ok(response)
}
