//! Writes as Rust what the schema files say: of attributes (see `src/attribute.rs`), a static for each
//! type, with the types that it extends and what its attributes hold, in the order of names; and of
//! the resources (see `src/v4.rs`, `src/v5.rs`), a schema for each, with a validator that is compiled
//! from its file and from those that it refers to.
//!
//! A type is a file. Everything that an object of it can have is united: what it extends (`allOf`)
//! and what a branch adds (`then`, `else`). The files are ours, so what they do not use is refused
//! rather than guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use serde_json::{Map, Value};

const ENDING: &str = ".schema.json";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The schemas of a version, by the names of their files.
type Files = BTreeMap<String, Map<String, Value>>;

/// What attributes hold, as Rust has it, by their names.
type Members = BTreeMap<String, String>;

/// What the resources of an API have in common.
struct Api {
    resources: &'static [&'static str],
    /// Those that only v4 has, or has by that name.
    only_v4: &'static [&'static str],
    /// Those that only v5 has, or has by that name.
    only_v5: &'static [&'static str],
    /// Whether its clients may write in short what `Schema::normalise` spells out.
    has_shorthand: bool,
}

/// TMF666, TMF678, and what every API has.
const APIS: [Api; 3] = [
    Api {
        resources: &[
            "PartyAccount",
            "BillingAccount",
            "SettlementAccount",
            "FinancialAccount",
            "BillFormat",
            "BillPresentationMedia",
            "BillingCycleSpecification",
        ],
        only_v4: &[],
        only_v5: &[],
        has_shorthand: false,
    },
    Api {
        resources: &["AppliedCustomerBillingRate", "CustomerBill", "CustomerBillOnDemand"],
        only_v4: &[],
        only_v5: &["BillCycle"],
        has_shorthand: true,
    },
    Api {
        resources: &[],
        only_v4: &["EventSubscription"],
        only_v5: &["Hub"],
        has_shorthand: false,
    },
];

fn main() -> Result<()> {
    let folder = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-changed=build.rs");
    let mut out = String::new();
    for version in ["v4", "v5"] {
        println!("cargo::rerun-if-changed={version}");
        let files = read(Path::new(version))?;
        writeln!(out, "pub(crate) mod {version} {{")?;
        writeln!(out, "use crate::attribute::{{Holds::*, Kind::*, Type}};")?;
        for name in files.keys() {
            let text = type_of(name, &files).map_err(|error| format!("{version}/{name}: {error}"));
            out.push_str(&text?);
        }
        writeln!(out, "}}")?;
        let mut schemas = String::new();
        for api in &APIS {
            let only = if version == "v5" { api.only_v5 } else { api.only_v4 };
            for resource in api.resources.iter().chain(only) {
                schemas.push_str(&schema_of(resource, version, api.has_shorthand, &files)?);
            }
        }
        fs::write(Path::new(&folder).join(format!("{version}.rs")), schemas)?;
    }
    fs::write(Path::new(&folder).join("attributes.rs"), out)?;
    Ok(())
}

/// The schema of a resource.
fn schema_of(name: &str, version: &str, has_shorthand: bool, files: &Files) -> Result<String> {
    let file = format!("{name}{ENDING}");
    let constant = constant(&file);
    let description = named(&file, files)?.get("description").and_then(Value::as_str);
    let description = description.ok_or_else(|| format!("{file} has no description"))?;
    let mut reached = BTreeSet::new();
    add_reached(&file, files, &mut reached)?;

    let mut out = format!("/// {description}\npub const {constant}: Schema = {{\n");
    writeln!(out, "#[jsonschema::validator(path = \"{version}/{file}\",")?;
    writeln!(out, "base_uri = \"json-schema:///{version}/{file}\", draft = Draft202012,")?;
    writeln!(out, "validate_formats = true,")?;
    writeln!(out, "formats = {{ \"not-blank\" => crate::text::is_not_blank }},")?;
    writeln!(out, "methods = {{ is_valid = true, validate = false, iter_errors = true }},")?;
    writeln!(out, "resources = {{")?;
    for file in reached {
        let path = format!("{version}/{file}");
        writeln!(out, "\"json-schema:///{path}\" => {{ path = \"{path}\" }},")?;
    }
    writeln!(out, "}})]\nstruct {name};")?;
    writeln!(out, "Schema {{ type_name: {name:?}, attributes: &types::{constant},")?;
    writeln!(out, "has_shorthand: {has_shorthand}, is_valid: {name}::is_valid,")?;
    writeln!(out, "errors: |value| {name}::iter_errors(value) }}\n}};")?;
    Ok(out)
}

