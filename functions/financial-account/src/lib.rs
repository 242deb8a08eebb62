//! The `financialAccount` resource: an account in the ledger (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const FINANCIAL_ACCOUNT: Definition = Definition {
    name: "financialAccount",
    class: &schemas::class::FINANCIAL_ACCOUNT,
    class_aliases: &[],
    is_stamped: true,
    immutable_in_v4: &[],
    indexes: account::ACCOUNT_INDEXES,
    references: account::ACCOUNT_REFERENCES,
    referrers: account::FINANCIAL_ACCOUNT_REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&FINANCIAL_ACCOUNT, request).await
}
