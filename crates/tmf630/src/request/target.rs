//! What the path of a request leads to.

use std::fmt::{self, Display, Formatter};

use http::Method;
use percent_encoding::percent_decode_str;

use super::body;
use crate::model::api::Api;
use crate::model::behaviour::Action;
use crate::model::operation::{Operation, Operations};
use crate::{Definition, Error, Settings, Version};

/// What a path leads to.
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum Target {
    /// All resources of the kind.
    Collection,
    /// The resource with the id.
    Item(String),
    /// A document below the resource with the id.
    Part(String, &'static str),
    /// Something that can be done with the resource with the id.
    Action(String, &'static Action),
}

/// The path of a request with placeholders for what differs between requests, for the log.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Route<'r> {
    /// The application itself.
    Application,
    /// An API.
    Api(&'r Api),
    /// A version of an API.
    Version(&'r Api, Version),
    /// All of what is called so, or a document of that name.
    Collection(&'r Api, Version, &'r str),
    /// One of them.
    Item(&'r Api, Version, &'r str),
    /// A document below one of them.
    Part(&'r Api, Version, &'r str, &'r str),
    /// Where jobs are let go on.
    Maintenance,
    /// Where data is exported or imported.
    Transfer(&'static str),
    /// There is nothing at the path.
    #[default]
    Nowhere,
}

impl Display for Route<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Application => formatter.write_str("/"),
            Self::Api(api) => formatter.write_str(api.base),
            Self::Version(api, version) => write!(formatter, "{}/v{}", api.base, version.number()),
            Self::Collection(api, version, name) => {
                write!(formatter, "{}/v{}/{name}", api.base, version.number())
            }
            Self::Item(api, version, name) => {
                write!(formatter, "{}/v{}/{name}/{{id}}", api.base, version.number())
            }
            Self::Part(api, version, name, part) => {
                write!(formatter, "{}/v{}/{name}/{{id}}/{part}", api.base, version.number())
            }
            Self::Maintenance => formatter.write_str("/maintenance"),
            Self::Transfer(path) => formatter.write_str(path),
            Self::Nowhere => formatter.write_str("none"),
        }
    }
}

/// The version that a client expects at a path where there is nothing.
pub(crate) fn version_at(path: &str, apis: &[&'static Api], settings: &Settings) -> Version {
    let api = apis.iter().find(|api| api.base_of(path, settings).is_some());
    api.map_or(Version::V5, |api| api.version_at(path, settings))
}

impl Target {
    /// The target of `path`, and the version of the API that it is in. Hosts match routes on their
    /// own, so the path is parsed here and nothing that they put into headers is believed. A slash at
    /// the end makes no difference.
    pub fn of(
        definition: &Definition,
        path: &str,
        settings: &Settings,
    ) -> Result<(Version, Self), Error> {
        let (version, rest) = definition
            .api
            .version_of(path, settings)
            .filter(|(api, _)| definition.resource.versions.contains(&api.version))
            .and_then(|(api, path)| Some((api.version, path.strip_prefix(definition.name())?)))
            .ok_or_else(|| Error::no_such_path(path))?;
        if matches!(rest, "" | "/") {
            return Ok((version, Self::Collection));
        }
        let id = rest.strip_prefix('/').ok_or_else(|| Error::no_such_path(path))?;
        let id = id.strip_suffix('/').unwrap_or(id);
        let parts = definition.behaviour.map_or(&[][..], |behaviour| behaviour.parts());
        let actions = definition.behaviour.map_or(&[][..], |behaviour| behaviour.actions());
        let (whole, below) = id.split_once('/').map_or((id, None), |(id, name)| (id, Some(name)));
        let part = parts.iter().find(|part| Some(part.name) == below);
        let action = actions.iter().find(|action| Some(action.name) == below);
        let id = if part.is_some() || action.is_some() { whole } else { id };
        let decoded = percent_decode_str(id).decode_utf8();
        match decoded {
            Ok(decoded) if !id.is_empty() && !id.contains('/') => {
                let id = decoded.into_owned();
                let target = match (part, action) {
                    (Some(part), _) => Self::Part(id, part.name),
                    (None, Some(action)) => Self::Action(id, action),
                    (None, None) => Self::Item(id),
                };
                Ok((version, target))
            }
            _ => Err(Error::no_such_path(path)),
        }
    }

    /// The media types of a PATCH on the target, as the `Accept-Patch` header lists them.
    pub fn accept_patch(&self) -> &'static str {
        match self {
            Self::Collection => body::BULK_TYPES,
            Self::Item(_) | Self::Part(..) | Self::Action(..) => body::PATCH_TYPES,
        }
    }

    /// The route to the target.
    pub fn route(&self, definition: &Definition, version: Version) -> Route<'static> {
        match self {
            Self::Collection => Route::Collection(definition.api, version, definition.name()),
            Self::Item(_) => Route::Item(definition.api, version, definition.name()),
            Self::Part(_, part) => Route::Part(definition.api, version, definition.name(), part),
            Self::Action(_, Action { name, .. }) => {
                Route::Part(definition.api, version, definition.name(), name)
            }
        }
    }

    /// What `method` does with it, if the resource can be done that with.
    pub fn operation(&self, operations: Operations, method: &Method) -> Option<Operation> {
        if let Self::Action(_, action) = self {
            return (action.method == *method).then_some(Operation::Update);
        }
        let found = operations.find(!matches!(self, Self::Collection), method);
        // What lies below a resource can only be read.
        found.filter(|found| !matches!(self, Self::Part(..)) || *found == Operation::Retrieve)
    }

    /// The methods that can be applied to it, as the `Allow` header lists them.
    pub fn allow(&self, operations: Operations) -> String {
        match self {
            Self::Part(..) => Operations::of(&[Operation::Retrieve]).allow(true),
            Self::Action(_, action) => format!("{}, OPTIONS", action.method),
            target => operations.allow(!matches!(target, Self::Collection)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::accounts::ACCOUNTS;

    #[test]
    fn paths_lead_to_the_collection_an_item_or_nothing() {
        let target = |rest: &str| {
            let of = |version: Version| {
                let path = format!("{}/billingAccount{rest}", ACCOUNTS.api.base_path(version));
                Target::of(&ACCOUNTS, &path, &Settings::default())
                    .ok()
                    .inspect(|(found, _)| assert_eq!(*found, version))
            };
            let (v4, v5) = (of(Version::V4), of(Version::V5));
            let target = v5.map(|(_, target)| target);
            assert_eq!(v4.map(|(_, target)| target), target, "{rest}");
            target
        };
        let item = |id: &str| Some(Target::Item(id.to_owned()));
        assert_eq!(target(""), Some(Target::Collection));
        assert_eq!(target("/"), Some(Target::Collection));
        assert_eq!(target("/42"), item("42"));
        assert_eq!(target("/42/"), item("42"));
        assert_eq!(target("/a%20b"), item("a b"));
        for nowhere in ["s", "//", "//42", "/42//", "/42/x", "/%ff"] {
            assert_eq!(target(nowhere), None, "{nowhere}");
        }
        for path in ["", "/", "/billingAccount", "/tmf-api/accountManagement/v5/partyAccount"] {
            assert!(Target::of(&ACCOUNTS, path, &Settings::default()).is_err(), "{path}");
        }
    }
}
