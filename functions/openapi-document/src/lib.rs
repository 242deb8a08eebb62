//! `openapi.json`: what the API is, for programs. Written by `cargo xtask openapi`.

use tmf630::Version;

fn document(version: Version) -> &'static str {
    match version {
        Version::V4 => include_str!("../../../docs/openapi/v4.json"),
        Version::V5 => include_str!("../../../docs/openapi/v5.json"),
    }
}

function::serve_document!(account_management::ACCOUNT_MANAGEMENT, "openapi.json", document);
