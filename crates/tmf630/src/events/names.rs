//! What a query of a subscription calls attributes by: those of the event itself, and those of the
//! resource that it is about, with or without the root `event` or `payload`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use schemas::Kind;
use serde::{Deserialize, Serialize};

use crate::query::Attributes;
use crate::value::path::Path;
use crate::{Definition, Error, Version};

/// The attributes of events, as either version has them, that hold no time.
const ATTRIBUTES: [&str; 16] = [
    "eventId",
    "eventType",
    "correlationId",
    "domain",
    "title",
    "description",
    "priority",
    "source",
    "reportingSystem",
    "relatedParty",
    "analyticCharacteristic",
    "fieldPath",
    "id",
    "href",
    "@type",
    "@baseType",
];

/// Those that hold a time.
const TIMES: [&str; 3] = ["eventTime", "timeOccurred", "timeOcurred"];

/// The attribute of an event that the resource is in.
pub(super) fn payload(version: Version) -> &'static str {
    match version {
        Version::V4 => "payload",
        Version::V5 => "event",
    }
}

/// The names that a query has used, and what they mean: who carries the query out need not know the
/// classes of all resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownNames(BTreeMap<String, Meaning>);

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Meaning {
    /// Where it is in an event.
    path: String,
    /// What it holds there, if the standard says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<KindName>,
}

/// A [`Kind`], as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum KindName {
    Text,
    Number,
    Time,
    Boolean,
}

impl Attributes for KnownNames {
    fn canonical(&self, path: Path) -> Result<Path, Error> {
        let meaning = self.0.get(path.as_str());
        let known = meaning.and_then(|meaning| Path::parse(&meaning.path));
        known.ok_or_else(|| Error::internal(format!("the meaning of {path} is not known")))
    }

    fn kind_of(&self, path: &Path) -> Option<Kind> {
        let meaning = self.0.values().find(|meaning| meaning.path == path.as_str())?;
        Some(match meaning.kind? {
            KindName::Text => Kind::Text,
            KindName::Number => Kind::Number,
            KindName::Time => Kind::Time,
            KindName::Boolean => Kind::Boolean,
        })
    }
}

/// Where an attribute is in an event, and the resource that it is of, with its path there.
type Found<'n> = (String, Option<(&'n Definition, Path)>);

/// The names of an API's events in a version. It remembers those that it was asked for.
pub(super) struct Names<'n> {
    /// The resources that have events.
    definitions: Vec<&'n Definition>,
    version: Version,
    used: RefCell<KnownNames>,
}

impl<'n> Names<'n> {
    pub fn of(definitions: &[&'n Definition], version: Version) -> Self {
        let mut definitions = definitions.to_vec();
        definitions.retain(|definition| !definition.events.of(version).is_empty());
        Self { definitions, version, used: RefCell::default() }
    }

    /// What was asked for.
    pub fn into_used(self) -> KnownNames {
        self.used.into_inner()
    }

    /// Where the attribute is in an event, and the resource that it is of, with its path there.
    fn find(&self, path: &Path) -> Result<Found<'n>, Error> {
        let name = path.as_str();
        let root =
            ["event", "payload"].into_iter().find(|root| name.split('.').next() == Some(root));
        let below = match root {
            Some(root) => name.get(root.len()..).and_then(|rest| rest.strip_prefix('.')),
            None => Some(name),
        };
        let payload = payload(self.version);
        let Some(below) = below else { return Ok((payload.to_owned(), None)) };
        let (first, rest) = below.split_once('.').map_or((below, None), |(a, b)| (a, Some(b)));
        let definition = self.definitions.iter().find(|definition| definition.name() == first);
        match (definition, rest.and_then(Path::parse)) {
            (Some(definition), Some(rest)) => {
                let rest = definition.canonical(self.version, rest);
                Ok((format!("{payload}.{first}.{rest}"), Some((definition, rest))))
            }
            (Some(_), None) => Ok((format!("{payload}.{first}"), None)),
            (None, _)
                if root.is_none() && (ATTRIBUTES.contains(&first) || TIMES.contains(&first)) =>
            {
                Ok((name.to_owned(), None))
            }
            (None, _) => Err(Error::invalid_parameter(name, &self.expectation())),
        }
    }

    fn expectation(&self) -> String {
        let resources: Vec<_> = self.definitions.iter().map(|it| it.name()).collect();
        format!(
            "is no attribute of events: those have eventType, eventTime and others, and what they are \
             about begins with its name, one of {}",
            resources.join(", ")
        )
    }
}

impl Attributes for Names<'_> {
    fn canonical(&self, path: Path) -> Result<Path, Error> {
        let (found, of_resource) = self.find(&path)?;
        let kind = match of_resource {
            Some((definition, rest)) => definition.kind_of(self.version, &rest),
            None => TIMES.contains(&found.as_str()).then_some(Kind::Time),
        };
        let kind = kind.map(|kind| match kind {
            Kind::Text => KindName::Text,
            Kind::Number => KindName::Number,
            Kind::Time => KindName::Time,
            Kind::Boolean => KindName::Boolean,
        });
        let canonical = Path::parse(&found)
            .ok_or_else(|| Error::invalid_parameter(path.as_str(), "has too many parts"))?;
        let meaning = Meaning { path: found, kind };
        self.used.borrow_mut().0.insert(path.as_str().to_owned(), meaning);
        Ok(canonical)
    }

    fn kind_of(&self, path: &Path) -> Option<Kind> {
        self.used.borrow().kind_of(path)
    }
}
