//! What can be done with a resource.

use serde_json::{Map, Value, json};
use tmf630::Version;
use tmf630::model::behaviour::{Action, PartKind};
use tmf630::model::operation::Operation;

use crate::parameters::{conditions, header_references, id, reference, references};
use crate::resources::Resource;
use crate::responses::{answer, empty, with_errors};
use crate::schemas::{always, change_suffix, creation_suffix};
use crate::security;

/// The paths of a resource, with the operations that it has.
pub fn paths(version: Version, resource: Resource) -> Map<String, Value> {
    let definition = resource.definition;
    let name = definition.name();
    let operations = Operations { version, resource };
    let described = |operation: Operation| match operation {
        Operation::List => ("get", operations.list()),
        Operation::Create => ("post", operations.create()),
        Operation::CreateMany => ("patch", operations.create_many()),
        Operation::Retrieve => ("get", operations.retrieve()),
        Operation::Update => ("patch", operations.change()),
        Operation::Delete => ("delete", operations.delete()),
    };
    let mut collection = json!({
        "options": operations.options("", "the collection"),
        "parameters": [reference("RequestId")]
    });
    let mut item = json!({
        "options": operations.options("One", "one of them"),
        "parameters": [id(resource), reference("RequestId")]
    });
    for operation in definition.operations.iter() {
        let (method, mut description) = described(operation);
        description["security"] = security::of(definition, operation);
        let path = if operation.is_on_item() { &mut item } else { &mut collection };
        path[method] = description;
    }
    let mut paths =
        Map::from_iter([(format!("/{name}"), collection), (format!("/{name}/{{id}}"), item)]);
    let parts = definition.behaviour.map_or(&[][..], |behaviour| behaviour.parts());
    for part in parts {
        paths.insert(format!("/{name}/{{id}}/{}", part.name), operations.part(part));
    }
    let actions = definition.behaviour.map_or(&[][..], |behaviour| behaviour.actions());
    for action in actions {
        paths.insert(format!("/{name}/{{id}}/{}", action.name), operations.action(action));
    }
    paths
}

/// `document` as `Document`.
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A merge patch of attributes as operations that do the same.
fn as_operations(change: &Value) -> Value {
    let attributes = change.as_object().into_iter().flatten();
    let operation =
        |(name, value)| json!({ "op": "add", "path": format!("/{name}"), "value": value });
    attributes.map(operation).collect()
}

struct Operations {
    version: Version,
    resource: Resource,
}

impl Operations {
    fn operation(&self, verb: &str, summary: String, mut rest: Value) -> Value {
        rest["operationId"] = json!(format!("{verb}{}", self.resource.class()));
        rest["summary"] = json!(summary);
        rest["tags"] = json!([self.resource.definition.name()]);
        rest
    }

