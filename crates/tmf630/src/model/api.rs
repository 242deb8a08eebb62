//! What an API is: what its resources share.

use std::borrow::Cow;

use schemas::Version;
use serde_json::Value;

use super::relation::Relation;
use super::variable::Variable;
use super::visibility::Visibility;
use crate::settings::Settings;

/// An API of TM Forum.
#[derive(Debug)]
pub struct Api {
    /// Its number in TM Forum's catalogue, such as `TMF666`.
    pub number: &'static str,
    /// Its name in words, such as `Account Management`.
    pub title: &'static str,
    /// The path that its versions lie under, such as `/tmf-api/accountManagement`.
    pub base: &'static str,
    /// The variable with another name for the last segment of `base`, under which deployments can serve
    /// the API as well. Where that is empty, or there is no variable, there is none.
    pub alias: Option<&'static Variable>,
    /// The versions that are served, the native one first.
    pub versions: &'static [ApiVersion],
    /// Its resources.
    pub resources: &'static [Resource],
    /// What refers to what.
    pub relations: &'static [Relation],
    /// Resources of other APIs that its rules look at.
    pub others: &'static [&'static Resource],
}

/// A version of an API.
#[derive(Debug)]
pub struct ApiVersion {
    /// The generation that it belongs to.
    pub version: Version,
    /// Its number, such as `5.0.0`.
    pub release: &'static str,
    /// Where attributes have other names than they are stored under: the dotted path of each as it
    /// is stored, and as this version has it. Both stand for what lies below them too.
    pub renames: &'static [(&'static str, &'static str)],
    /// What is shown where an attribute is missing that resources are found by: its path in this
    /// version, and the text. An index does not know of it.
    pub filled_in: &'static [(&'static str, &'static str)],
}

/// A resource as others of its API know it: the words for it. What is answered for it is its
/// [`Definition`](super::definition::Definition)'s.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name in paths, such as `billingAccount`.
    pub name: &'static str,
    /// The name of its class, such as `BillingAccount`.
    pub class: &'static str,
    /// The standard classes that its class extends, nearest first.
    pub extends: &'static [&'static str],
    /// One of it, such as `a billing account`.
    pub one: &'static str,
    /// Several of it.
    pub many: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// Who may see it.
    pub visibility: Visibility,
    /// The versions that have it.
    pub versions: &'static [Version],
    /// What its keys in the store begin with, if another API has a resource of its name.
    pub stored_as: Option<&'static str>,
}

