//! The types of events, officially and here, with the names of their attributes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::Value;

use crate::types::Type;
use crate::version::Version;
use crate::{official, own};

/// Where types of events are in the project's own documents.
const OWN_TYPES: &str = "/components/schemas";

/// Types of events, with the names of their attributes.
type Events = BTreeMap<String, BTreeSet<String>>;

/// What one has and the other has not. What all events have, or have not, is one difference.
pub fn differences(version: &Version, spec: &Value) -> anyhow::Result<Vec<String>> {
    Ok(compared(&events(spec, version.types)?, &events(&own::document(version)?, OWN_TYPES)?))
}

/// The types of events that a file describes.
fn events(document: &Value, types: &str) -> anyhow::Result<Events> {
    let types = document.pointer(types).context("the file has no types")?;
    let names = types.as_object().into_iter().flatten().map(|(name, _)| name);
    // Those that the others extend are no events themselves.
    let names = names
        .filter(|name| name.ends_with("Event") && !matches!(name.as_str(), "Event" | "BaseEvent"));
    names.map(|name| Ok((name.clone(), attributes(types, name)?))).collect()
}

/// The names of the attributes of a type, with those of what an event is about.
fn attributes(types: &Value, name: &str) -> anyhow::Result<BTreeSet<String>> {
    let Type { attributes, .. } = official::flattened(types, name)?;
    let mut names = BTreeSet::new();
    for (name, shape) in attributes {
        let part = types.get(&shape).filter(|_| matches!(name.as_str(), "event" | "payload"));
        let parts = part.map(|part| official::add(types, part)).transpose()?.unwrap_or_default();
        names.extend(parts.attributes.into_keys().map(|part| format!("{name}.{part}")));
        names.insert(name);
    }
    Ok(names)
}

fn compared(official: &Events, own: &Events) -> Vec<String> {
    let names = |events: &Events| events.keys().cloned().collect::<BTreeSet<_>>();
    let (official_names, own_names) = (names(official), names(own));
    let only = |here: &BTreeSet<String>, there: &BTreeSet<String>, word: &str| -> Vec<String> {
        here.difference(there).map(|name| format!("{name} is {word}")).collect()
    };
    let mut differences = only(&official_names, &own_names, "not here");
    differences.extend(only(&own_names, &official_names, "not official"));

    let both: Vec<_> = official_names.intersection(&own_names).collect();
    let mut by_attribute: BTreeMap<(String, &str), Vec<&String>> = BTreeMap::new();
    for name in &both {
        let (official, own) = (&official[*name], &own[*name]);
        for (here, there, word) in [(official, own, "not here"), (own, official, "not official")] {
            for attribute in here.difference(there) {
                by_attribute.entry((attribute.clone(), word)).or_default().push(name);
            }
        }
    }
    for ((attribute, word), events) in by_attribute {
        match events.len() == both.len() {
            true => differences.push(format!("{attribute} of events is {word}")),
            false => differences
                .extend(events.into_iter().map(|name| format!("{name}.{attribute} is {word}"))),
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_all_events_have_is_one_difference() {
        let event = |payload: &str, own: &[&str]| {
            let mut properties = json!({ "event": { "$ref": format!("#/x/{payload}") } });
            own.iter().for_each(|name| properties[name] = json!({ "type": "string" }));
            json!({ "allOf": [{ "$ref": "#/x/Event" }], "properties": properties })
        };
        let types = |base: &str, own: &[&str]| {
            json!({ "x": {
                "Event": { "properties": { "eventId": {}, base: {} } },
                "AEvent": event("A", &[]), "BEvent": event("A", own),
                "A": { "properties": { "a": {} } }
            } })
        };
        let official = events(&types("reportingSystem", &["id"]), "/x").unwrap();
        assert_eq!(official.keys().collect::<Vec<_>>(), ["AEvent", "BEvent"]);
        assert!(official["AEvent"].contains("event.a"));
        let mut own = events(&types("priority", &[]), "/x").unwrap();
        own.insert("CEvent".to_owned(), BTreeSet::new());
        assert_eq!(
            compared(&official, &own),
            [
                "CEvent is not official",
                "BEvent.id is not here",
                "priority of events is not official",
                "reportingSystem of events is not here",
            ]
        );
    }
}
