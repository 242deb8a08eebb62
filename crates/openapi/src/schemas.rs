//! The types of a document, from the schema files of the project.
//!
//! Each type is there twice: as it is answered, where `fields` can leave out nearly everything, and
//! as it is sent, with what is required. What changes a resource requires nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};
use tmf630::model::operation::Operation;
use tmf630::{ID_PATTERN, Version};

use crate::apis::Described;
use crate::events;
use crate::resources::Resource;

/// What the name of a type ends in that says what is sent to create something.
pub fn creation_suffix(version: Version) -> &'static str {
    match version {
        Version::V4 => "_Create",
        Version::V5 => "_FVO",
    }
}

/// The same for what is sent to change something.
pub fn change_suffix(version: Version) -> &'static str {
    match version {
        Version::V4 => "_Update",
        Version::V5 => "_MVO",
    }
}

/// All types of a version, by name.
pub fn schemas(described: &Described, version: Version) -> anyhow::Result<Map<String, Value>> {
    let files = files(described, version)?;
    let mut schemas = Map::new();
    for (name, schema) in &files {
        let name = shown_name(name);
        schemas.insert(name.to_owned(), answered(name, schema));
        schemas.insert(format!("{name}{}", creation_suffix(version)), sent(version, name, schema));
    }
    if described.has_subscriptions() {
        schemas.extend(events::schemas(described, version, &files));
    }
    for resource in described.resources(version) {
        if resource.definition.operations.iter().any(|operation| operation == Operation::Update) {
            let changed = changed(version, resource, &files);
            let name = format!("{}{}", resource.type_in(version), change_suffix(version));
            schemas.insert(name, changed);
        }
        complete(version, resource, &mut schemas);
    }
    schemas.insert("Error".into(), error(version));
    schemas.insert("JsonPatch".into(), json_patch());
    Ok(schemas)
}

/// The schema files that the resources lead to.
fn files(described: &Described, version: Version) -> anyhow::Result<BTreeMap<String, Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let folder = folder.join(format!("v{}", version.number()));
    let mut files = BTreeMap::new();
    let mut next: Vec<_> =
        described.resources(version).map(|resource| resource.type_in(version).to_owned()).collect();
    while let Some(name) = next.pop() {
        if let Entry::Vacant(place) = files.entry(name) {
            let path = folder.join(format!("{}.schema.json", place.key()));
            let text =
                std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let schema = place.insert(serde_json::from_str(&text)?);
            visit_references(schema, &mut |file| next.push(type_name(file).to_owned()));
        }
    }
    Ok(files)
}

fn visit_references(schema: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(file) if name == "$ref" => visit(file),
                    member => visit_references(member, visit),
                }
            }
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(|element| visit_references(element, visit));
        }
        _ => {}
    }
}

fn type_name(file: &str) -> &str {
    file.trim_end_matches(".schema.json")
}

/// The name of a type in the document of its API: the files of both lie together, so that those have an
/// ending which only one has so.
fn shown_name(name: &str) -> &str {
    name.strip_suffix("OfBill").unwrap_or(name)
}

/// The attributes that a type has of its own and of those that it extends, as they are answered.
pub fn attributes(name: &str, files: &BTreeMap<String, Value>) -> Map<String, Value> {
    let mut found = Map::new();
    let Some(schema) = files.get(name) else { return found };
    for base in schema["allOf"].as_array().into_iter().flatten() {
        if let Some(reference) = base["$ref"].as_str() {
            found.extend(attributes(type_name(reference), files));
        }
    }
    let own = answered(name, schema);
    found.extend(own["properties"].as_object().cloned().unwrap_or_default());
    found
}

/// The type as it is answered.
fn answered(name: &str, schema: &Value) -> Value {
    let mut schema = in_document(schema, "");
    schema["title"] = json!(name);
    drop_required(&mut schema);
    schema
}

/// Requires nothing; what decides on a branch stays.
fn drop_required(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    members.remove("required");
    for name in ["allOf", "then", "else"] {
        match members.get_mut(name) {
            Some(Value::Array(parts)) => parts.iter_mut().for_each(drop_required),
            Some(part) => drop_required(part),
            None => {}
        }
    }
    // What only had that says nothing any more.
    if members.get("then") == Some(&json!({})) {
        members.retain(|name, _| !matches!(name.as_str(), "if" | "then"));
    }
}

