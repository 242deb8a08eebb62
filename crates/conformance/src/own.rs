//! The types that the schemas of this project describe, and its OpenAPI documents.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::types::Type;
use crate::version::Version;

/// What the name of a type ends in whose name two APIs have for different things, in the one that came
/// later.
const ENDING: &str = "OfBill";

/// The OpenAPI document of the project.
pub fn document(version: &Version) -> anyhow::Result<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi");
    let path = folder.join(format!("{}.json", version.name()));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// Reads the type with the name.
pub fn read(version: &Version, name: &str) -> anyhow::Result<Type> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(version.folder);
    let of_bill = folder.join(format!("{name}{ENDING}.schema.json"));
    let path = match version.api.number == "TMF678" && of_bill.exists() {
        true => of_bill,
        false => folder.join(format!("{name}.schema.json")),
    };
    let text = std::fs::read_to_string(&path).with_context(|| format!("{name} has no schema"))?;
    add(version, &serde_json::from_str(&text).with_context(|| path.display().to_string())?)
}

fn add(version: &Version, schema: &Value) -> anyhow::Result<Type> {
    let mut found = Type::default();
    for base in schema["allOf"].as_array().into_iter().flatten() {
        if let Some(reference) = base["$ref"].as_str() {
            found.extend(read(version, &type_name(reference))?);
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        // One that only bounds what another schema says is no attribute of its own; one that nothing
        // is said of can be anything.
        let is_anything = property.as_object().is_some_and(|it| it.keys().eq(["description"]));
        if property.get("type").is_some() || property.get("$ref").is_some() || is_anything {
            found.attributes.insert(name.clone(), shape(property));
        }
    }
    let required = schema["required"].as_array().into_iter().flatten();
    found.required.extend(required.filter_map(|name| Some(name.as_str()?.to_owned())));
    collect_variants(schema, &mut found);
    Ok(found)
}

/// Adds the types that `then` and `else` choose among.
fn collect_variants(schema: &Value, found: &mut Type) {
    for branch in [&schema["then"], &schema["else"]] {
        if let Some(reference) = branch["$ref"].as_str() {
            found.variants.insert(type_name(reference));
        }
        if branch.is_object() {
            collect_variants(branch, found);
        }
    }
}

fn shape(property: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        return type_name(reference);
    }
    match (property["type"].as_str().unwrap_or("any"), property["format"].as_str()) {
        ("array", _) => format!("[{}]", shape(&property["items"])),
        ("string", Some("date-time")) => "string date-time".to_owned(),
        (primitive, _) => primitive.to_owned(),
    }
}

fn type_name(reference: &str) -> String {
    reference.trim_end_matches(".schema.json").trim_end_matches(ENDING).to_owned()
}
