//! What every function shares with Spin, its host.
//!
//! A function hands its [`Definition`] and each request to [`serve`]; everything else is here and
//! in the crates below.
//!
//! # Layout
//!
//! * `settings` – the variables of the application.
//! * `store` – Spin's key-value store as the port of kv-tree.
//! * `instance` – how busy an instance is, and when it takes no more requests.
//! * `memcmp` – comparing bytes, which the C library does slowly.
//! * `clock` – the time.
//! * `host` – store, clock, ids and log as the ports of the resource pipeline.

mod clock;
mod host;
mod instance;
#[cfg(any(test, target_family = "wasm"))]
mod memcmp;
mod settings;
mod store;

use bytes::Bytes;
use host::Host;
use http_body_util::Full;
pub use schemas;
use spin_sdk::http::{Request, Response};
pub use tmf630::{Definition, Version, account};

/// Answers `request` for the resource that `definition` describes.
pub async fn serve(definition: &Definition, request: Request) -> Response<Full<Bytes>> {
    let response = match settings::settings().await {
        Ok(settings) => {
            let host = Host { store: settings.key_value_store };
            tmf630::serve(definition, &settings, &host, request).await
        }
        Err(error) => not_set_up(definition.name, request.uri().path(), error),
    };
    instance::drain_if_due().await;
    response.map(Full::new)
}

/// Answers `request` with the JSON document called `name` of the version that was asked for.
pub async fn serve_document(
    name: &str,
    document: impl Fn(Version) -> &'static str,
    request: Request,
) -> Response<Full<Bytes>> {
    let response = match settings::settings().await {
        Ok(settings) => {
            let host = Host { store: settings.key_value_store };
            tmf630::serve_document(name, document, &settings, &host, &request)
        }
        Err(error) => not_set_up(name, request.uri().path(), error),
    };
    response.map(Full::new)
}

fn not_set_up(what: &str, path: &str, error: String) -> Response<Bytes> {
    eprintln!("{what}: {error}");
    tmf630::Error::internal(error).into_response(Version::at(path))
}
