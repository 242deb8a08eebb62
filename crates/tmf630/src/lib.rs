//! The semantics of TMF630 for any resource: a pipeline from an HTTP request to an HTTP response.
//!
//! [`serve`] is given the [`Definition`] of a resource, the [`Settings`] of the deployment, the
//! [`Ports`] to the outside world and a request. It knows nothing of the host that it runs on.
//!
//! # Layout
//!
//! * [`definition`] – what makes one resource differ from another; [`account`] – what accounts share.
//! * [`settings`] – what a deployment chooses.
//! * [`ports`] – what the pipeline needs of the outside world; `context` – both, for one request.
//! * [`error`] – every error that a client can see; `exchange` – what every answer has; `journal` – what
//!   the log says of a request.
//! * `route`, `negotiation`, `conditional`, `idempotency`, `body`, `query` – reading a request.
//! * `create`, `bulk`, `retrieve`, `list`, `patch`, `delete` – what a user does.
//! * `document` – answering with a text that is the same for everybody.
//! * `rules` – what holds between resources.
//! * [`version`] – the versions of the API; `view` – resources as a client of one sees them.
//! * `record` – a resource as it is stored.
//! * `index`, `catalogue`, `select` – finding resources without reading all of them.
//! * `path`, `compare`, `decimal` – attributes and their values.

#![forbid(unsafe_code)]

pub mod account;
mod answer;
mod budget;
mod context;
pub mod error;
pub mod model;
mod operations;
mod patch;
pub mod ports;
mod query;
mod request;
mod rules;
mod selection;
pub mod settings;
mod storage;
mod value;

use answer::exchange::{self, Exchange};
use budget::Budget;
use bytes::Bytes;
use context::Context;
pub use error::Error;
use http::header::ALLOW;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
pub use model::definition::{self, Definition};
pub use model::version::{self, Version};
pub use operations::document::serve_document;
use operations::{bulk, create, delete, list, retrieve, update};
pub use ports::{Activity, Ports};
use request::negotiation;
use request::target::Target;
pub use settings::{Settings, StoreType};
pub use value::compare::Kind;

/// Answers `request` for the resource that `definition` describes. Every error is answered too; its
/// cause goes to the log, with a line for every request.
pub async fn serve<P: Ports, B: http_body::Body>(
    definition: &Definition,
    settings: &Settings,
    ports: &P,
    request: Request<B>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let route = match Target::of(definition, path) {
        Ok((version, target)) => target.pattern(definition, version),
        Err(_) => "none".to_owned(),
    };
    let exchange = Exchange::begin(route, settings, ports, &request);
    exchange.end(answer(definition, settings, ports, request).await)
}

async fn answer<P: Ports, B: http_body::Body>(
    definition: &Definition,
    settings: &Settings,
    ports: &P,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    exchange::expect_short(&request)?;
    let (version, target) = Target::of(definition, request.uri().path())?;
    negotiation::expect_json(request.headers())?;
    let budget = Budget::default();
    let context = Context::of(definition, settings, ports, &budget, version, &request).await?;
    if matches!(*request.method(), Method::POST | Method::PATCH | Method::DELETE) {
        context.tree.gather().await;
    }
    match (target, request.method()) {
        (Target::Collection, &Method::GET | &Method::HEAD) => list::list(&context, &request).await,
        (Target::Collection, &Method::POST) => create::create(&context, request).await,
        (Target::Collection, &Method::PATCH) => bulk::create_many(&context, request).await,
        (Target::Item(id), &Method::GET | &Method::HEAD) => {
            retrieve::retrieve(&context, &id, &request).await
        }
        (Target::Item(id), &Method::PATCH) => update::update(&context, &id, request).await,
        (Target::Item(id), &Method::DELETE) => delete::delete(&context, &id, &request).await,
        (target, &Method::OPTIONS) => Ok(options(&target)),
        (target, method) => Err(Error::method_not_allowed(method, target.allow())),
    }
}

/// What can be done with the target (RFC 9110, OPTIONS; RFC 5789, `Accept-Patch`).
fn options(target: &Target) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(target.allow()));
    let accept_patch = HeaderValue::from_static(target.accept_patch());
    headers.insert(HeaderName::from_static("accept-patch"), accept_patch);
    response
}
