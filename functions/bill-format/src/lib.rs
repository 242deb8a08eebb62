//! The `billFormat` resource: how bills are laid out (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const BILL_FORMAT: Definition = Definition {
    name: "billFormat",
    class: &schemas::class::BILL_FORMAT,
    class_aliases: &[],
    is_stamped: false,
    immutable_in_v4: &[],
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILL_FORMAT_REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILL_FORMAT, request).await
}
