//! What makes one resource differ from another.

use schemas::Class;
use serde_json::Value;

use crate::model::version::Version;
use crate::storage::record::Document;
use crate::value::compare::Kind;
use crate::value::path::Path;

/// The definition of a resource.
#[derive(Debug)]
pub struct Definition {
    /// The name of the resource in paths, such as `billingAccount`.
    pub name: &'static str,
    /// What a document of the resource must satisfy after every change, in each version of the API.
    pub class: &'static Class,
    /// Other names of its class that clients use; they are taken for the right one.
    pub class_aliases: &'static [&'static str],
    /// Whether the server notes the time of the last change in `lastUpdate`.
    pub is_stamped: bool,
    /// What v4 does not let a patch change, beside what no version does.
    pub immutable_in_v4: &'static [&'static str],
    /// The attributes that can be found without reading every resource.
    pub indexes: &'static [Index],
    /// What refers to other resources of this API.
    pub references: &'static [Reference],
    /// The other way around: what may refer to this resource.
    pub referrers: &'static [Referrer],
}

/// An attribute that resources can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The dotted path of the attribute.
    pub path: &'static str,
    /// Text or times.
    pub kind: Kind,
    /// Whether a resource can have several values.
    pub is_multiple: bool,
}

/// An attribute whose value refers to another resource of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The dotted path of the object that refers.
    pub path: &'static str,
    /// The resources that it can refer to, by name.
    pub targets: &'static [&'static str],
}

/// A resource that may refer to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referrer {
    /// The name of the resource that refers.
    pub resource: &'static str,
    /// The dotted path of the object that refers; its `id` is indexed.
    pub path: &'static str,
}

/// Attributes that are no text, by the ends of their paths (TMF666 v4.0.0 and v5.0.0).
const KINDS: [(&str, Kind); 14] = [
    ("amount.value", Kind::Number),
    ("billingDateShift", Kind::Number),
    ("chargeDateOffset", Kind::Number),
    ("creditDateOffset", Kind::Number),
    ("creditLimit.value", Kind::Number),
    ("lastModified", Kind::Time),
    ("lastUpdate", Kind::Time),
    ("mailingDateOffset", Kind::Number),
    ("paymentDueDateOffset", Kind::Number),
    ("paymentPlan.numberOfPayments", Kind::Number),
    ("paymentPlan.priority", Kind::Number),
    ("totalAmount.value", Kind::Number),
    ("validFor.endDateTime", Kind::Time),
    ("validFor.startDateTime", Kind::Time),
];

impl Definition {
    /// Gives the class its right name where it has another one.
    pub(crate) fn name_class(&self, document: &mut Document) {
        if let Some(Value::String(class)) = document.get_mut("@type")
            && self.class_aliases.contains(&class.as_str())
        {
            *class = self.class.name().to_owned();
        }
    }

    /// What the attribute holds, if the standard says. All else can be anything, since resources can
    /// be extended.
    pub(crate) fn kind_of(&self, version: Version, path: &Path) -> Option<Kind> {
        let is_of = |index: &&Index| version.path_of(index) == path.as_str();
        if let Some(index) = self.indexes.iter().find(is_of) {
            return Some(index.kind);
        }
        let ends = |end: &str| {
            let start = path.as_str().strip_suffix(end);
            start.is_some_and(|start| start.is_empty() || start.ends_with('.'))
        };
        KINDS.iter().find(|(end, _)| ends(end)).map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::account;

    pub(crate) const ACCOUNTS: Definition = Definition {
        name: "billingAccount",
        class: &schemas::class::BILLING_ACCOUNT,
        class_aliases: &[],
        is_stamped: true,
        immutable_in_v4: account::IMMUTABLE_IN_V4,
        indexes: account::PARTY_ACCOUNT_INDEXES,
        references: account::PARTY_ACCOUNT_REFERENCES,
        referrers: account::REFERRERS,
    };

    #[test]
    fn kinds_are_known_by_the_ends_of_paths() {
        let kind = |path: &str| ACCOUNTS.kind_of(Version::V5, &Path::parse(path).unwrap());
        assert_eq!(kind("lastUpdate"), Some(Kind::Time));
        assert_eq!(kind("accountBalance.validFor.endDateTime"), Some(Kind::Time));
        assert_eq!(kind("accountBalance.amount.value"), Some(Kind::Number));
        assert_eq!(kind("name"), Some(Kind::Text));
        assert_eq!(kind("value"), None);
        assert_eq!(kind("myCreditLimit.value"), None);
        let of_v4 = |path: &str| ACCOUNTS.kind_of(Version::V4, &Path::parse(path).unwrap());
        assert_eq!(of_v4("lastModified"), Some(Kind::Time));
        assert_eq!(of_v4("relatedParty.id"), Some(Kind::Text));
        assert_eq!(kind("relatedParty.id"), None);
    }
}
