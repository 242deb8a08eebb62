//! The `settlementAccount` resource: an account of a party that is settled with (TMF666).

mod definition;

use definition::SETTLEMENT_ACCOUNT;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SETTLEMENT_ACCOUNT, request).await
}
