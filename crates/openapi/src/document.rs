//! The document of a version.

use anyhow::Context;
use serde_json::{Map, Value, json};
use tmf630::Version;

use crate::apis::Described;
use crate::operations::paths;
use crate::{events, parameters, responses, schemas, security};

const DESCRIPTION: &str = "HEAD is answered as GET without the body; a method that is not possible is answered with 405 and Allow. \
    Addresses in answers are those that the client used, unless the deployment has a base URL. \
    Resources can have attributes that are not described here; they are kept and returned.";

const EVENTS: &str = "## Events\n\nWho has subscribed (POST /hub) is sent these, as far as its query and what it may see let it. \
    Those of one resource arrive in the order of the changes; each arrives at least once. POST /hub has what is sent as callbacks.";

const SUBSCRIBE: &str = "The same callback and query again, of the same owner and through the same version, are answered with the subscription there is. \
    The secret is in the answer to a new one, and in no other.";

/// The document of the version, in OpenAPI 3.1.
pub fn document(described: &Described, version: Version) -> anyhow::Result<Value> {
    let api = described.api;
    let number = api.version(version).context("the version is not served")?.release;
    let tags: Vec<_> = described
        .resources(version)
        .map(|resource| resource.definition.resource)
        .map(|resource| json!({ "name": resource.name, "description": resource.description }))
        .collect();
    let mut all_paths = Map::new();
    described.resources(version).for_each(|resource| all_paths.extend(paths(version, resource)));
    let mut parameters = parameters::shared(version);
    let mut responses = responses::shared(version);
    let mut description = format!("{} {DESCRIPTION}", described.purpose);
    if described.has_subscriptions() {
        let subscribe = &mut all_paths["/hub"]["post"];
        subscribe["description"] = json!(SUBSCRIBE);
        subscribe["callbacks"] = events::callbacks(described, version);
        parameters.extend(events::parameters());
        responses.extend(events::responses());
        description = format!("{description}\n\n{EVENTS}\n\n{}", events::table(described, version));
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} ({} v{number})", api.title, api.number),
            "description": description,
            "version": number,
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": api.base_path(version), "description": "Where this document was read." }],
        "security": [],
        "tags": tags,
        "paths": all_paths,
        "components": {
            "securitySchemes": security::schemes(described),
            "schemas": schemas::schemas(described, version)?,
            "parameters": parameters,
            "headers": parameters::headers(),
            "responses": responses
        }
    }))
}
