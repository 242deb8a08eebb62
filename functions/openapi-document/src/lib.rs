//! `openapi.json`: what the API is, for programs. Written by `cargo xtask openapi`.

use function::{Version, serve_document};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

fn document(version: Version) -> &'static str {
    match version {
        Version::V4 => include_str!("../../../docs/openapi/v4.json"),
        Version::V5 => include_str!("../../../docs/openapi/v5.json"),
    }
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_document("openapi.json", document, request).await
}
