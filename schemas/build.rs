//! Writes what the schema files say of attributes as Rust (see `src/attribute.rs`): a static for
//! each type, with the types that it extends and what its attributes hold, in the order of names.
//!
//! A type is a file. Everything that an object of it can have is united: what it extends (`allOf`)
//! and what a branch adds (`then`, `else`). The files are ours, so what they do not use is refused
//! rather than guessed.

use std::collections::BTreeMap;
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

fn main() -> Result<()> {
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
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("attributes.rs"), out)?;
    Ok(())
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

/// What an attribute holds, or each element of it.
fn holds(property: &Value, files: &Files) -> Result<Option<String>> {
    if let Some(file) = property.get("$ref") {
        let file = file.as_str().ok_or("a $ref is a text")?;
        named(file, files)?;
        return Ok(Some(format!("Object(&{})", constant(file))));
    }
    let text = |name: &str| property.get(name).and_then(Value::as_str);
    let kind = match (text("type"), text("format")) {
        (Some("array"), _) => return holds(property.get("items").unwrap_or(&Value::Null), files),
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
