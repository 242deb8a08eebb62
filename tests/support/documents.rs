//! Documents made up from the OpenAPI documents: as clients could send them, and broken ones.

use std::path::Path;

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// How deep what need not be there is made up.
const MAX_DEPTH: usize = 6;

/// What is made up as it is described in an OpenAPI document.
pub struct Maker {
    schemas: Map<String, Value>,
    /// The names of all attributes of all types.
    names: Vec<String>,
    pub random: Rng,
}

impl Maker {
    /// Documents of an API in a version, such as `TMF666` in `v5`; the same seed makes the same.
    pub fn of(api: &str, version: &str, seed: u64) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../docs/openapi/{api}-{version}.json"));
        let mut document: Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let Value::Object(schemas) = document["components"]["schemas"].take() else {
            panic!("{api} has no schemas in {version}")
        };
        let properties = schemas.values().filter_map(|schema| schema["properties"].as_object());
        let mut names: Vec<_> = properties.flat_map(Map::keys).cloned().collect();
        names.sort_unstable();
        names.dedup();
        Self { schemas, names, random: Rng::with_seed(seed) }
    }

    /// A document as one can be sent: of the type, with some of what it may have.
    pub fn document(&mut self, type_name: &str) -> Value {
        let schema = self.schemas[type_name].clone();
        let mut document = Value::Object(self.object(&schema, 0));
        document["@type"] = type_name.split('_').next().into();
        document
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Map<String, Value> {
        let mut object = Map::new();
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.trim_start_matches("#/components/schemas/");
            object.extend(self.object(&self.schemas[name].clone(), depth));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            object.extend(self.object(part, depth));
        }
        let class = &schema["if"]["properties"]["@type"]["const"];
        let branch = if class.is_string() && self.random.bool() { "then" } else { "else" };
        if schema[branch].is_object() {
            object.extend(self.object(&schema[branch], depth));
        }
        if branch == "then" {
            object.insert("@type".into(), class.clone());
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let mut required = schema["required"].as_array().into_iter().flatten();
            let is_required = required.any(|it| it == name.as_str());
            // The server's, and what names the resource: ids are not taken twice.
            let is_left_out = property["readOnly"] == true || name.starts_with('@') || name == "id";
            let is_wanted = !is_left_out && depth < MAX_DEPTH && self.random.u8(0..10) < 4;
            if is_required || is_wanted {
                object.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        object
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(choices) = schema["enum"].as_array() {
            return choices[self.random.usize(..choices.len())].clone();
        }
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("string"), Some("date-time")) => "2026-01-31T09:30:00.5+01:00".into(),
            (Some("integer"), _) => self.random.u8(1..28).into(),
            (Some("number"), _) => json!(f64::from(self.random.u16(..)) / 100.0),
            (Some("boolean"), _) => self.random.bool().into(),
            (Some("array"), _) => {
                let len = self.random.usize(1..3);
                (0..len).map(|_| self.value(&schema["items"], depth)).collect()
            }
            (Some("object"), _) | (None, _) if schema.get("$ref").is_some() => {
                self.object(schema, depth).into()
            }
            _ => self.random.choice(["a", "Ümlaut", "4711", "EUR"]).into(),
        }
    }

    /// Breaks the document in some place, perhaps.
    pub fn mutate(&mut self, document: &mut Value) {
        let places = places(document, "");
        let place = &places[self.random.usize(..places.len())];
        let name = self.names[self.random.usize(..self.names.len())].clone();
        let anything = self.anything();
        let Some(value) = document.pointer_mut(place) else { return };
        match (self.random.u8(0..6), value) {
            (0, Value::Object(object)) if !object.is_empty() => {
                let key = object.keys().nth(self.random.usize(..object.len())).cloned();
                drop(key.and_then(|key| object.remove(&key)));
            }
            (1 | 2, Value::Object(object)) => drop(object.insert(name, anything)),
            (3, Value::Array(elements)) => elements.push(anything),
            (4, value) if !place.is_empty() => *value = json!([value.take()]),
            (_, value) if !place.is_empty() => *value = anything,
            _ => {}
        }
    }

    fn anything(&mut self) -> Value {
        let values = [
            Value::Null,
            true.into(),
            0.into(),
            json!(-12.5),
            "".into(),
            " \t".into(),
            "text".into(),
            "2026-01-31".into(),
            "2026-02-30T00:00:00Z".into(),
            "2026-01-31T09:30:00Z".into(),
            json!([]),
            json!({}),
            json!([{}]),
            json!({ "id": "1", "@type": "BillFormatRef" }),
            json!({ "a": { "b": [1, { "c": null }] } }),
            "BillFormat".into(),
            "PartyAccount".into(),
            "GoldBillingAccount".into(),
        ];
        values[self.random.usize(..values.len())].clone()
    }
}

/// The JSON Pointers of everything in the document.
fn places(value: &Value, pointer: &str) -> Vec<String> {
    let mut found = vec![pointer.to_owned()];
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                found.extend(places(value, &format!("{pointer}/{name}")));
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                found.extend(places(value, &format!("{pointer}/{index}")));
            }
        }
        _ => {}
    }
    found
}
