//! The document of a version.

use serde_json::{Map, Value, json};
use tmf630::Version;

use crate::operations::paths;
use crate::resources::ALL;
use crate::{parameters, responses, schemas};

const DESCRIPTION: &str = "Billing, settlement, party and financial accounts, with the formats, media and cycles of their bills. \
    HEAD is answered as GET without the body; a method that is not possible is answered with 405 and Allow. \
    Addresses in answers are those that the client used, unless the deployment has a base URL. \
    Resources can have attributes that are not described here; they are kept and returned.";

/// The document of the version, in OpenAPI 3.1.
pub fn document(version: Version) -> anyhow::Result<Value> {
    let number = match version {
        Version::V4 => "4.0.0",
        Version::V5 => "5.0.0",
    };
    let tags: Vec<_> = ALL
        .iter()
        .map(|resource| json!({ "name": resource.definition.name, "description": resource.description }))
        .collect();
    let mut all_paths = Map::new();
    ALL.iter().for_each(|resource| all_paths.extend(paths(version, resource)));
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Account Management (TMF666 v{number})"),
            "description": DESCRIPTION,
            "version": number,
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": version.base_path(), "description": "Where this document was read." }],
        "security": [],
        "tags": tags,
        "paths": all_paths,
        "components": {
            "schemas": schemas::schemas(version)?,
            "parameters": parameters::shared(version),
            "headers": parameters::headers(),
            "responses": responses::shared(version)
        }
    }))
}
