//! The types that an official file describes.
//!
//! What a type has, its plain schema says; what a new value must have, the schema for creation says,
//! where there is one.

use anyhow::Context;
use serde_json::Value;

use crate::types::Type;
use crate::version::Version;

/// Reads the type with the name.
pub fn read(version: &Version, spec: &Value, name: &str) -> anyhow::Result<Type> {
    let types = spec.pointer(version.types).context("the official file has no types")?;
    let mut found = flattened(types, name)?;
    let for_creation = format!("{name}{}", version.for_creation);
    if types.get(&for_creation).is_some() {
        found.required = flattened(types, &for_creation)?.required;
    }
    Ok(found)
}

/// The type with the name, with what it has of those that it extends.
pub fn flattened(types: &Value, name: &str) -> anyhow::Result<Type> {
    let schema = types.get(name);
    add(types, schema.with_context(|| format!("the official file has no type {name}"))?)
}

/// The type that a schema describes.
pub fn add(types: &Value, schema: &Value) -> anyhow::Result<Type> {
    let mut found = Type::default();
    for base in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(match base["$ref"].as_str() {
            Some(reference) => flattened(types, last_step(reference))?,
            None => add(types, base)?,
        });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.attributes.insert(name.clone(), shape(types, property));
    }
    let required = schema["required"].as_array().into_iter().flatten();
    found.required.extend(required.filter_map(|name| Some(name.as_str()?.to_owned())));
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    found
        .variants
        .extend(variants.filter_map(|variant| Some(type_name(variant["$ref"].as_str()?))));
    Ok(found)
}

fn shape(types: &Value, property: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        let referred = &types[last_step(reference)];
        return match referred["enum"].is_array() {
            true => "one of some texts".to_owned(),
            false if is_anything(referred) => "any".to_owned(),
            false => type_name(reference),
        };
    }
    match (property["type"].as_str().unwrap_or("any"), property["format"].as_str()) {
        ("array", _) => format!("[{}]", shape(types, &property["items"])),
        ("string", Some("date-time")) => "string date-time".to_owned(),
        (primitive, _) => primitive.to_owned(),
    }
}

/// Whether the type says nothing of its values.
fn is_anything(referred: &Value) -> bool {
    let says = ["type", "properties", "allOf", "oneOf"];
    referred.is_object() && says.iter().all(|keyword| referred.get(keyword).is_none())
}

fn last_step(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn type_name(reference: &str) -> String {
    let name = last_step(reference);
    name.trim_end_matches("_FVO").trim_end_matches("_MVO").to_owned()
}
