//! `cargo xtask openapi`: writes the OpenAPI 3.1 documents of both versions of the API, from the
//! schema files and the definitions of the resources.
//!
//! # Layout
//!
//! * `resources` – the definitions of the resources, and examples of them.
//! * `document` – the document of a version.
//! * `schemas` – its types, from the schema files.
//! * `operations` – what can be done with a resource.
//! * `parameters`, `responses`, `security` – what operations share.

#![forbid(unsafe_code)]

mod document;
mod operations;
mod parameters;
mod resources;
mod responses;
mod schemas;
mod security;

use std::path::PathBuf;

use anyhow::Context;
use tmf630::Version;

const VERSIONS: [Version; 2] = [Version::V4, Version::V5];

/// Where the document of a version lies.
fn path(version: Version) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(format!("docs/openapi/v{}.json", version.number()))
}

/// The document of a version, as text.
fn text(version: Version) -> anyhow::Result<String> {
    let document = document::document(version)?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn main() -> anyhow::Result<()> {
    for version in VERSIONS {
        let path = path(version);
        std::fs::write(&path, text(version)?).with_context(|| path.display().to_string())?;
        println!("docs/openapi/v{}.json", version.number());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_are_what_would_be_written() {
        for version in VERSIONS {
            let written = std::fs::read_to_string(path(version)).unwrap();
            let is_fresh = written == text(version).unwrap();
            assert!(is_fresh, "v{} is stale: run `cargo xtask openapi`", version.number());
        }
    }
}
