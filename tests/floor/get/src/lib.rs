//! The least that a read can cost: one raw get of the key-value store, whose value is the answer.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::key_value::Store;

#[http_service]
async fn handle(_request: Request) -> impl IntoResponse {
    let value = async { Store::open_default().await.ok()?.get("floor").await.ok()? }.await;
    let mut response = Response::new(Full::new(Bytes::from(value.unwrap_or_default())));
    *response.status_mut() = StatusCode::OK;
    response
}
