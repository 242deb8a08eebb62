//! The `settlementAccount` resource: an account of a party that is settled with (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const SETTLEMENT_ACCOUNT: Definition = Definition {
    name: "settlementAccount",
    class: &schemas::class::SETTLEMENT_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: account::IMMUTABLE_IN_V4,
    indexes: account::PARTY_ACCOUNT_INDEXES,
    references: account::PARTY_ACCOUNT_REFERENCES,
    referrers: account::REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SETTLEMENT_ACCOUNT, request).await
}
