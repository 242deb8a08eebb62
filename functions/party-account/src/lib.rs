//! The `partyAccount` resource: an account that a party holds (TMF666).

mod definition;

use definition::PARTY_ACCOUNT;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&PARTY_ACCOUNT, request).await
}
