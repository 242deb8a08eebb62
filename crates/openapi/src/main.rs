//! `cargo xtask openapi`: writes the OpenAPI 3.1 documents of both versions of each API, from the
//! schema files and the definitions of the resources.
//!
//! # Layout
//!
//! * `apis` – the APIs and what they are, in words.
//! * `resources` – the definitions of the resources; `example` – examples of them.
//! * `document` – the document of a version.
//! * `schemas` – its types, from the schema files.
//! * `operations` – what can be done with a resource.
//! * `events` – what is sent to those who have subscribed to events.
//! * `parameters`, `responses`, `security` – what operations share.

#![forbid(unsafe_code)]

mod apis;
mod document;
mod events;
mod example;
mod operations;
mod parameters;
mod resources;
mod responses;
mod schemas;
mod security;

use std::path::PathBuf;

use anyhow::Context;
use apis::{APIS, Described};
use tmf630::Version;

/// Every document that there is.
fn all() -> impl Iterator<Item = (&'static Described, Version)> {
    let versions = |described: &'static Described| {
        described.api.versions.iter().map(move |served| (described, served.version))
    };
    APIS.iter().flat_map(versions)
}

/// The name of a document.
fn name(described: &Described, version: Version) -> String {
    format!("docs/openapi/{}-v{}.json", described.api.number, version.number())
}

/// Where a document lies.
fn path(described: &Described, version: Version) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(name(described, version))
}

/// The document of a version, as text.
fn text(described: &Described, version: Version) -> anyhow::Result<String> {
    let document = document::document(described, version)?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn main() -> anyhow::Result<()> {
    for (described, version) in all() {
        let path = path(described, version);
        let text = text(described, version)?;
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        println!("{}", name(described, version));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documents_are_what_would_be_written() {
        for (described, version) in all() {
            let written = std::fs::read_to_string(path(described, version)).unwrap();
            let is_fresh = written == text(described, version).unwrap();
            assert!(is_fresh, "{} is stale: run `cargo xtask openapi`", name(described, version));
        }
    }

    #[test]
    fn examples_are_what_their_types_say() {
        for (described, version) in all() {
            let document = document::document(described, version).unwrap();
            let components = &document["components"];
            for (name, schema) in components["schemas"].as_object().unwrap() {
                let Some(example) = schema.get("example") else { continue };
                let reference = format!("#/components/schemas/{name}");
                let schema = json!({ "$ref": reference, "components": components });
                let validator = jsonschema::draft202012::new(&schema).unwrap();
                let faults: Vec<_> =
                    validator.iter_errors(example).map(|fault| fault.to_string()).collect();
                assert!(faults.is_empty(), "{name}: {faults:?}");
            }
        }
    }

    #[test]
    fn there_are_no_other_documents() {
        let (described, version) = all().next().unwrap();
        let folder = path(described, version).parent().unwrap().to_owned();
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), all().count());
    }
}
