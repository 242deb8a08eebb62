//! What documents of a class can have: read out of the OpenAPI document that the server gives.
//!
//! The document says it in JSON Schema. Of that, the parts are understood that the API's classes are
//! described with: `$ref`, `allOf`, `properties`, `required`, and branches by `@type`.

use serde_json::Value;

/// How classes are called as they are sent, beside how they are answered.
const SENT: &str = "_FVO";

/// The classes of an API.
#[derive(Clone, Copy)]
pub struct Schemas<'a>(&'a Value);

/// An attribute of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// What it means.
    pub help: String,
    pub is_required: bool,
    /// Kept by the server: what is sent of it is ignored.
    pub is_read_only: bool,
    pub kind: Kind,
}

impl Field {
    /// An attribute that no class describes.
    pub fn extension(name: String) -> Self {
        let help = String::new();
        Self { name, help, is_required: false, is_read_only: false, kind: Kind::Any }
    }
}

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A date with a time.
    Instant,
    Number,
    Truth,
    /// A part of another class.
    Part(String),
    List(Box<Kind>),
    /// What the schema leaves open.
    Any,
}

impl<'a> Schemas<'a> {
    /// The classes in an OpenAPI document.
    pub fn of(document: &'a Value) -> Self {
        Self(document.pointer("/components/schemas").unwrap_or(&Value::Null))
    }

    /// The attributes of a class, for a document of the type `of_type`, in
    /// alphabetical order; those that it must have come first, and then its name, if it has one.
    pub fn fields(&self, class: &str, of_type: Option<&str>) -> Vec<Field> {
        let mut found = Vec::new();
        let mut required = Vec::new();
        self.collect(self.class(class), of_type, &mut found, &mut required);
        found.retain(|field| field.name != "@type");
        for field in &mut found {
            field.is_required = required.contains(&&*field.name);
        }
        found.sort_by(|a, b| rank(a).cmp(&rank(b)));
        found
    }

    /// The types that a class branches into; none: it is one alone.
    pub fn types(&self, class: &str) -> Vec<String> {
        let mut types = Vec::new();
        if let Some(schema) = self.class(class) {
            let branches =
                schema.get("allOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for branch in branches.iter().chain([schema]) {
                types.extend(branch_type(branch).map(str::to_owned));
                types.extend(branch.get("else").and_then(referred).map(|it| bare(it).to_owned()));
            }
        }
        types
    }

    fn class(&self, class: &str) -> Option<&'a Value> {
        let sent = format!("{}{SENT}", bare(class));
        [&sent, &format!("{class}_Create"), class].into_iter().find_map(|name| self.0.get(name))
    }

    /// Collects fields, those of what a schema refers to first: what stands nearer says it better.
    fn collect(
        &self,
        schema: Option<&'a Value>,
        of_type: Option<&str>,
        found: &mut Vec<Field>,
        required: &mut Vec<&'a str>,
    ) {
        let Some(schema) = schema else { return };
        let named = referred(schema).and_then(|name| self.0.get(name));
        self.collect(named, of_type, found, required);
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.collect(Some(part), of_type, found, required);
        }
        if let Some(branch) = branch_type(schema) {
            let chosen = if of_type == Some(branch) { "then" } else { "else" };
            self.collect(schema.get(chosen), of_type, found, required);
        }
        let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        required.extend(names.filter_map(Value::as_str));
        for (name, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let known = found.iter().position(|field: &Field| field.name == *name);
            let is_read_only = property.get("readOnly").is_some_and(|it| *it == Value::Bool(true));
            let help = property.get("description").and_then(Value::as_str).unwrap_or_default();
            match known {
                Some(place) => {
                    found[place].help = help.to_owned();
                    found[place].is_read_only |= is_read_only;
                }
                None => found.push(Field {
                    name: name.clone(),
                    help: help.to_owned(),
                    is_required: false,
                    is_read_only,
                    kind: kind(property),
                }),
            }
        }
    }
}

/// What a schema lets an attribute hold.
fn kind(schema: &Value) -> Kind {
    if let Some(class) = referred(schema) {
        return Kind::Part(class.to_owned());
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.get("format").is_some_and(|it| it == "date-time") => Kind::Instant,
        Some("string") => Kind::Text,
        Some("number" | "integer") => Kind::Number,
        Some("boolean") => Kind::Truth,
        Some("array") => Kind::List(Box::new(schema.get("items").map_or(Kind::Any, kind))),
        _ => Kind::Any,
    }
}

/// The class that a schema refers to.
fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// The type that a schema has a branch for.
fn branch_type(schema: &Value) -> Option<&str> {
    schema.pointer("/if/properties/@type/const")?.as_str()
}

/// The name of a class without what tells how it is sent.
fn bare(class: &str) -> &str {
    class.strip_suffix(SENT).unwrap_or(class)
}

/// Where a field stands in a form.
fn rank(field: &Field) -> (u8, &str) {
    let place = match &*field.name {
        _ if field.is_required => 0,
        "name" => 1,
        name if name.starts_with('@') => 3,
        _ => 2,
    };
    (place, &field.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi/TMF666-v5.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn names(fields: &[Field]) -> Vec<&str> {
        fields.iter().map(|field| &*field.name).collect()
    }

    #[test]
    fn a_class_has_what_it_inherits() {
        let document = document();
        let fields = Schemas::of(&document).fields("BillingAccount", None);
        assert_eq!(names(&fields)[..3], ["name", "relatedParty", "accountBalance"]);
        let field = |name: &str| fields.iter().find(|field| field.name == name);
        assert!(field("ratingType").is_some() && field("href").unwrap().is_read_only);
        assert_eq!(field("creditLimit").unwrap().kind, Kind::Part("Money_FVO".into()));
        assert!(field("relatedParty").unwrap().is_required);
    }

    #[test]
    fn the_type_decides_on_the_branch() {
        let document = document();
        let schemas = Schemas::of(&document);
        let medium = |it| names(&schemas.fields("ContactMedium_FVO", it)).join(" ");
        assert!(medium(Some("EmailContactMedium")).contains("emailAddress"));
        assert!(!medium(Some("PhoneContactMedium")).contains("emailAddress"));
        assert_eq!(schemas.types("ContactMedium_FVO").len(), 5);
        assert_eq!(schemas.types("BillFormatRefOrValue_FVO"), ["BillFormatRef", "BillFormat"]);
        assert!(schemas.types("Money_FVO").is_empty());
    }

    #[test]
    fn nothing_is_known_of_what_is_not_there() {
        assert_eq!(Schemas::of(&Value::Null).fields("BillingAccount", None), []);
    }
}