/// The type as it is sent to create something.
fn sent(version: Version, name: &str, schema: &Value) -> Value {
    let mut schema = in_document(schema, creation_suffix(version));
    schema["title"] = json!(format!("{name}{}", creation_suffix(version)));
    schema
}

fn in_document(schema: &Value, suffix: &str) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.remove("$schema");
    }
    visit_references(&mut schema, &mut |file| {
        *file = format!("#/components/schemas/{}{suffix}", shown_name(type_name(file)));
    });
    say_not_blank(&mut schema);
    schema
}

/// Says in the words of JSON Schema what the schema files have a format of their own for.
fn say_not_blank(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format") == Some(&json!("not-blank")) {
                members.remove("format");
                members.insert("pattern".into(), json!(r"\S"));
            }
            members.values_mut().for_each(say_not_blank);
        }
        Value::Array(elements) => elements.iter_mut().for_each(say_not_blank),
        _ => {}
    }
}

/// What every answer with a resource has of it, whatever `fields` leaves out.
pub fn always(version: Version) -> &'static [&'static str] {
    match version {
        Version::V4 => &["id", "href"],
        Version::V5 => &["id", "href", "@type"],
    }
}

/// Says what is special about a resource itself: what the server sets.
fn complete(version: Version, resource: Resource, schemas: &mut Map<String, Value>) {
    let (class, type_name) = (resource.class(), resource.type_in(version));
    schemas[type_name]["example"] = resource.example_answer(version);

    let mut set_by_server = vec!["href".to_owned()];
    set_by_server.extend(resource.definition.shown_stamp(version).map(str::to_owned));
    let created = &mut schemas[&format!("{type_name}{}", creation_suffix(version))];
    created["properties"]["id"] = json!({
        "description": "The id that the resource should have; one is made where it is left out.",
        "type": "string",
        "pattern": ID_PATTERN
    });
    let own = match resource.definition.class.terms.takes_own_classes {
        true => "that extends what @baseType or its own name says",
        false => "that extends what @baseType says",
    };
    created["properties"]["@type"]["description"] =
        json!(format!("{class}, or a class of the client's own {own}."));
    for name in &set_by_server {
        created["properties"][name]["description"] = json!("Set by the server; ignored.");
        created["properties"][name]["readOnly"] = json!(true);
    }
    created["example"] = resource.example(version);
}

/// The resource as it is sent to change one: any part of it.
fn changed(version: Version, resource: Resource, files: &BTreeMap<String, Value>) -> Value {
    let class = resource.type_in(version);
    let mut schema = answered(class, &files[class]);
    for name in resource.definition.immutable(version) {
        let note = "Cannot be changed; the present value may be sent.";
        schema["properties"][name]["description"] = json!(note);
    }
    schema["title"] = json!(format!("{class}{}", change_suffix(version)));
    schema["description"] = json!(
        "A merge patch (RFC 7396): what is given is changed, null removes, and arrays are replaced whole."
    );
    schema["example"] = resource.example_change();
    schema
}

fn error(version: Version) -> Value {
    let mut required = vec!["code", "reason", "status"];
    let mut properties = json!({
        "code": { "description": "Code of the error, from the table that TM Forum's implementations share.", "type": "string" },
        "reason": { "description": "What is wrong, in short.", "type": "string" },
        "message": { "description": "What is wrong, where, and what would be right.", "type": "string" },
        "status": { "description": "The HTTP status.", "type": "string" }
    });
    if version == Version::V5 {
        required.push("@type");
        properties["@type"] = json!({ "description": "Name of the class.", "const": "Error" });
    }
    json!({
        "title": "Error",
        "description": "Why a request was refused. Nothing was changed.",
        "type": "object",
        "required": required,
        "properties": properties
    })
}

fn json_patch() -> Value {
    let pointer = "A JSON Pointer (RFC 6901), or a path that chooses elements by their values, such as /contact/contactType?contact.contactName=Rachel, or JSONPath (RFC 9535).";
    let operation = json!({
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": { "description": "What is done.", "enum": ["add", "remove", "replace", "move", "copy", "test"] },
            "path": { "description": pointer, "type": "string" },
            "from": { "description": "Where the value of move and copy comes from.", "type": "string" },
            "value": { "description": "The value of add, replace and test." }
        }
    });
    json!({
        "title": "JsonPatch",
        "description": "Operations (RFC 6902), applied one after the other, all or none. A single one needs no array around it.",
        "oneOf": [{ "type": "array", "items": operation }, operation],
        "example": [{ "op": "replace", "path": "/description", "value": "As agreed in January" }]
    })
}