/// The file and everything that it refers to.
fn add_reached<'f>(file: &'f str, files: &'f Files, reached: &mut BTreeSet<&'f str>) -> Result<()> {
    if reached.insert(file) {
        let mut found = Vec::new();
        named(file, files)?.values().for_each(|value| add_references(value, &mut found));
        found.into_iter().try_for_each(|file| add_reached(file, files, reached))?;
    }
    Ok(())
}

fn add_references<'f>(value: &'f Value, found: &mut Vec<&'f str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| add_references(value, found));
        }
        Value::Array(elements) => elements.iter().for_each(|value| add_references(value, found)),
        _ => {}
    }
}

fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(ENDING) {
            let schema = serde_json::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            files.insert(name.to_owned(), schema);
        }
    }
    Ok(files)
}

/// The static of the type that a file describes.
fn type_of(file: &str, files: &Files) -> Result<String> {
    let schema = named(file, files)?;
    if schema.get("type").is_none_or(|kind| kind != "object") {
        return Err("a type is an object".into());
    }
    let mut bases = Vec::new();
    add_bases(schema, files, &mut bases)?;
    let mut members = Members::new();
    add_members(schema, files, &mut members)?;

    let mut out = format!("pub(crate) static {}: Type = Type {{\n", constant(file));
    writeln!(out, "    extends: &{bases:?},\n    members: &[")?;
    for (name, holds) in members {
        writeln!(out, "        ({name:?}, {holds}),")?;
    }
    out.push_str("    ],\n};\n");
    Ok(out)
}

/// The types that every object of the type has all attributes of, nearest first.
fn add_bases(schema: &Map<String, Value>, files: &Files, bases: &mut Vec<String>) -> Result<()> {
    let mut nearest = Vec::new();
    for file in parts(schema, "allOf").filter_map(|part| part.get("$ref")) {
        let file = file.as_str().ok_or("a $ref is a text")?;
        let name = file.trim_end_matches(ENDING).to_owned();
        if !bases.contains(&name) {
            bases.push(name);
            nearest.push(file);
        }
    }
    nearest.into_iter().try_for_each(|file| add_bases(named(file, files)?, files, bases))
}

fn add_members(schema: &Map<String, Value>, files: &Files, members: &mut Members) -> Result<()> {
    for keyword in schema.keys() {
        if matches!(keyword.as_str(), "anyOf" | "oneOf" | "not" | "patternProperties" | "$defs") {
            return Err(format!("{keyword} is not read here").into());
        }
    }
    if let Some(file) = schema.get("$ref") {
        add_members(named(file.as_str().ok_or("a $ref is a text")?, files)?, files, members)?;
    }
    for keyword in ["allOf", "then", "else"] {
        parts(schema, keyword).try_for_each(|part| add_members(part, files, members))?;
    }
    for (name, property) in
        schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        let holds = holds(property, files).map_err(|error| format!("{name}: {error}"))?;
        // What only bounds an attribute says what it holds elsewhere.
        let Some(holds) = holds else { continue };
        match members.get(name) {
            Some(known) if *known != holds => {
                return Err(format!("{name} is both {known} and {holds}").into());
            }
            _ => members.insert(name.clone(), holds),
        };
    }
    Ok(())
}

/// What an attribute holds, or each element of it. What can be anything is not told.
fn holds(property: &Value, files: &Files) -> Result<Option<String>> {
    if let Some(file) = property.get("$ref") {
        let file = file.as_str().ok_or("a $ref is a text")?;
        named(file, files)?;
        return Ok(Some(format!("Object(&{})", constant(file))));
    }
    let text = |name: &str| property.get(name).and_then(Value::as_str);
    let kind = match (text("type"), text("format")) {
        (Some("array"), _) => {
            let element = holds(property.get("items").unwrap_or(&Value::Null), files)?;
            return Ok(element.map(|element| element.replace("Object(", "Objects(")));
        }
        (Some("string"), Some("date-time")) => "Time",
        (Some("string"), _) => "Text",
        (Some("integer" | "number"), _) => "Number",
        (Some("boolean"), _) => "Boolean",
        (Some(other), _) => return Err(format!("{other} is not in a file of its own").into()),
        (None, _) => return Ok(None),
    };
    Ok(Some(format!("Value({kind})")))
}

/// The schemas that a keyword has, be it one or a list of them.
fn parts<'s>(
    schema: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'s Map<String, Value>> {
    let value = schema.get(keyword);
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.chain(value).filter_map(Value::as_object)
}

fn named<'f>(file: &str, files: &'f Files) -> Result<&'f Map<String, Value>> {
    Ok(files.get(file).ok_or_else(|| format!("there is no {file}"))?)
}

/// `BillFormat.schema.json` as the name of a static.
fn constant(file: &str) -> String {
    let mut constant = String::new();
    for letter in file.trim_end_matches(ENDING).chars() {
        if letter.is_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.extend(letter.to_uppercase());
    }
    constant
}
