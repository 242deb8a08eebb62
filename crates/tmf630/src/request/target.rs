//! What the path of a request leads to.

use percent_encoding::percent_decode_str;

use super::body;
use crate::{Definition, Error, Version};

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All resources of the kind.
    Collection,
    /// The resource with the id.
    Item(String),
}

impl Target {
    /// The target of `path`, and the version of the API that it is in. Hosts match routes on their own, so the path is parsed here and
    /// nothing that they put into headers is believed. A slash at the end makes no difference.
    pub fn of(definition: &Definition, path: &str) -> Result<(Version, Self), Error> {
        let (version, rest) = definition
            .api
            .version_of(path)
            .and_then(|(api, path)| Some((api.version, path.strip_prefix(definition.name())?)))
            .ok_or_else(|| Error::no_such_path(path))?;
        if matches!(rest, "" | "/") {
            return Ok((version, Self::Collection));
        }
        let id = rest.strip_prefix('/').ok_or_else(|| Error::no_such_path(path))?;
        let id = id.strip_suffix('/').unwrap_or(id);
        let decoded = percent_decode_str(id).decode_utf8();
        match decoded {
            Ok(decoded) if !id.is_empty() && !id.contains('/') => {
                Ok((version, Self::Item(decoded.into_owned())))
            }
            _ => Err(Error::no_such_path(path)),
        }
    }

    /// The media types of a PATCH on the target, as the `Accept-Patch` header lists them.
    pub fn accept_patch(&self) -> &'static str {
        match self {
            Self::Collection => body::BULK_TYPES,
            Self::Item(_) => body::PATCH_TYPES,
        }
    }

    /// The path with placeholders for what differs between requests, for the log.
    pub fn pattern(&self, definition: &Definition, version: Version) -> String {
        let id = if matches!(self, Self::Item(_)) { "/{id}" } else { "" };
        format!("{}/{}{id}", definition.api.base_path(version), definition.name())
    }

    /// Whether it is a single resource.
    pub fn is_item(&self) -> bool {
        matches!(self, Self::Item(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::definition::tests::ACCOUNTS;

    #[test]
    fn paths_lead_to_the_collection_an_item_or_nothing() {
        let target = |rest: &str| {
            let of = |version: Version| {
                let path = format!("{}/billingAccount{rest}", ACCOUNTS.api.base_path(version));
                Target::of(&ACCOUNTS, &path).ok().inspect(|(found, _)| assert_eq!(*found, version))
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
            assert!(Target::of(&ACCOUNTS, path).is_err(), "{path}");
        }
    }
}
