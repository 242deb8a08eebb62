//! The log of events of an API, in the tree of a tenant.
//!
//! | key | value |
//! |---|---|
//! | `{resource}/m/listeners` | how many subscriptions want events of the resource, in v4 and v5 |
//! | `events/{API}/log/{place}` | an event; the place ascends in the order of commits |
//!
//! The first lies beside what every change reads anyway, so where nobody listens, that costs no call to
//! the store. Appending reads nothing: it is kv-tree that says where an event comes.

use std::ops::Bound;

use kv_tree::{KeyRange, Transaction};
use serde_json::Value;

use super::occurrence::{Occurrence, What};
use crate::context::Context;
use crate::model::api::Api;
use crate::model::event::EventKind;
use crate::storage::keys::Keys;
use crate::value::{Document, HIDDEN};
use crate::{Definition, Error, Ports, Version};

/// The attribute whose change has an event of its own.
const STATE: &str = "state";

/// What the keys of the log begin with.
pub(crate) fn prefix(api: &Api) -> String {
    format!("events/{}/log/", api.number)
}

/// What lies behind a place in the log.
pub(crate) fn after(api: &Api, place: &str) -> KeyRange {
    let prefix = prefix(api);
    // The end is the character behind the slash.
    let end = format!("{}0", prefix.trim_end_matches('/'));
    let excluded = |key: String| Bound::Excluded(key.into_bytes());
    KeyRange::between(excluded(prefix + place), excluded(end))
}

/// The place behind everything that was committed up to the number, and before everything else.
pub(crate) fn place_after(commit: u64) -> String {
    format!("{commit:016x}g")
}

/// How many subscriptions want events of a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Listeners {
    pub v4: u32,
    pub v5: u32,
}

