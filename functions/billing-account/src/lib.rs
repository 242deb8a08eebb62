//! The `billingAccount` resource: an account of a party that bills are issued for (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const BILLING_ACCOUNT: Definition = Definition {
    name: "billingAccount",
    class: &schemas::class::BILLING_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: account::IMMUTABLE_IN_V4,
    indexes: account::PARTY_ACCOUNT_INDEXES,
    references: account::PARTY_ACCOUNT_REFERENCES,
    referrers: account::REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILLING_ACCOUNT, request).await
}
