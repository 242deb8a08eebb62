//! The `billingCycleSpecification` resource: when bills are made (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const BILLING_CYCLE_SPECIFICATION: Definition = Definition {
    name: "billingCycleSpecification",
    class: &schemas::class::BILLING_CYCLE_SPECIFICATION,
    class_aliases: &["BillCycleSpecification"],
    is_stamped: false,
    immutable_in_v4: &[],
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILLING_CYCLE_SPECIFICATION_REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILLING_CYCLE_SPECIFICATION, request).await
}
