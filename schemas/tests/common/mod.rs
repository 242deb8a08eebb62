//! Documents made up from the schema files, and what the files say of them.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use schemas::{Class, class};
use serde_json::{Map, Value, json};

pub type Document = Map<String, Value>;

pub const CLASSES: [&Class; 12] = [
    &class::BILLING_ACCOUNT,
    &class::PARTY_ACCOUNT,
    &class::SETTLEMENT_ACCOUNT,
    &class::FINANCIAL_ACCOUNT,
    &class::BILL_FORMAT,
    &class::BILL_PRESENTATION_MEDIA,
    &class::BILLING_CYCLE_SPECIFICATION,
    &class::APPLIED_CUSTOMER_BILLING_RATE,
    &class::CUSTOMER_BILL,
    &class::CUSTOMER_BILL_ON_DEMAND,
    &class::BILL_CYCLE,
    &class::HUB,
];

/// The classes that the version in the folder has.
pub fn classes_of(folder: &str) -> impl Iterator<Item = &'static Class> {
    let is_there = move |class: &&Class| folder == "v5" || class.name() != "BillCycle";
    CLASSES.into_iter().filter(is_there)
}

/// The name of a class in the version in the folder, which is that of its file.
pub fn name_in(folder: &str, class: &Class) -> &'static str {
    let schema = if folder == "v4" { &class.v4 } else { &class.v5 };
    schema.type_name()
}

/// A class, and a document of it in the version in the folder.
pub fn document_of(folder: &'static str) -> impl Strategy<Value = (&'static Class, Document)> {
    let weighted = classes_of(folder).map(|class| {
        let weight = match class.name() {
            "BillingAccount" => 4,
            "AppliedCustomerBillingRate" | "CustomerBill" => 2,
            _ => 1,
        };
        let document = documents(folder, name_in(folder, class));
        (weight, document.prop_map(move |document| (class, object_of(&document))).boxed())
    });
    proptest::strategy::Union::new_weighted(weighted.collect())
}

pub fn object_of(value: &Value) -> Document {
    value.as_object().unwrap().clone()
}

/// Documents of a type, of the version in the folder: with everything that is required, and some of
/// what is not, extensions included.
pub fn documents(folder: &'static str, class: &str) -> BoxedStrategy<Value> {
    let schema = read(folder, &format!("{class}.schema.json"));
    // A class of its own is something that only a part can have.
    object(folder, &schema, Some(class))
}

/// The attributes that a type has in any of its classes, each with its schema.
pub fn attributes(folder: &str, file: &str) -> Map<String, Value> {
    let schema = read(folder, file);
    let mut members = Members::default();
    members.add(folder, &schema);
    branches(folder, &schema).iter().for_each(|(_, branch)| members.add(folder, branch));
    members.properties
}

/// The file of the type that an attribute holds, if it holds one.
pub fn file_of(property: &Value) -> Option<&str> {
    property["$ref"].as_str().or_else(|| property["items"]["$ref"].as_str())
}

/// Visits every object that a type describes, from the inside out, with the attributes of its type.
pub fn visit(
    folder: &str,
    file: &str,
    object: &mut Document,
    visitor: &mut dyn FnMut(&mut Document, &Map<String, Value>),
) {
    let attributes = attributes(folder, file);
    for (name, property) in &attributes {
        let Some(file) = file_of(property) else { continue };
        match object.get_mut(name) {
            Some(Value::Object(part)) => visit(folder, file, part, visitor),
            Some(Value::Array(parts)) => {
                let parts = parts.iter_mut().filter_map(Value::as_object_mut);
                parts.for_each(|part| visit(folder, file, part, visitor));
            }
            _ => {}
        }
    }
    visitor(object, &attributes);
}

/// Everything that `whole` lacks of `part`, or has otherwise. A class that is the usual one at its
/// place need not be said, and a blank text says nothing.
fn lacking(whole: &Value, part: &Value, pointer: &str, out: &mut Vec<String>) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (name, part) in part {
                let pointer = format!("{pointer}/{name}");
                match whole.get(name) {
                    Some(whole) => lacking(whole, part, &pointer, out),
                    None if pointer == "/relatedParty" && *part == json!([]) => {}
                    None if pointer == "/@type" && *part == json!("EventSubscription") => {}
                    None => out.push(format!("{pointer} is gone")),
                }
            }
        }
        (Value::Array(whole), Value::Array(part)) if whole.len() == part.len() => {
            for (index, (whole, part)) in whole.iter().zip(part).enumerate() {
                lacking(whole, part, &format!("{pointer}/{index}"), out);
            }
        }
        (whole, part) if whole == part => {}
        (_, Value::String(part)) if part.trim().is_empty() => {}
        (whole, part) => out.push(format!("{pointer} was {part} and is {whole}")),
    }
}

#[track_caller]
pub fn assert_has_all(whole: &Document, part: &Document) {
    let (whole, part) = (Value::Object(whole.clone()), Value::Object(part.clone()));
    let mut out = Vec::new();
    lacking(&whole, &part, "", &mut out);
    assert_eq!(out, Vec::<String>::new(), "{part:#}\n became {whole:#}");
}

