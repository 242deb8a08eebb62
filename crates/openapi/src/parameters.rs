//! The parameters of requests, and the headers of answers.

use serde_json::{Map, Value, json};
use tmf630::{ID_PATTERN, Version};

use crate::resources::Resource;
use crate::schemas::always;

/// The parameters that several operations have, by name.
pub fn shared(version: Version) -> Map<String, Value> {
    let always = always(version).join(", ");
    let fields = format!(
        "The attributes that the answer has, separated by commas; dots lead into parts. {always} are always there; none selects nothing else."
    );
    let filter = "A JSONPath expression (RFC 9535) on one resource: those are listed in which it finds something.";
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    let header = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "header", "description": description, "schema": schema });
    let text = || json!({ "type": "string" });
    let parameters = json!({
        "Fields": query("fields", &fields, text()),
        "Offset": query("offset", "How many resources are left out at the beginning.",
            json!({ "type": "integer", "minimum": 0, "default": 0 })),
        "Limit": query("limit", "How many resources the page has at most; 1000, or what the deployment says, if more is asked for.",
            json!({ "type": "integer", "minimum": 0, "default": 100 })),
        "Sort": query("sort", "Up to 8 attributes separated by commas; - in front descends.", text()),
        "Filter": query("filter", filter, text()),
        "RequestId": header("X-Request-Id", "A name for the request, which the answer and the log repeat.",
            json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" })),
        "IdempotencyKey": header("Idempotency-Key",
            "A name for the creation. The same key with the same body is answered as the first time, for 24 hours, and creates nothing again.",
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_-]+$" })),
        "IfMatch": header("If-Match", "Refuses the request with 412 unless the resource has this entity tag; * is any.", text()),
        "IfNoneMatch": header("If-None-Match", "Answers a GET with 304, and refuses anything else with 412, if the resource has this entity tag; * is any.", text())
    });
    parameters.as_object().cloned().unwrap_or_default()
}

/// The id of the resource, which is that of the example, so that this can be tried after it.
pub fn id(resource: Resource) -> Value {
    json!({
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The id of the resource.",
        "schema": { "type": "string", "pattern": ID_PATTERN },
        "example": resource.example_id()
    })
}

/// A reference to a shared parameter.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// References to shared parameters.
pub fn references(names: &[&str]) -> Value {
    names.iter().copied().map(reference).collect()
}

/// Conditions on attributes, which can have any name.
pub fn conditions(version: Version, resource: Resource) -> Value {
    let indexed = resource.indexed(version).join(", ");
    let description = format!(
        "Conditions on attributes, as attribute=value; dots lead into parts and every element of arrays. \
         .eq .ne .gt .gte .lt .lte .regex behind the name compare in other ways. A comma separates alternatives \
         of a value, ; alternatives of all conditions. Found without reading all: id, {indexed}."
    );
    json!({
        "name": "attributes",
        "in": "query",
        "description": description,
        "style": "form",
        "explode": true,
        "schema": { "type": "object", "additionalProperties": { "type": "string" } },
        "example": resource.example_condition()
    })
}

/// The headers of answers, by name.
pub fn headers() -> Map<String, Value> {
    let header =
        |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let text = || json!({ "type": "string" });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let headers = json!({
        "X-Request-Id": header("The name of the request.", text()),
        "X-Total-Count": header("How many resources there are on all pages.", count()),
        "X-Result-Count": header("How many resources there are on this page.", count()),
        "Link": header("The pages self, first, prev, next and last (RFC 8288). Left out where the query is longer than 1 KiB.", text()),
        "Content-Range": header("Which part of the list this is, as items 1-10/200.", text()),
        "ETag": header("The entity tag of the resource in this state.", text()),
        "Location": header("The address of the new resource.", json!({ "type": "string", "format": "uri" })),
        "Allow": header("The methods that are possible.", text()),
        "Accept-Encoding": header("How a body can be coded.", text()),
        "Accept-Patch": header("The media types that a PATCH can have.", text()),
        "WWW-Authenticate": header("How to say who calls, and what is wrong with what was said (RFC 6750).", text()),
        "Retry-After": header("When to try again, in seconds.", json!({ "type": "integer", "minimum": 0 }))
    });
    headers.as_object().cloned().unwrap_or_default()
}

/// References to headers, as a response has them.
pub fn header_references(names: &[&str]) -> Value {
    let reference = |name: &&str| {
        ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    };
    names.iter().map(reference).collect::<Map<_, _>>().into()
}
