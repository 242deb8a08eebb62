//! The least that a write can cost: one raw set of the key-value store, of what a small account takes.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::key_value::Store;

/// About as long as the accounts of the benchmark.
const VALUE_BYTES: usize = 1500;

#[http_service]
async fn handle(_request: Request) -> impl IntoResponse {
    // Always another value: SQLite does not write what is there already.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut value = vec![b'x'; VALUE_BYTES];
    value.extend(now.as_nanos().to_be_bytes());
    let set = async { Store::open_default().await.ok()?.set("floor", value).await.ok() }.await;
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = match set {
        Some(()) => StatusCode::CREATED,
        None => StatusCode::INTERNAL_SERVER_ERROR,
    };
    response
}
