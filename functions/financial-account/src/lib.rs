//! The `financialAccount` resource: an account in the ledger (TMF666).

mod definition;

use definition::FINANCIAL_ACCOUNT;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&FINANCIAL_ACCOUNT, request).await
}
