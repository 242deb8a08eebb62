//! What makes one resource differ from another.

use jiff::Timestamp;
use schemas::{Class, Kind, Version};

use super::api::{Api, Resource};
use super::behaviour::Behaviour;
use super::event::Events;
use super::index::Index;
use super::operation::{Operation, Operations};
use super::rule::Rule;
use super::variable::Variable;
use crate::Settings;
use crate::events;
use crate::value::Document;
use crate::value::path::Path;

/// The definition of a resource.
#[derive(Debug)]
pub struct Definition {
    /// The API that it belongs to.
    pub api: &'static Api,
    /// What others know of it.
    pub resource: &'static Resource,
    /// What a document of the resource must satisfy after every change, in each version of the API.
    pub class: &'static Class,
    /// What can be done with it; dispatch, 405 and `Allow` follow from this.
    pub operations: Operations,
    /// What v4 does not let a patch change, beside what no version does.
    pub immutable_in_v4: &'static [&'static str],
    /// What it can be found by without reading every resource, beside what it refers to.
    pub own_indexes: &'static [Index],
    /// What a change of it must satisfy.
    pub rules: &'static [&'static dyn Rule],
    /// What the server does of its own with it.
    pub behaviour: Option<&'static dyn Behaviour>,
    /// What others are told of that happens to it.
    pub events: Events,
    /// What its rules let a deployment choose.
    pub variables: &'static [Variable],
}

impl Definition {
    /// The name of the resource.
    pub fn name(&self) -> &'static str {
        self.resource.name
    }

    /// All that a deployment can choose: what its rules and its API let it.
    pub fn choices(&self) -> impl Iterator<Item = &'static Variable> + Clone {
        // Also what has no events itself may make others of its API change.
        let has_hub = self.api.resource(events::hub::NAME).is_some();
        let of_events = if has_hub { events::settings::VARIABLES } else { &[] };
        self.variables.iter().chain(self.api.alias).chain(of_events)
    }

    /// What can be done with it in the deployment.
    pub fn operations_in(&self, settings: &Settings) -> Operations {
        let fewer = self.behaviour.and_then(|behaviour| behaviour.operations(settings));
        fewer.unwrap_or(self.operations)
    }

    /// The scopes of which one is needed for an operation: that of the resource, and that of the API.
    pub fn scopes(&self, operation: Operation) -> [String; 2] {
        let api = self.api.number.to_lowercase();
        let kind = if operation.is_write() { "write" } else { "read" };
        [format!("{api}:{}:{kind}", self.name()), format!("{api}:{kind}")]
    }

    /// The scope that lets who acts for parties give away what is theirs.
    pub fn assign_scope(&self) -> String {
        format!("{}:assign", self.api.number.to_lowercase())
    }

    /// What the resource can be found by without reading every one.
    pub fn indexes(&self) -> impl Iterator<Item = Index> {
        let relations = self.api.relations_from(self.name());
        self.own_indexes.iter().copied().chain(relations.map(super::relation::Relation::index))
    }

    /// The attribute in which a version shows the time of the last change.
    pub fn shown_stamp(&self, version: Version) -> Option<&'static str> {
        self.class.terms.stamp.map(|stamp| stamp.in_version(version))
    }

    /// The attributes that no patch changes. Their present value may be among a patch, so that a
    /// client can send back the whole document.
    pub fn immutable(&self, version: Version) -> impl Iterator<Item = &'static str> {
        let own: &[_] = match version {
            Version::V4 => self.immutable_in_v4,
            Version::V5 => &[],
        };
        ["@type", "href", "id"].into_iter().chain(own.iter().copied())
    }

    /// Marks the document as changed at `now`, to the millisecond, if it is of a resource that has
    /// such a mark.
    pub(crate) fn stamp(&self, document: &mut Document, now: Timestamp) {
        if let Some(stamp) = self.class.terms.stamp {
            document.insert(stamp.v5.into(), format!("{now:.3}").into());
        }
    }

    /// Whether the API has a class of that name.
    pub(crate) fn is_of_api(&self, class: &str) -> bool {
        self.api.resources.iter().any(|other| other.class == class)
    }

    /// The path in the version of an attribute of the standard that a client may call as another
    /// version does: so clients that know one find in both what they ask for.
    pub(crate) fn canonical(&self, version: Version, path: Path) -> Path {
        let stored = self.api.stored_path(path.as_str());
        let stored = stored.as_deref().unwrap_or(path.as_str());
        let shown = self.api.shown_path(version, stored);
        let is_standard = || version.schema(self.class).kind_of(&shown).is_some();
        match shown != path.as_str() && is_standard() {
            true => Path::parse(&shown).unwrap_or(path),
            false => path,
        }
    }

    /// What the attribute holds in the version, if the standard says. All else can be anything,
    /// since resources can be extended.
    pub(crate) fn kind_of(&self, version: Version, path: &Path) -> Option<Kind> {
        version.schema(self.class).kind_of(path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::accounts::{ACCOUNTS, API};

    #[test]
    fn kinds_are_known_by_paths() {
        let kind = |path: &str| ACCOUNTS.kind_of(Version::V5, &Path::parse(path).unwrap());
        assert_eq!(kind("lastUpdate"), Some(Kind::Time));
        assert_eq!(kind("accountBalance.validFor.endDateTime"), Some(Kind::Time));
        assert_eq!(kind("accountBalance.amount.value"), Some(Kind::Number));
        assert_eq!(kind("name"), Some(Kind::Text));
        assert_eq!(kind("contact.contactMedium.preferred"), Some(Kind::Boolean));
        assert_eq!(kind("discount.amount.value"), None);
        assert_eq!(kind("value"), None);
        assert_eq!(kind("myCreditLimit.value"), None);
        let of_v4 = |path: &str| ACCOUNTS.kind_of(Version::V4, &Path::parse(path).unwrap());
        assert_eq!(of_v4("lastModified"), Some(Kind::Time));
        assert_eq!(of_v4("relatedParty.id"), Some(Kind::Text));
        assert_eq!(kind("relatedParty.id"), None);
    }

    #[test]
    fn attributes_are_known_by_the_names_of_either_version() {
        for (v5, v4) in [
            ("name", "name"),
            ("lastUpdate", "lastModified"),
            ("relatedParty.partyOrPartyRole.name", "relatedParty.name"),
        ] {
            for given in [v5, v4] {
                let canonical = |version: Version| {
                    ACCOUNTS.canonical(version, Path::parse(given).unwrap()).to_string()
                };
                assert_eq!(
                    (canonical(Version::V5), canonical(Version::V4)),
                    (v5.into(), v4.into())
                );
            }
        }
        // An extension keeps its name.
        for given in ["relatedParty.names", "relatedParty.name.x", "x.lastUpdate"] {
            for version in [Version::V4, Version::V5] {
                let canonical = ACCOUNTS.canonical(version, Path::parse(given).unwrap());
                assert_eq!(canonical.as_str(), given);
            }
        }
    }

    #[test]
    fn paths_belong_to_versions() {
        let of = |path: &str| {
            API.version_of(path, &Settings::default())
                .map(|(api, rest)| (api.version, rest.to_owned()))
        };
        let base = "/tmf-api/accountManagement";
        assert_eq!(of(&format!("{base}/v4/x/1")), Some((Version::V4, "x/1".to_owned())));
        assert_eq!(of(&format!("{base}/v5/")), Some((Version::V5, String::new())));
        for path in
            ["", "/v5/x", &format!("{base}/v3/x"), &format!("{base}/v50/x"), &format!("{base}/v5")]
        {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
