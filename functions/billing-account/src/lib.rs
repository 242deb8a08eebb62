//! The `billingAccount` resource: an account of a party that bills are issued for (TMF666).

use function::{Definition, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const BILLING_ACCOUNT: Definition =
    Definition { name: "billingAccount", schema: &schemas::v5::BILLING_ACCOUNT };

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILLING_ACCOUNT, request).await
}
