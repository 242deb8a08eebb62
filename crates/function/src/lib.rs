//! What every function shares with Spin, its host.
//!
//! A function hands its [`Definition`] and each request to [`serve`]; everything else is here and
//! in the crates below.
//!
//! # Layout
//!
//! * `settings` – the variables of the application.
//! * `store` – Spin's key-value store as the port of kv-tree.
//! * `host` – store, clock, ids and log as the ports of the resource pipeline.

mod host;
mod settings;
mod store;

use bytes::Bytes;
use http_body_util::Full;
use resource::Version;
pub use resource::{Definition, account};
pub use schemas;
use spin_sdk::http::{Request, Response};

/// Answers `request` for the resource that `definition` describes.
pub async fn serve(definition: &Definition, request: Request) -> Response<Full<Bytes>> {
    let version = Version::at(request.uri().path());
    let response = match settings::settings().await {
        Ok(settings) => resource::serve(definition, &settings, &host::Host, request).await,
        Err(error) => {
            eprintln!("{}: {error}", definition.name);
            resource::Error::internal(error).into_response(version)
        }
    };
    response.map(Full::new)
}
