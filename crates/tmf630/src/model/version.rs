//! The versions of the API, which serve the same resources.
//!
//! Resources are stored as v5 has them. What v4 shows and takes is converted by their class
//! ([`schemas::Class`]).

use schemas::{Class, Schema};

use crate::model::definition::{Definition, Index};
use crate::value::path::Path;

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// TMF666 v4.0.0.
    V4,
    /// TMF666 v5.0.0.
    V5,
}

/// Attributes whose paths differ: in v5, and in v4. What lies below them differs alike.
pub const RENAMES: [(&str, &str); 21] = [
    ("lastUpdate", "lastModified"),
    ("relatedParty.partyOrPartyRole.id", "relatedParty.id"),
    ("relatedParty.partyOrPartyRole.href", "relatedParty.href"),
    ("relatedParty.partyOrPartyRole.name", "relatedParty.name"),
    ("relatedParty.partyOrPartyRole.@referredType", "relatedParty.@referredType"),
    ("contact.relatedParty.partyOrPartyRole.id", "contact.relatedParty.id"),
    ("contact.relatedParty.partyOrPartyRole.href", "contact.relatedParty.href"),
    ("contact.relatedParty.partyOrPartyRole.name", "contact.relatedParty.name"),
    ("contact.relatedParty.partyOrPartyRole.@referredType", "contact.relatedParty.@referredType"),
    ("contact.contactMedium.emailAddress", "contact.contactMedium.characteristic.emailAddress"),
    ("contact.contactMedium.phoneNumber", "contact.contactMedium.characteristic.phoneNumber"),
    ("contact.contactMedium.faxNumber", "contact.contactMedium.characteristic.faxNumber"),
    (
        "contact.contactMedium.socialNetworkId",
        "contact.contactMedium.characteristic.socialNetworkId",
    ),
    ("contact.contactMedium.street1", "contact.contactMedium.characteristic.street1"),
    ("contact.contactMedium.street2", "contact.contactMedium.characteristic.street2"),
    ("contact.contactMedium.postCode", "contact.contactMedium.characteristic.postCode"),
    ("contact.contactMedium.city", "contact.contactMedium.characteristic.city"),
    (
        "contact.contactMedium.stateOrProvince",
        "contact.contactMedium.characteristic.stateOrProvince",
    ),
    ("contact.contactMedium.country", "contact.contactMedium.characteristic.country"),
    (
        "contact.contactMedium.geographicAddress",
        "contact.contactMedium.characteristic.geographicAddress",
    ),
    ("contact.contactMedium.contactType", "contact.contactMedium.characteristic.contactType"),
];

/// What v4 shows where an indexed attribute is missing, by its path in v4.
const FILLED_IN_V4: [(&str, &str); 1] = [("relatedParty.id", "unknown")];

impl Version {
    /// The version that the path of a request belongs to, and the rest of the path.
    pub fn of_path(path: &str) -> Option<(Self, &str)> {
        [Self::V5, Self::V4].into_iter().find_map(|version| {
            let rest = path.strip_prefix(version.base_path())?;
            Some((version, rest.strip_prefix('/')?))
        })
    }

    /// The version that a client at the path expects; where there is nothing, the native one.
    pub fn at(path: &str) -> Self {
        Self::of_path(path).map_or(Self::V5, |(version, _)| version)
    }

    /// The path that all resources of the version lie under.
    pub fn base_path(self) -> &'static str {
        match self {
            Self::V4 => "/tmf-api/accountManagement/v4",
            Self::V5 => "/tmf-api/accountManagement/v5",
        }
    }

    /// The number of the version.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }

    /// The media type of what is answered, as the official file of the version has it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V4 => "application/json;charset=utf-8",
            Self::V5 => "application/json",
        }
    }

    /// What a document of the version must satisfy.
    pub fn schema(self, class: &Class) -> &Schema {
        match self {
            Self::V4 => &class.v4,
            Self::V5 => &class.v5,
        }
    }

    /// The attribute in which the server notes the time of the last change.
    pub fn stamp(self) -> &'static str {
        match self {
            Self::V4 => "lastModified",
            Self::V5 => "lastUpdate",
        }
    }

    /// The attributes that no patch changes. Their present value may be among a patch, so that a
    /// client can send back the whole document.
    pub fn immutable(self, definition: &Definition) -> impl Iterator<Item = &'static str> {
        let own: &[_] = match self {
            Self::V4 => definition.immutable_in_v4,
            Self::V5 => &[],
        };
        ["@type", "href", "id"].into_iter().chain(own.iter().copied())
    }

    /// The path in this version of what may be called as the other version does: so clients that know
    /// one find in both what they ask for.
    pub(crate) fn canonical(self, path: Path) -> Path {
        let renamed = RENAMES.iter().find_map(|(v5, v4)| {
            let (from, to) = match self {
                Self::V4 => (v5, v4),
                Self::V5 => (v4, v5),
            };
            let below = path.as_str().strip_prefix(from)?;
            (below.is_empty() || below.starts_with('.')).then(|| format!("{to}{below}"))
        });
        renamed.as_deref().and_then(Path::parse).unwrap_or(path)
    }

    /// What the version shows where the indexed attribute is missing. An index does not know of it.
    pub(crate) fn filled_in(self, path: &Path) -> Option<&'static str> {
        let mut filled_in = FILLED_IN_V4.iter().filter(|_| self == Self::V4);
        filled_in.find(|(filled, _)| *filled == path.as_str()).map(|(_, text)| *text)
    }

    /// The path of the attribute that an index is of.
    pub fn path_of(self, index: &Index) -> &'static str {
        let other = RENAMES.iter().find(|(path, _)| *path == index.path);
        match (self, other) {
            (Self::V4, Some((_, path))) => path,
            _ => index.path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_known_by_the_names_of_either_version() {
        for (v5, v4) in RENAMES.into_iter().chain([
            ("name", "name"),
            ("relatedParty.partyOrPartyRole.name.x", "relatedParty.name.x"),
            ("relatedParty.names", "relatedParty.names"),
        ]) {
            for given in [v5, v4] {
                let canonical = |version: Version| version.canonical(Path::parse(given).unwrap());
                assert_eq!(canonical(Version::V5).as_str(), v5);
                assert_eq!(canonical(Version::V4).as_str(), v4);
            }
        }
    }

    #[test]
    fn paths_belong_to_versions() {
        let of =
            |path: &str| Version::of_path(path).map(|(version, rest)| (version, rest.to_owned()));
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