    fn words(&self) -> &'static tmf630::model::api::Resource {
        self.resource.definition.resource
    }

    /// The resource as it is answered. As a part of another one it need not have an id.
    fn answered(&self) -> Value {
        let mut schema = self.schema("");
        schema["required"] = json!(always(self.version));
        schema
    }

    fn schema(&self, suffix: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{}{suffix}", self.resource.type_in(self.version)) })
    }

    fn document(&self, description: &str, headers: &[&str]) -> Value {
        answer(self.version, description, headers, self.answered())
    }

    fn list(&self) -> Value {
        let Self { version, resource } = *self;
        let schema = || json!({ "type": "array", "items": self.answered() });
        let headers = ["X-Total-Count", "X-Result-Count", "Link", "X-Request-Id"];
        let part = ["X-Total-Count", "X-Result-Count", "Link", "Content-Range", "X-Request-Id"];
        let answers = json!({
            "200": answer(version, "A page of the list.", &headers, schema()),
            "206": answer(version, "A part of the list (only with partial_content=206).", &part, schema()),
            "304": empty("There is a list (only with If-None-Match: *).", &["X-Request-Id"])
        });
        let parameters = ["Fields", "Offset", "Limit", "Sort", "Filter", "IfMatch", "IfNoneMatch"]
            .map(reference);
        let parameters: Vec<_> =
            parameters.into_iter().chain([conditions(version, resource)]).collect();
        let responses = with_errors(version, answers, &[401, 403, 412, 416]);
        let rest = json!({ "parameters": parameters, "responses": responses });
        self.operation("list", format!("Lists {}", self.words().many), rest)
    }

    fn create(&self) -> Value {
        let headers = ["Location", "ETag", "X-Request-Id"];
        let mut answers = json!({ "201": self.document("What was created.", &headers) });
        let behaviour = self.resource.definition.behaviour;
        if behaviour.is_some_and(|behaviour| behaviour.previews()) {
            let headers = ["ETag", "X-Request-Id"];
            answers["200"] = self.document("What would be created; nothing is stored.", &headers);
        }
        let content = json!({ "application/json": {
            "schema": self.schema(creation_suffix(self.version)),
            "example": self.resource.example_with_id(self.version)
        } });
        let rest = json!({
            "parameters": references(&["Fields", "IdempotencyKey", "IfMatch", "IfNoneMatch"]),
            "requestBody": { "required": true, "content": content },
            "responses": with_errors(self.version, answers, &[401, 403, 409, 412, 413, 415, 422])
        });
        self.operation("create", format!("Creates {}", self.words().one), rest)
    }

    /// A document that lies below the resource.
    fn part(&self, part: &PartKind) -> Value {
        let schema = |media_type: &&'static str| match *media_type {
            "application/json" => json!({ "type": "object" }),
            _ => json!({ "type": "string" }),
        };
        let content = part
            .media_types
            .iter()
            .map(|media_type| ((*media_type).to_owned(), json!({ "schema": schema(media_type) })));
        let content: Map<_, _> = content.collect();
        let headers = header_references(&["X-Request-Id"]);
        let answers = json!({
            "200": { "description": part.description, "headers": headers, "content": content }
        });
        let rest =
            json!({ "responses": with_errors(self.version, answers, &[401, 403, 404, 409]) });
        let verb = format!("retrieve{}", capitalised(part.name));
        let summary = format!("Retrieves the {} of {}", part.name, self.words().one);
        let mut get = self.operation(&verb, summary, rest);
        get["security"] = security::of(self.resource.definition, Operation::Retrieve);
        json!({ "get": get, "parameters": [id(self.resource), reference("RequestId")] })
    }

    /// What can be done beside the operations of the standard.
    fn action(&self, action: &Action) -> Value {
        let answers = json!({ action.status.as_str(): empty("It is done, or is going to be.", &["X-Request-Id"]) });
        let rest =
            json!({ "responses": with_errors(self.version, answers, &[401, 403, 404, 409]) });
        let method = action.method.as_str().to_lowercase();
        let verb = match &method[..] {
            "delete" => format!("delete{}", capitalised(action.name)),
            _ => action.name.to_owned(),
        };
        let summary = action.description.trim_end_matches('.').to_owned();
        let mut operation = self.operation(&verb, summary, rest);
        operation["security"] = security::of(self.resource.definition, Operation::Update);
        json!({ method: operation, "parameters": [id(self.resource), reference("RequestId")] })
    }

    fn create_many(&self) -> Value {
        let operation = json!({
            "type": "object",
            "required": ["op", "path", "value"],
            "properties": {
                "op": { "const": "add" },
                "path": { "const": "/" },
                "value": self.schema(creation_suffix(self.version))
            }
        });
        let schema = json!({ "type": "array", "maxItems": 1000, "items": operation });
        let list = json!({ "type": "array", "items": self.answered() });
        let example = self.resource.example(self.version);
        let example = json!([{ "op": "add", "path": "/", "value": example }]);
        let answers = json!({
            "200": answer(self.version, "What was created, in the same order.", &["X-Request-Id"], list)
        });
        let rest = json!({
            "description": "Up to 1,000 at once, all or none.",
            "parameters": references(&["Fields", "IdempotencyKey", "IfMatch", "IfNoneMatch"]),
            "requestBody": {
                "required": true,
                "content": { "application/json-patch+json": { "schema": schema, "example": example } }
            },
            "responses": with_errors(self.version, answers, &[401, 403, 409, 412, 413, 415, 422])
        });
        self.operation("createMany", format!("Creates many {}", self.words().many), rest)
    }

    fn retrieve(&self) -> Value {
        let answers = json!({
            "200": self.document("The resource.", &["ETag", "X-Request-Id"]),
            "304": empty("It still has the entity tag.", &["ETag", "X-Request-Id"])
        });
        let rest = json!({
            "parameters": references(&["Fields", "IfMatch", "IfNoneMatch"]),
            "responses": with_errors(self.version, answers, &[401, 403, 404, 412])
        });
        self.operation("retrieve", format!("Reads {}", self.words().one), rest)
    }

    fn change(&self) -> Value {
        let change = self.resource.example_change();
        let merge =
            || json!({ "schema": self.schema(change_suffix(self.version)), "example": change });
        let operations = || {
            let schema = json!({ "$ref": "#/components/schemas/JsonPatch" });
            json!({ "schema": schema, "example": as_operations(&change) })
        };
        let answers = json!({ "200": self.document("The resource as it is now.", &["ETag", "X-Request-Id"]) });
        let rest = json!({
            "description": "The patch applies whole or not at all. One that changes nothing writes nothing.",
            "parameters": references(&["Fields", "IfMatch", "IfNoneMatch"]),
            "requestBody": {
                "required": true,
                "content": {
                    "application/merge-patch+json": merge(),
                    "application/json": merge(),
                    "application/json-patch+json": operations(),
                    "application/json-patch-query+json": operations()
                }
            },
            "responses": with_errors(self.version, answers, &[401, 403, 404, 409, 412, 413, 415])
        });
        self.operation("patch", format!("Changes {}", self.words().one), rest)
    }

    fn delete(&self) -> Value {
        let answers = json!({ "204": empty("It is gone.", &["X-Request-Id"]) });
        let rest = json!({
            "parameters": references(&["IfMatch", "IfNoneMatch"]),
            "responses": with_errors(self.version, answers, &[401, 403, 404, 409, 412])
        });
        self.operation("delete", format!("Deletes {}", self.words().one), rest)
    }

    fn options(&self, which: &str, of: &str) -> Value {
        let headers = ["Allow", "Accept-Patch", "X-Request-Id"];
        let answers = json!({ "204": empty("What is possible.", &headers) });
        let rest = json!({ "responses": with_errors(self.version, answers, &[]) });
        let summary = format!("Tells what can be done with {} ({of})", self.words().many);
        self.operation(&format!("options{which}"), summary, rest)
    }
}
