//! The semantics of TMF630 for any resource: a pipeline from an HTTP request to an HTTP response.
//!
//! [`serve`] is given the [`Definition`] of a resource, the [`Settings`] of the deployment, the
//! [`Ports`] to the outside world and a request. It knows nothing of the host that it runs on.
//!
//! # Layout
//!
//! * [`definition`] – what makes one resource differ from another.
//! * [`settings`] – what a deployment chooses.
//! * [`ports`] – what the pipeline needs of the outside world.
//! * [`error`] – every error that a client can see.
//! * `route`, `body`, `query` – reading a request: its path, its document, its parameters.
//! * `record` – a resource as it is stored, and as a client sees it.
//! * `create`, `retrieve`, `list`, `patch`, `delete` – what a user does.

#![forbid(unsafe_code)]

mod body;
mod create;
pub mod definition;
mod delete;
pub mod error;
mod list;
mod patch;
pub mod ports;
mod query;
mod record;
mod retrieve;
mod route;
pub mod settings;

use bytes::Bytes;
pub use definition::Definition;
pub use error::Error;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response};
use kv_tree::TreeName;
pub use ports::Ports;
use route::{Links, Target};
pub use settings::Settings;

/// Answers `request` for the resource that `definition` describes. Every error is answered too; its
/// cause goes to the log.
pub async fn serve<P: Ports, B: http_body::Body>(
    definition: &Definition,
    settings: &Settings,
    ports: &P,
    request: Request<B>,
) -> Response<Bytes> {
    let mut response = match answer(definition, settings, ports, request).await {
        Ok(response) => response,
        Err(error) => {
            if let Some(cause) = error.cause() {
                ports.log(&format!("{}: {cause}", definition.name));
            }
            error.into_response()
        }
    };
    // Without it the head of the response could leave before its body, in a packet of its own.
    if response.status() != http::StatusCode::NO_CONTENT {
        let length = HeaderValue::from(response.body().len());
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    response
}

async fn answer<P: Ports, B: http_body::Body>(
    definition: &Definition,
    settings: &Settings,
    ports: &P,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let target = Target::of(definition, request.uri().path())?;
    let links = Links::of(definition, settings, &request);
    let tree = TreeName::new(format!("{}.{}", settings.tenant, definition.name))?;
    let tree = ports.store().await.map_err(kv_tree::Error::from)?.tree(tree);
    match (target, request.method()) {
        (Target::Collection, &Method::GET) => list::list(&tree, &links, &request).await,
        (Target::Collection, &Method::POST) => {
            create::create(definition, &tree, ports, &links, request).await
        }
        (Target::Item(id), &Method::GET) => retrieve::retrieve(&tree, &links, &id, &request).await,
        (Target::Item(id), &Method::PATCH) => {
            patch::patch(definition, &tree, ports, &links, &id, request).await
        }
        (Target::Item(id), &Method::DELETE) => delete::delete(&tree, &id, &request).await,
        (target, method) => Err(Error::method_not_allowed(method, target.allow())),
    }
}