impl Api {
    /// The base path of the API that `path` begins with: that which it always has, or its alias.
    pub fn base_of<'p>(&self, path: &'p str, settings: &Settings) -> Option<&'p str> {
        let before = |rest: &str| {
            let is_whole = rest.is_empty() || rest.starts_with('/');
            path.strip_suffix(rest).filter(|_| is_whole)
        };
        path.strip_prefix(self.base).and_then(before).or_else(|| {
            let alias = Some(settings.value(self.alias?)).filter(|alias| !alias.is_empty())?;
            let (parent, _) = self.base.rsplit_once('/')?;
            before(path.strip_prefix(parent)?.strip_prefix('/')?.strip_prefix(alias)?)
        })
    }

    /// The version that a path belongs to, and the rest of the path behind its base and a slash.
    pub fn version_of<'p>(
        &self,
        path: &'p str,
        settings: &Settings,
    ) -> Option<(&'static ApiVersion, &'p str)> {
        let base = self.base_of(path, settings)?;
        let rest = path.get(base.len()..)?.strip_prefix("/v")?;
        let (number, rest) = rest.split_once('/')?;
        let version = self.versions.iter().find(|version| version.is_numbered(number))?;
        Some((version, rest))
    }

    /// The version that a client at the path expects; where there is nothing, the native one.
    pub fn version_at(&self, path: &str, settings: &Settings) -> Version {
        let native = || self.versions.first().map_or(Version::V5, |native| native.version);
        self.version_of(path, settings).map_or_else(native, |(version, _)| version.version)
    }

    /// The path that all resources of the version lie under.
    pub fn base_path(&self, version: Version) -> String {
        format!("{}/v{}", self.base, version.number())
    }

    /// What the API says of the version; nothing if it is not served.
    pub fn version(&self, version: Version) -> Option<&'static ApiVersion> {
        self.versions.iter().find(|served| served.version == version)
    }

    /// The resources that the version has.
    pub fn resources_of(&self, version: Version) -> impl Iterator<Item = &'static Resource> {
        self.resources.iter().filter(move |resource| resource.versions.contains(&version))
    }

    /// The versions of the API that have the resource.
    pub fn versions_of(&self, resource: &Resource) -> impl Iterator<Item = &'static ApiVersion> {
        self.versions.iter().filter(|served| resource.versions.contains(&served.version))
    }

    /// The resource called `name`.
    pub fn resource(&self, name: &str) -> Option<&'static Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// The resource called `name`, be it of this API or of another one that its rules look at.
    pub(crate) fn known_resource(&self, name: &str) -> Option<&'static Resource> {
        let others = || self.others.iter().copied().find(|resource| resource.name == name);
        self.resource(name).or_else(others)
    }

    /// What the resource refers to.
    pub fn relations_from(&self, resource: &str) -> impl Iterator<Item = &'static Relation> {
        self.relations.iter().filter(move |relation| relation.from.contains(&resource))
    }

    /// What may refer to the resource.
    pub fn relations_to(&self, resource: &str) -> impl Iterator<Item = &'static Relation> {
        self.relations.iter().filter(move |relation| relation.to.contains(&resource))
    }

    /// Whether the object at a relation stands for a resource kept elsewhere, rather than for itself:
    /// what is written down in its place says that it is of the class of the resource.
    pub fn is_reference(&self, relation: &Relation, object: &Value) -> bool {
        let class = |name: &str| object.get(name).and_then(Value::as_str);
        let is_value = |class: &str| {
            let mut targets = self.resources.iter().filter(|to| relation.to.contains(&to.name));
            targets.any(|resource| resource.is_of(class))
        };
        match class("@type") {
            None => true,
            Some(class) if class.ends_with("Ref") => true,
            Some(own) => !is_value(own) && !class("@baseType").is_some_and(is_value),
        }
    }

    /// The resources that an object which refers can mean. That is those of the class that it says
    /// that it refers to (`@referredType`), and of classes that extend it; where that is no class
    /// of the API, those of the class that it is said to extend (`@baseType`); and where that is
    /// none either, every kind.
    pub fn meant(&self, relation: &Relation, object: &Value) -> Vec<&'static str> {
        for name in ["@referredType", "@baseType"] {
            let class = object.get(name).and_then(Value::as_str).unwrap_or_default();
            let meant: Vec<_> = self
                .resources
                .iter()
                .filter(|resource| relation.to.contains(&resource.name) && resource.is_of(class))
                .map(|resource| resource.name)
                .collect();
            if !meant.is_empty() {
                return meant;
            }
        }
        relation.to.to_vec()
    }

    /// The name that the version has for the attribute that is stored at `path`.
    pub fn shown_path(&self, version: Version, path: &str) -> String {
        let version = self.version(version);
        let shown = version.and_then(|version| renamed(version.renames.iter().copied(), path));
        shown.unwrap_or_else(|| path.to_owned())
    }

    /// The path at which what the version calls `path` is stored.
    pub(crate) fn stored_path_in<'p>(&self, version: Version, path: &'p str) -> Cow<'p, str> {
        let renames = self.version(version).map_or(&[][..], |version| version.renames).iter();
        let stored = renamed(renames.map(|(stored, shown)| (*shown, *stored)), path);
        stored.map_or(Cow::Borrowed(path), Cow::Owned)
    }

    /// The path at which what some version calls `path` is stored, if a version calls it otherwise.
    pub(crate) fn stored_path(&self, path: &str) -> Option<String> {
        let renames = self.versions.iter().flat_map(|version| version.renames);
        renamed(renames.map(|(stored, shown)| (*shown, *stored)), path)
    }
}

/// The path that `path`, or what it lies below, has after one of the `renames`.
fn renamed<'r>(
    mut renames: impl Iterator<Item = (&'r str, &'r str)>,
    path: &str,
) -> Option<String> {
    renames.find_map(|(from, to)| {
        let below = path.strip_prefix(from)?;
        (below.is_empty() || below.starts_with('.')).then(|| format!("{to}{below}"))
    })
}

impl Resource {
    /// What its keys in the store begin with.
    pub(crate) fn stored_name(&self) -> &'static str {
        self.stored_as.unwrap_or(self.name)
    }

    /// Whether the resource is of the class, or of one that extends it.
    fn is_of(&self, class: &str) -> bool {
        let is_class = |name: &str| class.eq_ignore_ascii_case(name);
        is_class(self.class) || self.extends.iter().any(|extended| is_class(extended))
    }
}

impl ApiVersion {
    fn is_numbered(&self, number: &str) -> bool {
        match self.version {
            Version::V4 => number == "4",
            Version::V5 => number == "5",
        }
    }
}
