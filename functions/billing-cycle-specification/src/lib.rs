//! The `billingCycleSpecification` resource: when bills are made (TMF666).

mod definition;

use definition::BILLING_CYCLE_SPECIFICATION;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILLING_CYCLE_SPECIFICATION, request).await
}
