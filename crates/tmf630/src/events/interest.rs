//! Which events a subscription wants, and what of them: its `query`.
//!
//! It is a query like that of a list, with conditions and `fields`, on the whole event; blanks around
//! names and values are none, and neither is a `?` at the beginning. It can also be one expression in
//! JSONPath, which must lead to something. Like names, expressions can begin with the event or with what
//! it is about.

use serde_json::{Map, Value};

use super::names::{KnownNames, Names, payload};
use crate::budget::Budget;
use crate::model::event::EventKind;
use crate::query::{Attributes, Piece, decode, fields, pieces};
use crate::query::{Criterion, Fields, Filter, FilterBuilder, Joint, JsonPath, Operator};
use crate::{Definition, Error, Version};

/// How long a query can be, in bytes.
const MAX_LEN: usize = 4096;

/// The attribute with the type of an event.
const EVENT_TYPE: &str = "eventType";

/// What every selection of an event has.
const ALWAYS: [&str; 5] = ["eventId", "eventTime", EVENT_TYPE, "@type", "@baseType"];

/// What a subscription wants.
#[derive(Debug, Default)]
pub(super) struct Interest {
    filter: Filter,
    fields: Option<Fields>,
}

/// Where in a query a fault is, and which.
#[derive(Debug)]
pub(super) struct Fault {
    /// The number of the character that the faulty part begins with, from 1.
    pub position: usize,
    pub told: String,
}

impl Interest {
    /// Reads a query of events of the resources, in a version, and says what its names mean.
    pub fn parse(
        query: &str,
        definitions: &[&Definition],
        version: Version,
    ) -> Result<(Self, KnownNames), Fault> {
        let names = Names::of(definitions, version);
        let interest = Self::read(query, &names)?;
        Ok((interest, names.into_used()))
    }

    /// Reads a query whose names are known: one that was registered.
    pub fn known(query: &str, names: &KnownNames) -> Result<Self, Error> {
        Self::read(query, names).map_err(|Fault { position, told }| {
            Error::newer(format!("a query has a fault at character {position}: {told}"))
        })
    }

    fn read(query: &str, names: &impl Attributes) -> Result<Self, Fault> {
        let at = |position: usize| move |error: Error| Fault { position, told: error.told() };
        if query.len() > MAX_LEN {
            let told = format!("it may have up to {MAX_LEN} bytes");
            return Err(Fault { position: MAX_LEN, told });
        }
        let start = query.trim_start();
        let start = start.strip_prefix('?').unwrap_or(start);
        let place_of = |part: &str| {
            let offset = (part.as_ptr() as usize).saturating_sub(query.as_ptr() as usize);
            query.get(..offset).map_or(0, |before| before.chars().count()) + 1
        };
        let (mut interest, mut filter) = (Self::default(), FilterBuilder::default());
        if start.trim_start().starts_with('$') {
            let expression = JsonPath::parse("query", start).map_err(at(place_of(start)))?;
            filter.add_json_path(expression);
            interest.filter = filter.finish(names).map_err(at(1))?;
            return Ok(interest);
        }
        for Piece { joint, text } in pieces(start) {
            let at = at(place_of(text.trim_start()));
            if joint == Joint::Or {
                filter.or();
            }
            let piece = without_blanks(text);
            if piece.is_empty() {
                continue;
            }
            let value = |name: &str| piece.strip_prefix(name).and_then(|it| it.strip_prefix('='));
            let read = if let Some(value) = value("filter") {
                decode(value).and_then(|value| JsonPath::parse("filter", &value)).map(|path| {
                    filter.add_json_path(path);
                })
            } else if let Some(value) = value("fields") {
                decode(value).and_then(|value| fields::add(&mut interest.fields, &value, names))
            } else if ["sort", "limit", "offset"].iter().any(|name| value(name).is_some()) {
                let name = piece.split('=').next().unwrap_or_default();
                Err(Error::unknown_parameter(name, "filter, fields, and attributes of events"))
            } else {
                filter.add(&piece, joint, names)
            };
            read.map_err(at)?;
        }
        interest.filter = filter.finish(names).map_err(at(1))?;
        Ok(interest)
    }

    /// The types that it names which no event of the version has.
    pub fn unknown_types(&self, known: &[String]) -> Vec<String> {
        let operands = self.type_criteria().flat_map(|criterion| &criterion.operands);
        let names = operands.map(|operand| operand.text.clone());
        names.filter(|name| !known.contains(name)).collect()
    }

    /// Whether it can be satisfied by an event of the type.
    pub fn can_want(&self, event_type: &str) -> bool {
        let has = |criterion: &&Criterion| criterion.path.as_str() == EVENT_TYPE;
        self.filter.0.is_empty()
            || self.filter.0.iter().any(|group| {
                group.criteria.iter().filter(has).all(|it| it.matches_text(event_type))
            })
    }

    /// Whether it names types.
    pub fn names_types(&self) -> bool {
        self.type_criteria().any(|criterion| criterion.operator == Operator::Equal)
    }

    fn type_criteria(&self) -> impl Iterator<Item = &Criterion> {
        self.filter.criteria().filter(|criterion| {
            criterion.path.as_str() == EVENT_TYPE
                && matches!(criterion.operator, Operator::Equal | Operator::NotEqual)
        })
    }

    /// Whether it wants the event, in which the resource is whole.
    pub fn wants(&self, event: &Value, version: Version, budget: &Budget) -> Result<bool, Error> {
        if self.filter.0.iter().all(|group| group.json_paths.is_empty()) {
            return self.filter.matches(event, budget);
        }
        let mut with_roots = event.clone();
        let about = event.get(payload(version)).cloned().unwrap_or_default();
        for root in ["event", "payload"] {
            with_roots[root] = about.clone();
        }
        if let (Some(event), Value::Object(about)) = (with_roots.as_object_mut(), about) {
            event.extend(about);
        }
        self.filter.matches(&with_roots, budget)
    }

    /// Leaves in an event what is wanted of it.
    pub fn select(&self, event: &mut Map<String, Value>, budget: &Budget) -> Result<(), Error> {
        match &self.fields {
            Some(fields) => fields.select_beside(&ALWAYS, event, budget),
            None => Ok(()),
        }
    }
}

/// All types of events that the resources have in a version.
pub(super) fn types_of(definition: &Definition, version: Version) -> impl Iterator<Item = String> {
    let class = definition.class.name();
    definition.events.of(version).iter().map(|kind: &EventKind| kind.type_of(class))
}

/// The piece without blanks around its name, its operator, and the values that commas separate. In
/// JSONPath, blanks can be text.
fn without_blanks(piece: &str) -> String {
    let Some(end) = piece.find(['=', '<', '>', '!', '*']) else { return piece.trim().to_owned() };
    let (name, rest) = piece.split_at(end);
    let signs = rest.len() - rest.trim_start_matches(['=', '<', '>', '!', '*', '~', ' ']).len();
    let (operator, value) = rest.split_at(signs);
    let operator: String = operator.split_whitespace().collect();
    let name = name.trim();
    let value = match name {
        "filter" | "fields" => value.trim().to_owned(),
        _ => value.split(',').map(str::trim).collect::<Vec<_>>().join(","),
    };
    format!("{name}{operator}{value}")
}
