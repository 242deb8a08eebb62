//! The `billPresentationMedia` resource: how bills are delivered (TMF666).

mod definition;

use definition::BILL_PRESENTATION_MEDIA;
use function::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&BILL_PRESENTATION_MEDIA, request).await
}