impl Listeners {
    pub fn read(value: Option<&[u8]>) -> Self {
        let number = |at: usize| {
            let bytes = value?.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        Self { v4: number(0).unwrap_or(0), v5: number(4).unwrap_or(0) }
    }

    /// What is stored; nothing where nobody listens.
    pub fn to_value(self) -> Option<Vec<u8>> {
        let value = [self.v4.to_le_bytes(), self.v5.to_le_bytes()].concat();
        (self != Self::default()).then_some(value)
    }

    fn of(&mut self, version: Version) -> &mut u32 {
        match version {
            Version::V4 => &mut self.v4,
            Version::V5 => &mut self.v5,
        }
    }

    /// With one more, or one less, for the version.
    pub fn with(mut self, version: Version, is_added: bool) -> Self {
        let count = self.of(version);
        *count = if is_added { count.saturating_add(1) } else { count.saturating_sub(1) };
        self
    }

    fn has(mut self, version: Version) -> bool {
        *self.of(version) > 0
    }
}

/// Appends the events that a change gives rise to, if anybody listens.
pub(crate) async fn append<P: Ports>(
    context: &Context<'_, P>,
    definition: &Definition,
    transaction: &mut Transaction<P::Kv>,
    id: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<(), Error> {
    if !definition.events.are_any() {
        return Ok(());
    }
    let listeners = transaction.get(Keys::of(definition).listeners()).await?;
    let listeners = Listeners::read(listeners.as_deref());
    if listeners == Listeners::default() {
        return Ok(());
    }
    let has = |kind: &EventKind, version: Version| {
        listeners.has(version) && definition.events.of(version).contains(kind)
    };
    let arisen = arisen(definition.class.terms.stamp.map(|stamp| stamp.v5), before, after);
    let wanted: Vec<_> = arisen
        .into_iter()
        .filter(|(kind, _)| Version::ALL.iter().any(|version| has(kind, *version)))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    context.expect_work()?;
    let unknown = || {
        let class = definition.class.name();
        [("id", id), ("@type", class)].map(|(name, value)| (name.to_owned(), value.into()))
    };
    let document = after.or(before).and_then(Value::as_object).cloned();
    let document = document.unwrap_or_else(|| unknown().into_iter().collect());
    let mut in_v4 = None;
    for (kind, changed) in wanted {
        if has(&kind, Version::V4) && in_v4.is_none() {
            in_v4 = Some(shown_in_v4(definition, &document));
        }
        let what = What {
            event: context.ports.new_id().to_string(),
            kind,
            resource: definition.name().to_owned(),
            id: id.to_owned(),
            time: context.ports.now(),
            request: context.request_id.clone(),
            trace: context.trace.clone(),
            changed,
        };
        let in_v4 = in_v4.as_ref().filter(|_| has(&kind, Version::V4));
        let mut event = Occurrence::new(what.clone(), &document, in_v4).encode()?;
        if event.len() > kv_tree::MAX_VALUE_BYTES {
            event = Occurrence::new(what, &short(&document), None).encode()?;
        }
        transaction.append(prefix(definition.api), event);
    }
    Ok(())
}

/// What is told of a resource that is too long for an event: its id and class, and whose it is.
fn short(document: &Document) -> Document {
    let is_kept = |name: &str| matches!(name, "id" | "@type" | "relatedParty" | HIDDEN);
    let kept = document.iter().filter(|(name, _)| is_kept(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn shown_in_v4(definition: &Definition, document: &Document) -> Document {
    let mut document = document.clone();
    document.remove(HIDDEN);
    definition.class.to_v4(document)
}

/// What happens where a resource changes from what it was `before` to what it is `after`, with the
/// attributes that are otherwise: a state has an event of its own, and what is as it was has none. That
/// the `stamp` is another one goes along with what else is, and is nothing of its own.
fn arisen(
    stamp: Option<&str>,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Vec<(EventKind, Vec<String>)> {
    let (Some(before), Some(after)) = (before, after) else {
        let kind = if after.is_some() { EventKind::Create } else { EventKind::Delete };
        return vec![(kind, Vec::new())];
    };
    let none = Document::new();
    let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let is_otherwise = |name: &&String| *name != HIDDEN && before.get(*name) != after.get(*name);
    let removed = before.keys().filter(|name| !after.contains_key(*name));
    let changed = after.keys().chain(removed).filter(is_otherwise);
    let (state, others): (Vec<_>, Vec<_>) = changed.cloned().partition(|name| name == STATE);
    let mut arisen = Vec::new();
    if !state.is_empty() {
        arisen.push((EventKind::StateChange, state));
    }
    if others.iter().any(|name| Some(name.as_str()) != stamp) {
        arisen.push((EventKind::AttributeValueChange, others));
    }
    arisen
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_and_the_rest_have_events_of_their_own() {
        let before =
            json!({ "id": "1", "state": "Active", "name": "a", "note": [1], "$server": 1 });
        let of = |after: Value| {
            arisen(Some("lastUpdate"), Some(&before), Some(&after))
                .into_iter()
                .map(|(kind, changed)| format!("{} {}", kind.name(), changed.join(",")))
                .collect::<Vec<_>>()
        };
        let with = |name: &str, value: Value| {
            let mut after = before.clone();
            after[name] = value;
            after
        };
        assert_eq!(of(before.clone()), Vec::<String>::new());
        assert_eq!(of(with("$server", json!(2))), Vec::<String>::new());
        assert_eq!(of(with("state", json!("Closed"))), ["StateChange state"]);
        assert_eq!(of(with("name", json!("b"))), ["AttributeValueChange name"]);
        assert_eq!(of(with("lastUpdate", json!("now"))), Vec::<String>::new());
        let both = json!({ "id": "1", "state": "Closed", "name": "a", "lastUpdate": "now" });
        assert_eq!(of(both), ["StateChange state", "AttributeValueChange lastUpdate,note"]);
        assert_eq!(arisen(None, None, Some(&before)), [(EventKind::Create, vec![])]);
        assert_eq!(arisen(None, Some(&before), None), [(EventKind::Delete, vec![])]);
        assert_eq!(arisen(None, None, None), [(EventKind::Delete, vec![])]);
    }

    #[test]
    fn listeners_are_counted_by_version() {
        let some = Listeners::default().with(Version::V4, true).with(Version::V5, true);
        let some = some.with(Version::V5, true);
        assert_eq!(some, Listeners { v4: 1, v5: 2 });
        assert_eq!(Listeners::read(some.to_value().as_deref()), some);
        let none = Listeners { v4: 0, v5: 1 }.with(Version::V5, false).with(Version::V4, false);
        assert_eq!((none, none.to_value()), (Listeners::default(), None));
        assert_eq!(Listeners::read(Some(&[1])), Listeners::default());
    }

    #[test]
    fn a_place_after_a_commit_lies_behind_all_of_it() {
        let place = |commit: u64, number: u32| format!("{commit:016x}{number:08x}");
        assert!(place(7, u32::MAX) < place_after(7) && place_after(7) < place(8, 0));
    }
}
