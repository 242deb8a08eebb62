//! What makes one resource differ from another.

use jiff::Timestamp;
use schemas::{Class, Fault, Kind};
use serde_json::Value;

use super::api::{Api, Resource};
use super::behaviour::Behaviour;
use super::event::Events;
use super::index::Index;
use super::operation::{Operation, Operations};
use super::rule::Rule;
use super::variable::Variable;
use super::version::Version;
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
    /// Other names of its class that clients use; they are taken for the right one.
    pub class_aliases: &'static [&'static str],
    /// Whether a class of the client's own need not say what it extends, where its name begins with that
    /// of the class of the resource, or ends in it.
    pub takes_own_classes: bool,
    /// What can be done with it; dispatch, 405 and `Allow` follow from this.
    pub operations: Operations,
    /// The attribute, as it is stored, in which the server notes the time of the last change.
    pub stamp: Option<&'static str>,
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

/// Whether the name of a class says that it is one of the client's own that extends `class`.
fn extends_by_name(own: &str, class: &str) -> bool {
    own.len() > class.len() && (own.starts_with(class) || own.ends_with(class))
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
    pub fn shown_stamp(&self, version: Version) -> Option<String> {
        self.stamp.map(|stamp| self.api.shown_path(version, stamp))
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

    /// Gives the class its right name where it has another one.
    pub(crate) fn name_class(&self, document: &mut Document) {
        if let Some(Value::String(class)) = document.get_mut("@type")
            && self.class_aliases.contains(&class.as_str())
        {
            *class = self.class.name().to_owned();
        }
    }

    /// Sees to the class of a document that is created: it is filled in where it is missing, and a class
    /// of the client's own must say what it extends, if its name does not.
    pub(crate) fn set_class(&self, document: &mut Document) -> Result<(), Fault> {
        let class = self.class.name();
        match document.get("@type") {
            None => {
                document.insert("@type".into(), class.into());
            }
            Some(Value::String(given)) if given != class && !document.contains_key("@baseType") => {
                let is_known = self.api.resources.iter().any(|other| other.class == given);
                if !self.takes_own_classes || is_known || !extends_by_name(given, class) {
                    let expectation =
                        format!("must be {class}, or @baseType must say what it extends");
                    return Err(Fault::new("/@type", expectation));
                }
                document.insert("@baseType".into(), class.into());
            }
            // What is no string is the schema's to refuse.
            Some(_) => {}
        }
        self.base_fault(document).map_or(Ok(()), Err)
    }

    /// Marks the document as changed at `now`, to the millisecond, if it is of a resource that has
    /// such a mark.
    pub(crate) fn stamp(&self, document: &mut Document, now: Timestamp) {
        if let Some(stamp) = self.stamp {
            document.insert(stamp.into(), format!("{now:.3}").into());
        }
    }

    /// What is wrong with the class that the document says its class extends: it can be the class of
    /// the resource, one that this extends, or one that the API does not know.
    pub(crate) fn base_fault(&self, document: &Document) -> Option<Fault> {
        let base = document.get("@baseType")?.as_str()?;
        let class = self.resource.class;
        let is_in_line = base == class || self.resource.extends.contains(&base);
        let is_known = self.api.resources.iter().any(|other| other.class == base);
        let expectation = || format!("must be {class}, or a class that {class} or yours extends");
        (is_known && !is_in_line).then(|| Fault::new("/@baseType", expectation()))
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
    fn a_class_extends_what_is_in_its_line() {
        let fault = |base: &str| {
            let document = serde_json::json!({ "@baseType": base });
            ACCOUNTS.base_fault(document.as_object().unwrap())
        };
        for base in ["BillingAccount", "PartyAccount", "GoldAccount"] {
            assert_eq!(fault(base), None, "{base}");
        }
        assert!(fault("BillFormat").is_some_and(|fault| fault.pointer == "/@baseType"));
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
