//! Answering where the deployment is not set up as it must be.

use bytes::Bytes;
use http::{Request, Response};

use crate::answer::exchange::Exchange;
use crate::request::target::{Route, Target};
use crate::{Definition, Error, Ports, Settings, Version};

/// Answers any request for the resource that `definition` describes, or for a text, with 500. What the
/// `mistake` is, the log is told.
pub fn serve_mistake<P: Ports, B>(
    definition: Option<&'static Definition>,
    ports: &P,
    request: &Request<B>,
    mistake: &str,
) -> Response<Bytes> {
    let path = request.uri().path();
    let settings = Settings::default();
    let found = definition
        .and_then(|definition| Some((definition, Target::of(definition, path, &settings).ok()?)));
    let route = found.map_or(Route::Nowhere, |(definition, (version, target))| {
        target.route(definition, version)
    });
    let version =
        definition.map_or(Version::V5, |definition| definition.api.version_at(path, &settings));
    let exchange = Exchange::begin(route, version, &settings, ports, request);
    exchange.end(Err(Error::internal(mistake)))
}
