//! Who may do what.

use serde_json::{Value, json};
use tmf630::Definition;
use tmf630::model::operation::Operation;

use crate::apis::Described;

/// The name of the scheme.
const SCHEME: &str = "accessToken";

/// How callers say who they are.
pub fn schemes(described: &Described) -> Value {
    let (api, sight) = (described.api.number.to_lowercase(), described.sight);
    let description = format!(
        "A signed JWT (RFC 6750, RFC 9068) of an issuer that the deployment trusts, which says for which tenant, with which scopes, and perhaps for which parties its holder acts. \
         A scope is {api}:read or {api}:write, {api}:(resource):read or {api}:(resource):write for one resource, or admin, which is everything in the tenant. \
         {sight} \
         A deployment that asks nobody who they are (auth=none) needs no token."
    );
    json!({
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": description
        }
    })
}

/// That a token with one of the scopes is needed for the operation, where one is needed at all.
pub fn of(definition: &Definition, operation: Operation) -> Value {
    let scopes = definition.scopes(operation);
    let scopes = scopes.iter().map(String::as_str).chain(["admin"]);
    let one = |scope: &str| json!({ SCHEME: [scope] });
    scopes.map(one).chain([json!({})]).collect()
}
