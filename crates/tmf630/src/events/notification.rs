//! What a subscription is sent: an event, as the version of the API has it that the subscription was
//! registered through.
//!
//! A query is about the event with the whole resource in it. What is sent in v5 has of the resource what
//! the kind of event is about, as the standard's examples do; in v4 it has the whole resource.

use serde_json::{Map, Value, json};

use super::names::payload;
use super::occurrence::{Occurrence, What};
use crate::answer::links::Links;
use crate::model::api::Api;
use crate::model::event::EventKind;
use crate::{Error, Version};

/// How much it matters, of 1 to 5: none more than others.
const PRIORITY: &str = "3";

/// The event with the whole resource, as the version has it, with links under the `base` of the API;
/// nothing if the version has no such event.
pub(super) fn whole(
    api: &Api,
    base: String,
    version: Version,
    occurrence: &Occurrence,
) -> Result<Option<Map<String, Value>>, Error> {
    let Occurrence { what, .. } = occurrence;
    let resource = api.resource(&what.resource).filter(|it| it.versions.contains(&version));
    let (Some(resource), Some(mut document)) = (resource, occurrence.shown(version)?) else {
        return Ok(None);
    };
    let href = Links::under(base, resource.name, version).href(&what.id);
    document.insert("href".to_owned(), href.as_str().into());

    let event_type = what.kind.type_of(resource.class);
    let time = format!("{:.3}", what.time);
    let mut event = json!({
        "eventId": what.event,
        "eventTime": time,
        "eventType": event_type,
        "domain": "Commercial",
        "title": event_type,
        "description": what.kind.told_of(resource.one),
        "priority": PRIORITY,
        "timeOcurred": time,
    });
    if let Some(request) = &what.request {
        event["correlationId"] = request.as_str().into();
    }
    match (version, what.kind) {
        (Version::V5, _) => {
            event["@type"] = event_type.into();
            event["@baseType"] = "Event".into();
            event["timeOccurred"] = time.into();
            event["source"] = json!({
                "id": api.number,
                "name": api.title,
                "@type": "ReportingResource",
                "@referredType": "LogicalResource",
            });
        }
        (Version::V4, EventKind::AttributeValueChange) => {
            event["fieldPath"] = changed(api, version, what).join(",").into();
        }
        (Version::V4, _) => {
            event["id"] = what.id.as_str().into();
            event["href"] = href.into();
        }
    }
    event[payload(version)] = json!({ resource.name: document });
    match event {
        Value::Object(event) => Ok(Some(event)),
        _ => Ok(None),
    }
}

/// Leaves of the resource in a whole event what is sent.
pub(super) fn reduce(event: &mut Map<String, Value>, api: &Api, version: Version, what: &What) {
    let document = event.get_mut(payload(version)).and_then(|it| it.get_mut(&what.resource));
    let (Version::V5, Some(Value::Object(document))) = (version, document) else { return };
    let changed = changed(api, version, what);
    let is_about = |name: &str| match what.kind {
        EventKind::Create => true,
        EventKind::Delete => false,
        EventKind::StateChange | EventKind::AttributeValueChange => {
            changed.iter().any(|changed| changed == name)
        }
    };
    document.retain(|name, _| matches!(&name[..], "id" | "href" | "@type") || is_about(name));
    // What was removed is told too (as RFC 7396 does).
    for name in changed {
        document.entry(name).or_insert(Value::Null);
    }
}

/// The attributes that are otherwise than before, as the version has them.
fn changed(api: &Api, version: Version, what: &What) -> Vec<String> {
    what.changed.iter().map(|name| api.shown_path(version, name)).collect()
}
