//! Who may see a resource.

use serde_json::{Map, Value};

use crate::value::path;

/// Who may see a resource, of those who may read resources of its kind at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody in the tenant. Only who acts for no party in particular changes it.
    Shared,
    /// Who acts for one of the parties that it names.
    Parties(NamedParties),
    /// The same, where the server names the parties: a rule says who may create one.
    ServerNamed(NamedParties),
    /// Who acts for parties, if it is their own: the server names its owner at the place.
    Owned(NamedParties),
}

impl Visibility {
    /// Where it names parties.
    pub(crate) fn parties(self) -> Option<NamedParties> {
        match self {
            Self::Shared => None,
            Self::Parties(named) | Self::ServerNamed(named) | Self::Owned(named) => Some(named),
        }
    }
}

/// Where a resource names parties: one in each element of a list, perhaps with the role that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedParties {
    /// The dotted path of the list, such as `relatedParty`.
    pub list: &'static str,
    /// The dotted path of the id of the party in an element.
    pub id: &'static str,
    /// The attribute of an element that has the role.
    pub role: &'static str,
}

impl NamedParties {
    /// Whether the document names a party for which `is_wanted` holds: it is given the id and the
    /// role of one and the same element.
    pub(crate) fn any(
        &self,
        document: &Map<String, Value>,
        mut is_wanted: impl FnMut(&str, Option<&str>) -> bool,
    ) -> bool {
        let (attribute, rest) = self.list.split_once('.').unwrap_or((self.list, ""));
        let list = document.get(attribute).and_then(|value| match rest {
            "" => Some(value),
            rest => value.get(rest),
        });
        let elements = match list {
            Some(Value::Array(elements)) => &elements[..],
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        elements.iter().any(|element| {
            let role = element.get(self.role).and_then(Value::as_str);
            let mut is_named = false;
            path::walk(self.id, element, &mut |id| {
                is_named = is_named || id.as_str().is_some_and(|id| is_wanted(id, role));
            });
            is_named
        })
    }

    /// The attribute that the list is in.
    pub(crate) fn attribute(&self) -> &'static str {
        self.list.split('.').next().unwrap_or(self.list)
    }

    /// Whether an index of the path finds resources by the ids of these parties.
    pub(crate) fn is_found_by(&self, index: &str) -> bool {
        let below = index.strip_prefix(self.list).and_then(|rest| rest.strip_prefix('.'));
        below == Some(self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PARTIES: NamedParties =
        NamedParties { list: "relatedParty", id: "partyOrPartyRole.id", role: "role" };

    #[test]
    fn id_and_role_are_those_of_one_element() {
        let document = json!({ "relatedParty": [
            { "role": "owner", "partyOrPartyRole": { "id": "1" } },
            { "role": "payer", "partyOrPartyRole": { "id": "2" } },
            { "partyOrPartyRole": { "id": "3" } },
            { "role": "owner", "id": "4" },
            { "role": "owner", "partyOrPartyRole": { "id": 5 } },
            "6"
        ] });
        let document = document.as_object().unwrap();
        let has = |id: &str, role| {
            PARTIES.any(document, |given, given_role| given == id && given_role == role)
        };
        assert!(has("1", Some("owner")) && has("2", Some("payer")) && has("3", None));
        assert!(!has("1", Some("payer")) && !has("2", Some("owner")));
        assert!(!has("4", Some("owner")) && !has("5", Some("owner")) && !has("6", None));
        let none = json!({ "name": "x" });
        assert!(!PARTIES.any(none.as_object().unwrap(), |_, _| true));
    }

    #[test]
    fn an_index_of_their_ids_is_known_by_its_path() {
        assert!(PARTIES.is_found_by("relatedParty.partyOrPartyRole.id"));
        for other in ["relatedParty.id", "relatedParty", "partyOrPartyRole.id", "name"] {
            assert!(!PARTIES.is_found_by(other), "{other}");
        }
    }
}
