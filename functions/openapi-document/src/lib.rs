//! `openapi.json`: what each API is, for programs. Written by `cargo xtask openapi`.

use account_management::ACCOUNT_MANAGEMENT;
use customer_bill_management::CUSTOMER_BILL_MANAGEMENT;
use tmf630::Version;
use tmf630::model::api::Api;

fn document(api: &Api, version: Version) -> Option<&'static str> {
    Some(match (api.number, version) {
        ("TMF666", Version::V4) => include_str!("../../../docs/openapi/TMF666-v4.json"),
        ("TMF666", Version::V5) => include_str!("../../../docs/openapi/TMF666-v5.json"),
        ("TMF678", Version::V4) => include_str!("../../../docs/openapi/TMF678-v4.json"),
        ("TMF678", Version::V5) => include_str!("../../../docs/openapi/TMF678-v5.json"),
        _ => return None,
    })
}

function::serve_document!("openapi.json", document, ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT);
