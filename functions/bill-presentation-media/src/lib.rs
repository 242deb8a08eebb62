//! The `billPresentationMedia` resource: how bills are delivered (TMF666).

use function::{Definition, account, schemas, serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

const BILL_PRESENTATION_MEDIA: Definition = Definition {
    name: "billPresentationMedia",
    class: &schemas::class::BILL_PRESENTATION_MEDIA,
    class_aliases: &[],
    is_stamped: false,
    immutable_in_v4: &[],
    indexes: account::NAMED_INDEXES,
    references: &[],
    referrers: account::BILL_PRESENTATION_MEDIA_REFERRERS,
};

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILL_PRESENTATION_MEDIA, request).await
}
