//! What is sent to those who have subscribed to events: every type of event, and how it arrives.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};
use tmf630::Version;
use tmf630::model::api::Api;
use tmf630::model::event::EventKind::{self, AttributeValueChange, Create, Delete, StateChange};

use crate::apis::Described;
use crate::operations::capitalised;
use crate::resources::Resource;
use crate::schemas::{always, attributes};

/// What the name of a type ends in that has what changed of a resource.
const CHANGED: &str = "_Changed";

/// A type of event.
struct EventType {
    resource: Resource,
    kind: EventKind,
    name: String,
}

/// All types of events of a version.
fn types(described: &Described, version: Version) -> impl Iterator<Item = EventType> {
    described.resources(version).flat_map(move |resource| {
        let kinds = resource.definition.events.of(version).iter();
        kinds.map(move |kind| EventType {
            resource,
            kind: *kind,
            name: kind.type_of(resource.type_in(version)),
        })
    })
}

impl EventType {
    /// When it is sent.
    fn trigger(&self) -> String {
        let one = self.resource.definition.resource.one;
        let what = match (self.resource.class(), self.kind) {
            ("CustomerBill", Create) => {
                "A bill was made or imported; the items on it have no events of their own"
            }
            ("CustomerBill", StateChange) => "The state of a bill has changed, be it by a payment",
            ("CustomerBillOnDemand", StateChange) => {
                "The bill that was requested has been made, or could not be"
            }
            ("AppliedCustomerBillingRate", AttributeValueChange) => {
                "A client has changed a bill item; that it is on a bill, the bill's event tells"
            }
            (_, Create) => &format!("{} was created", capitalised(one)),
            (_, AttributeValueChange) => {
                &format!("An attribute of {one} has changed, other than its state")
            }
            (_, StateChange) => &format!("The state of {one} has changed"),
            (_, Delete) => &format!("{} was deleted", capitalised(one)),
        };
        format!("{what}.")
    }

    /// Whether it tells what changed, and not the whole resource or which it is.
    fn tells_a_change(&self, version: Version) -> bool {
        version == Version::V5 && matches!(self.kind, AttributeValueChange | StateChange)
    }

    /// The name of the type of what it is about.
    fn payload_name(&self) -> String {
        format!("{}Payload", self.name)
    }

    /// The type of what it is about: the resource, or a part of it.
    fn payload(&self, version: Version) -> Value {
        let type_name = self.resource.type_in(version);
        let suffix = if self.tells_a_change(version) { CHANGED } else { "" };
        let told = json!({ "$ref": format!("#/components/schemas/{type_name}{suffix}") });
        json!({
            "title": self.payload_name(),
            "description": "What the event is about.",
            "type": "object",
            "properties": { self.resource.definition.name(): told }
        })
    }

    /// What it tells of the resource, for example.
    fn example_payload(&self, version: Version) -> Value {
        let whole = self.resource.example_answer(version);
        if version == Version::V4 || self.kind == Create {
            return whole;
        }
        let mut part = json!({});
        for name in always(version) {
            part[name] = whole[name].clone();
        }
        match self.kind {
            AttributeValueChange => part["description"] = json!("As agreed in January"),
            StateChange => part["state"] = self.resource.example_state(),
            Create | Delete => {}
        }
        part
    }

    /// The type of its body.
    fn schema(&self, version: Version) -> Value {
        let resource = self.resource.definition.name();
        let text = |description: &str| json!({ "description": description, "type": "string" });
        let mut properties = json!({ "eventType": { "const": self.name } });
        properties[member(version)] =
            json!({ "$ref": format!("#/components/schemas/{}", self.payload_name()) });
        let mut example = example(self.resource.definition.api, version);
        example["eventType"] = json!(self.name);
        example["title"] = json!(self.name);
        example["description"] = json!(self.kind.told_of(self.resource.definition.resource.one));
        example[member(version)] = json!({ resource: self.example_payload(version) });
        match (version, self.kind) {
            (Version::V5, _) => {
                properties["@type"] = json!({ "const": self.name });
                example["@type"] = json!(self.name);
            }
            (Version::V4, AttributeValueChange) => {
                properties["fieldPath"] =
                    text("The attributes that have changed, separated by commas.");
                example["fieldPath"] = json!("description");
            }
            (Version::V4, _) => {
                properties["id"] = text("Identifier of the resource.");
                properties["href"] = text("Address of the resource.");
                let whole = self.resource.example_answer(version);
                ["id", "href"].iter().for_each(|name| example[name] = whole[name].clone());
            }
        }
        json!({
            "title": self.name,
            "description": self.trigger(),
            "type": "object",
            "allOf": [{ "$ref": "#/components/schemas/Event" }],
            "properties": properties,
            "example": example
        })
    }
}

/// Where an event has what it is about.
fn member(version: Version) -> &'static str {
    match version {
        Version::V4 => "payload",
        Version::V5 => "event",
    }
}

/// The table of all types of events, for readers.
pub fn table(described: &Described, version: Version) -> String {
    let mut table = String::from("| eventType | sent when |\n|---|---|\n");
    for event in types(described, version) {
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {} | {} |", event.name, event.trigger());
    }
    table
}