fn read(folder: &str, file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// What an object of a type can have.
#[derive(Default)]
struct Members {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Members {
    fn add(&mut self, folder: &str, schema: &Value) {
        for base in schema["allOf"].as_array().into_iter().flatten() {
            if let Some(file) = base["$ref"].as_str() {
                self.add(folder, &read(folder, file));
            }
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let known = self.properties.entry(name).or_insert_with(|| json!({}));
            known.as_object_mut().unwrap().extend(property.as_object().unwrap().clone());
        }
        let required = schema["required"].as_array().into_iter().flatten();
        self.required.extend(required.map(|name| name.as_str().unwrap().to_owned()));
    }
}

/// The types that `if` and `then` choose among, by the classes that choose them.
fn branches(folder: &str, schema: &Value) -> Vec<(Option<String>, Value)> {
    let mut found = Vec::new();
    let choices = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    for choice in choices.filter(|choice| choice["then"]["$ref"].is_string()) {
        let class = choice["if"]["properties"]["@type"]["const"].as_str().map(str::to_owned);
        found.push((class, read(folder, choice["then"]["$ref"].as_str().unwrap())));
        if let Some(file) = choice["else"]["$ref"].as_str() {
            found.push((None, read(folder, file)));
        }
    }
    found
}

fn typed(folder: &'static str, file: &str) -> BoxedStrategy<Value> {
    let schema = read(folder, file);
    let mut choices: Vec<_> = branches(folder, &schema)
        .into_iter()
        .map(|(class, branch)| {
            // What a branch adds, beside what all have.
            let mut members = Members::default();
            members.add(folder, &schema);
            members.add(folder, &branch);
            members_strategy(folder, members, class.as_deref())
        })
        .collect();
    if choices.is_empty() || schema["properties"].is_object() {
        choices.push(object(folder, &schema, None));
    }
    proptest::strategy::Union::new(choices).boxed()
}

fn object(folder: &'static str, schema: &Value, class: Option<&str>) -> BoxedStrategy<Value> {
    let mut members = Members::default();
    members.add(folder, schema);
    members_strategy(folder, members, class)
}

fn members_strategy(
    folder: &'static str,
    members: Members,
    class: Option<&str>,
) -> BoxedStrategy<Value> {
    let is_extensible = members.properties.contains_key("@type");
    let mut strategy = Just(Map::new()).boxed();
    for (name, property) in members.properties {
        let value = match (name.as_str(), class) {
            ("@type", Some(class)) => Just(Value::from(class)).boxed(),
            ("@type", None) => "Own[AB]".prop_map(Value::from).boxed(),
            ("@referredType", _) => {
                const REFERRED: [&str; 4] = ["Individual", "Customer", "PartyRole", "DealerRole"];
                prop::sample::select(&REFERRED[..]).prop_map(Value::from).boxed()
            }
            _ => value(folder, &property),
        };
        let is_required = members.required.contains(&name) || name == "@type" && class.is_some();
        let value = match is_required {
            true => value.prop_map(Some).boxed(),
            false => option::weighted(if name.starts_with('@') { 0.1 } else { 0.4 }, value).boxed(),
        };
        strategy = (strategy, value)
            .prop_map(move |(mut object, value)| {
                object.extend(value.map(|value| (name.clone(), value)));
                object
            })
            .boxed();
    }
    let extensions = btree_map("x[abc]{1,2}", any_value(), 0..if is_extensible { 2 } else { 1 });
    let with_extensions = (strategy, extensions).prop_map(|(mut object, extensions)| {
        object.extend(extensions);
        // A reference that says so has an id.
        if object.get("isRef") == Some(&json!(true)) {
            let id = object.entry("id").or_insert_with(|| json!("r1"));
            if id.as_str().is_some_and(|id| id.trim().is_empty()) {
                *id = json!("r2");
            }
        }
        Value::Object(object)
    });
    with_extensions.boxed()
}

fn value(folder: &'static str, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(file) = schema["$ref"].as_str() {
        return typed(folder, file);
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("array"), _) => {
            let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap();
            vec(value(folder, &schema["items"]), least..3).prop_map(Value::from).boxed()
        }
        (Some("string"), Some("date-time")) => {
            const TIMES: [&str; 2] = ["2026-01-31T09:30:00Z", "2025-12-31T23:59:59.5+01:00"];
            prop::sample::select(&TIMES[..]).prop_map(Value::from).boxed()
        }
        (Some("string"), Some("not-blank")) => "[a-z ]{0,3}[A-Z]".prop_map(Value::from).boxed(),
        (Some("string"), _) => "[a-zA-Z0-9 ]{1,4}".prop_map(Value::from).boxed(),
        (Some("integer"), _) => (-5..50_i32).prop_map(Value::from).boxed(),
        (Some("number"), _) => prop::sample::select(&["0", "-3", "100.10", "1e400"][..])
            .prop_map(|text| serde_json::from_str(text).unwrap())
            .boxed(),
        (Some("boolean"), _) => any::<bool>().prop_map(Value::from).boxed(),
        (None, None) => any_value().boxed(),
        other => panic!("no values of {other:?}: {schema}"),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), Just(json!(7))];
    prop_oneof![leaf, Just(json!({ "@type": "Own", "name": "n" })), Just(json!([1, "a"]))]
}
