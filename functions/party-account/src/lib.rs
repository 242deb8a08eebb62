//! The `partyAccount` resource: an account that a party holds (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const PARTY_ACCOUNT: Definition = Definition {
    name: "partyAccount",
    class: &schemas::class::PARTY_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: account::IMMUTABLE_IN_V4,
    indexes: account::PARTY_ACCOUNT_INDEXES,
    references: account::PARTY_ACCOUNT_REFERENCES,
    referrers: account::REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&PARTY_ACCOUNT, request).await
}
