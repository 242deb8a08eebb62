//! The `billingAccount` resource: an account of a party that bills are issued for (TMF666).

mod definition;

use definition::BILLING_ACCOUNT;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILLING_ACCOUNT, request).await
}
