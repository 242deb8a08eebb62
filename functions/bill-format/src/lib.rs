//! The `billFormat` resource: how bills are laid out (TMF666).

mod definition;

use definition::BILL_FORMAT;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILL_FORMAT, request).await
}