/// What is sent to the callback of a subscription.
pub fn callbacks(described: &Described, version: Version) -> Value {
    let reference =
        |kind: &str, name: &str| json!({ "$ref": format!("#/components/{kind}/{name}") });
    let types = types(described, version).map(|event| reference("schemas", &event.name));
    let schema = json!({
        "oneOf": types.collect::<Vec<_>>(), "discriminator": { "propertyName": "eventType" }
    });
    let parameters = ["Signature", "EventId", "EventType", "CorrelationId"]
        .map(|name| reference("parameters", name));
    json!({
        "event": {
            "{$request.body#/callback}": {
                "post": {
                    "operationId": "sendEvent",
                    "summary": "Sends an event to who has subscribed",
                    "description": "Where the deployment says so (event_callback=listener), /listener/ and the eventType \
                        that begins with a small letter are appended to the path.",
                    "tags": ["hub"],
                    "security": [],
                    "parameters": parameters,
                    "requestBody": {
                        "required": true,
                        "content": { "application/json": { "schema": schema } }
                    },
                    "responses": {
                        "2XX": reference("responses", "EventDelivered"),
                        "410": reference("responses", "EventGone"),
                        "default": reference("responses", "EventRetried")
                    }
                }
            }
        }
    })
}

/// The types of all events, by name.
pub fn schemas(
    described: &Described,
    version: Version,
    files: &BTreeMap<String, Value>,
) -> Map<String, Value> {
    let mut schemas = Map::from_iter([("Event".to_owned(), event(version))]);
    for event in types(described, version) {
        if event.tells_a_change(version) {
            let type_name = event.resource.type_in(version);
            schemas
                .entry(format!("{type_name}{CHANGED}"))
                .or_insert_with(|| changed(event.resource, type_name, files));
        }
        schemas.insert(event.payload_name(), event.payload(version));
        schemas.insert(event.name.clone(), event.schema(version));
    }
    schemas
}

/// What events have: all of it, unless a query selects.
fn event(version: Version) -> Value {
    let text = |description: &str| json!({ "description": description, "type": "string" });
    let time = |description: &str| json!({ "description": description, "type": "string", "format": "date-time" });
    let mut required = vec!["eventId", "eventTime", "eventType"];
    let mut properties = json!({
        "eventId": text("Identifier of the event. It stays the same however often the event is sent."),
        "eventTime": time("When the change was made."),
        "eventType": text("What has happened, to what."),
        "correlationId": text("The X-Request-Id of the request that did it, if one did."),
        "domain": text("What the API is about."),
        "title": text("The same as eventType."),
        "description": text("What has happened, in words."),
        "priority": text("How much it matters, of 1 to 5: none more than others."),
        "timeOcurred": time("The same as eventTime.")
    });
    if version == Version::V5 {
        required.extend(["@type", "@baseType"]);
        properties["@type"] = text("The same as eventType.");
        properties["@baseType"] =
            json!({ "description": "What every event is.", "const": "Event" });
        properties["timeOccurred"] = time("The same as eventTime.");
        properties["source"] =
            json!({ "description": "The API.", "$ref": "#/components/schemas/EntityRef" });
    }
    json!({
        "title": "Event",
        "description": "What events have: all of it, unless the query selects some of it (fields).",
        "type": "object",
        "required": required,
        "properties": properties
    })
}

/// What every event has, for example.
fn example(api: &Api, version: Version) -> Value {
    let time = "2026-01-31T09:30:00.000Z";
    let mut example = json!({
        "eventId": "01a20bad-3d16-73ca-b60e-2c1115e80c63",
        "eventTime": time,
        "timeOcurred": time,
        "correlationId": "01a20bad-3d16-73ca-b60e-2c1115e80c61",
        "domain": "Commercial",
        "priority": "3"
    });
    if version == Version::V5 {
        example["@baseType"] = json!("Event");
        example["timeOccurred"] = json!(time);
        example["source"] = json!({
            "id": api.number,
            "name": api.title,
            "@type": "ReportingResource",
            "@referredType": "LogicalResource"
        });
    }
    example
}

/// What changed of a resource: null where there is nothing any more.
fn changed(resource: Resource, type_name: &str, files: &BTreeMap<String, Value>) -> Value {
    let mut properties = attributes(type_name, files);
    properties.entry("state").or_insert_with(|| json!({}));
    for (name, property) in &mut properties {
        if !always(Version::V5).contains(&name.as_str()) {
            allow_null(property);
        }
    }
    json!({
        "title": format!("{type_name}{CHANGED}"),
        "description": format!("What has changed of {}: null where there is nothing any more.", resource.definition.resource.one),
        "type": "object",
        "properties": properties
    })
}

fn allow_null(property: &mut Value) {
    let Value::Object(members) = property else { return };
    if let Some(reference) = members.remove("$ref") {
        members.insert("anyOf".into(), json!([{ "$ref": reference }, { "type": "null" }]));
    } else if let Some(kind @ Value::String(_)) = members.get_mut("type") {
        *kind = json!([*kind, "null"]);
    }
}

/// The headers of what is sent.
pub fn parameters() -> Map<String, Value> {
    let header = |name: &str, is_required: bool, description: &str| {
        json!({
            "name": name, "in": "header", "required": is_required,
            "description": description, "schema": { "type": "string" }
        })
    };
    Map::from_iter([
        (
            "Signature".into(),
            header(
                "X-Signature",
                true,
                "t=(seconds since 1970),v1=(hex of HMAC-SHA256, with the secret of the subscription, over those seconds, a dot and the body). \
             Compare it before the body is believed, and refuse what is too old.",
            ),
        ),
        ("EventId".into(), header("X-Event-Id", true, "The eventId.")),
        ("EventType".into(), header("X-Event-Type", true, "The eventType.")),
        ("CorrelationId".into(), header("X-Correlation-Id", false, "The correlationId.")),
    ])
}

/// What is made of the answers of a receiver.
pub fn responses() -> Map<String, Value> {
    Map::from_iter([
        ("EventDelivered".into(), json!({ "description": "The event is delivered." })),
        (
            "EventGone".into(),
            json!({ "description": "The subscription ends; nothing more is sent." }),
        ),
        (
            "EventRetried".into(),
            json!({ "description":
            "The event is sent again, later and later, and parked in the end; so it is without an answer. No redirection is followed." }),
        ),
    ])
}
