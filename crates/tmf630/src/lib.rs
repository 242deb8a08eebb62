//! The semantics of TMF630 for any resource of any API: a pipeline from an HTTP request to an HTTP
//! response.
//!
//! [`serve`] is given the [`Definition`] of a resource, the [`Settings`] of the deployment, the
//! [`Ports`] to the outside world and a request; [`serve_document`] and [`serve_entry`] answer what
//! is no resource, [`serve_maintenance`] goes on with what requests began, [`serve_transfer`] exports and
//! imports what a tenant has, and [`serve_mistake`] answers where nothing else can. They know nothing of
//! the host that they run on.
//!
//! # Layout
//!
//! * [`model`] – what an API declares of itself: its versions, resources, relations and rules.
//! * [`settings`] – what a deployment chooses.
//! * [`ports`] – what the pipeline needs of the outside world.
//! * `context` – all that, for one request; `budget` – what it may cost; `sight` – what its caller
//!   sees.
//! * `derivation` – resources as they are shown, where that differs from how they are stored.
//! * `request` – reading a request; `query` – what it asks for; `patch` – what it changes in a
//!   document.
//! * `operations` – what a client does, a file each.
//! * `commit` – the only way to write: rules, indexes, record.
//! * [`jobs`] – what goes on after requests; [`events`] – telling others of changes; `tenants` – who has
//!   anything of that; `housekeeping` – what data needs from time to time; `gauge` – how large it is.
//! * [`transfer`] – all that a tenant has, as lines of JSON.
//! * `selection` – carrying out a query.
//! * `storage` – resources in the tree of their tenant.
//! * `answer` – resources as a client sees them, and what every answer has.
//! * [`error`] – every error that a client can see.
//! * `value` – attributes and their values, and how they compare.
//! * `testing` – an API in memory, for tests.

#![forbid(unsafe_code)]

mod answer;
mod budget;
mod commit;
mod context;
mod derivation;
pub mod error;
pub mod events;
mod gauge;
mod housekeeping;
pub mod jobs;
pub mod model;
mod operations;
mod patch;
pub mod ports;
mod query;
mod request;
mod selection;
pub mod settings;
mod sight;
mod storage;
mod tenants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod transfer;
mod value;

use access::Caller;
use answer::exchange::{self, Exchange};
use budget::Budget;
use bytes::Bytes;
use context::Context;
pub use error::Error;
use http::header::ALLOW;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
pub use model::definition::Definition;
use model::operation::{Operation, Operations};
pub use operations::document::serve_document;
pub use operations::entry::serve_entry;
pub use operations::maintenance::serve_maintenance;
pub use operations::mistake::serve_mistake;
use operations::{action, bulk, create, delete, list, part, retrieve, update};
pub use ports::{Activity, Ports};
use request::negotiation;
use request::target::{Route, Target};
pub use schemas::Version;
pub use schemas::id::{ID_PATTERN, is_id};
pub use settings::{Settings, StoreType};
use sight::Sight;
pub use tenants::announce as announce_tenant;
pub use transfer::{Exported, serve_transfer};

/// Answers `request` for the resource that `definition` describes. Every error is answered too; its
/// cause goes to the log, with a line for every request.
pub async fn serve<P: Ports, B: http_body::Body>(
    definition: &'static Definition,
    settings: &Settings,
    ports: &P,
    request: Request<B>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let found = Target::of(definition, path, settings);
    let (route, version) = match &found {
        Ok((version, target)) => (target.route(definition, *version), *version),
        Err(_) => (Route::Nowhere, definition.api.version_at(path, settings)),
    };
    let mut exchange = Exchange::begin(route, version, settings, ports, &request);
    let answer = match exchange.identify(&request).await {
        Ok(caller) => answer(definition, &exchange, caller.as_deref(), found, request).await,
        Err(error) => Err(error),
    };
    exchange.end(answer)
}

async fn answer<P: Ports, B: http_body::Body>(
    definition: &'static Definition,
    exchange: &Exchange<'_, P>,
    caller: Option<&Caller>,
    found: Result<(Version, Target), Error>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    exchange::expect_short(&request)?;
    let (version, target) = found?;
    if !matches!(target, Target::Part(..)) {
        negotiation::expect_json(request.headers())?;
    }
    let operations = definition.operations_in(exchange.settings);
    let operation = target.operation(operations, request.method());
    let (Some(operation), Some(caller)) = (operation, caller) else {
        return options_or_refusal(operations, &target, request.method());
    };
    if operation.is_write() {
        exchange.audit.begin(definition, operation);
    }
    Sight::of(caller, exchange.settings).expect_allowed(definition, operation)?;
    let budget = Budget::default();
    let context = Context::of(definition, exchange, caller, &budget, version, &request).await?;
    if operation.is_write() {
        context.tree.gather().await;
    }
    match (operation, target) {
        (Operation::List, _) => list::list(&context, &request).await,
        (Operation::Create, _) => create::create(&context, request).await,
        (Operation::CreateMany, _) => bulk::create_many(&context, request).await,
        (Operation::Retrieve, Target::Item(id)) => {
            retrieve::retrieve(&context, &id, &request).await
        }
        (Operation::Retrieve, Target::Part(id, name)) => {
            part::retrieve(&context, &id, name, &request).await
        }
        (Operation::Update, Target::Action(id, action)) => {
            action::act(&context, &id, action, &request).await
        }
        (Operation::Update, Target::Item(id)) => update::update(&context, &id, request).await,
        (Operation::Delete, Target::Item(id)) => delete::delete(&context, &id, &request).await,
        (_, target) => options_or_refusal(operations, &target, request.method()),
    }
}

fn options_or_refusal(
    operations: Operations,
    target: &Target,
    method: &Method,
) -> Result<Response<Bytes>, Error> {
    let allow = target.allow(operations);
    if method == Method::OPTIONS {
        return options(operations, target, &allow);
    }
    Err(Error::method_not_allowed(method, &allow))
}

/// What can be done with the target (RFC 9110, OPTIONS; RFC 5789, `Accept-Patch`).
fn options(operations: Operations, target: &Target, allow: &str) -> Result<Response<Bytes>, Error> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::try_from(allow).map_err(Error::internal)?);
    if target.operation(operations, &Method::PATCH).is_some() {
        let accept_patch = HeaderValue::from_static(target.accept_patch());
        headers.insert(HeaderName::from_static("accept-patch"), accept_patch);
    }
    Ok(response)
}
