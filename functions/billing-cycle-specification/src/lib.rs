//! The `billingCycleSpecification` resource: when bills are made (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const BILLING_CYCLE_SPECIFICATION: Definition = Definition {
    name: "billingCycleSpecification",
    schema: &schemas::v5::BILLING_CYCLE_SPECIFICATION,
    class_aliases: &["BillCycleSpecification"],
    is_stamped: false,
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILLING_CYCLE_SPECIFICATION_REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILLING_CYCLE_SPECIFICATION, request).await
}
