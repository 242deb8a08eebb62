//! What lies above and below an account: a tree that documents of accounts tell a piece of each.

use account_rules::hierarchy::Place;
use serde_json::Value;

use super::document;
use super::reference;
use super::resource::Resource;

/// An account as another one names it, or as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    /// The key of its resource; none where nobody says of which kind it is.
    pub kind: Option<&'static str>,
    pub id: String,
    pub name: String,
    /// Known only of accounts that were read.
    pub state: Option<String>,
    /// What it is to the other one, in their words.
    pub relation: String,
}

/// The accounts around one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    pub above: Vec<Relative>,
    pub below: Vec<Relative>,
    /// Those related in some other way.
    pub beside: Vec<Relative>,
}

/// How a financial account and those that add up to it are related: not by a relationship.
pub const LEDGER: &str = "financialAccount";

impl Family {
    /// What an account says itself.
    pub fn told_by(account: &Value) -> Self {
        let mut family = Self::default();
        for relationship in document::at(account, "accountRelationship") {
            let Some(other) = relationship.get("account") else { continue };
            let relation = document::text(relationship, "relationshipType").unwrap_or_default();
            if let Some(relative) = Relative::referred(other, relation) {
                family.side(Place::of(relation)).push(relative);
            }
        }
        let ledger = account.get(LEDGER).and_then(|it| Relative::referred(it, LEDGER));
        family.above.extend(ledger.map(|it| Relative { kind: Some(LEDGER), ..it }));
        family
    }

    /// Adds what other accounts of a kind say of the one with this id.
    pub fn hear(&mut self, kind: &'static str, others: &[Value], id: &str) {
        for other in others {
            let relationships = document::at(other, "accountRelationship").into_iter();
            let relation = relationships
                .filter(|it| document::text(it, "account.id") == Some(id))
                .find_map(|it| document::text(it, "relationshipType"));
            let (place, relation) = match relation {
                // Seen from here, it lies on the other side.
                Some(relation) => (Place::of(relation).map(Place::opposite), relation),
                None if document::text(other, "financialAccount.id") == Some(id) => {
                    (Some(Place::Below), LEDGER)
                }
                None => continue,
            };
            if let Some(relative) = Relative::read(kind, other, relation) {
                self.add(place, relative);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.above.is_empty() && self.below.is_empty() && self.beside.is_empty()
    }

    /// Adds a relative that may be named already; who was read tells more than who was named.
    fn add(&mut self, place: Option<Place>, relative: Relative) {
        let side = self.side(place);
        match side.iter_mut().find(|known| known.is(&relative)) {
            Some(known) => {
                let relation = std::mem::take(&mut known.relation);
                *known = Relative { relation, ..relative };
            }
            None => side.push(relative),
        }
    }

    fn side(&mut self, place: Option<Place>) -> &mut Vec<Relative> {
        match place {
            Some(Place::Above) => &mut self.above,
            Some(Place::Below) => &mut self.below,
            None => &mut self.beside,
        }
    }
}

impl Relative {
    /// An account that was read.
    pub fn read(kind: &'static str, account: &Value, relation: &str) -> Option<Self> {
        let id = document::text(account, "id")?;
        Some(Self {
            kind: Some(kind),
            id: id.to_owned(),
            name: reference::name_of(account).unwrap_or(id).to_owned(),
            state: document::text(account, "state").map(str::to_owned),
            relation: relation.to_owned(),
        })
    }

    /// An account that another one names.
    fn referred(account: &Value, relation: &str) -> Option<Self> {
        let id = document::text(account, "id")?;
        Some(Self {
            kind: reference::resource_of(account).map(|resource| resource.key),
            id: id.to_owned(),
            name: reference::name_of(account).unwrap_or(id).to_owned(),
            state: None,
            relation: relation.to_owned(),
        })
    }

    pub fn resource(&self) -> Option<&'static Resource> {
        self.kind.and_then(Resource::named)
    }

    /// Whether both are the same account, where a kind that nobody says may be any.
    pub fn is(&self, other: &Self) -> bool {
        self.id == other.id && (self.kind == other.kind || self.kind.is_none())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(relatives: &[Relative]) -> Vec<&str> {
        relatives.iter().map(|it| &*it.id).collect()
    }

    fn related(id: &str, relation: &str, to: &str) -> Value {
        json!({"id": id, "name": id, "state": "Active", "accountRelationship": [
            {"relationshipType": relation, "account": {"id": to, "@referredType": "PartyAccount"}},
        ]})
    }

    #[test]
    fn an_account_tells_what_lies_around_it() {
        let account = json!({
            "financialAccount": {"id": "ledger"},
            "accountRelationship": [
                {"relationshipType": "parent", "account": {"id": "up", "@referredType": "PartyAccount"}},
                {"relationshipType": "contains", "account": {"id": "down"}},
                {"relationshipType": "replaces", "account": {"id": "old"}},
                {"relationshipType": "parent"},
            ],
        });
        let family = Family::told_by(&account);
        assert_eq!(ids(&family.above), ["up", "ledger"]);
        assert_eq!(family.above[1].kind, Some("financialAccount"));
        assert_eq!((ids(&family.below), ids(&family.beside)), (vec!["down"], vec!["old"]));
        assert_eq!((family.above[0].kind, family.below[0].kind), (Some("partyAccount"), None));
    }

    #[test]
    fn others_tell_it_the_other_way_round() {
        let mut family = Family::default();
        let others = [
            related("child", "parent", "me"),
            related("owner", "contains", "me"),
            related("heir", "replaces", "me"),
            related("stranger", "parent", "somebody else"),
            json!({"id": "bills", "financialAccount": {"id": "me"}}),
        ];
        family.hear("partyAccount", &others, "me");
        assert_eq!(ids(&family.below), ["child", "bills"]);
        assert_eq!((ids(&family.above), ids(&family.beside)), (vec!["owner"], vec!["heir"]));
        assert_eq!(family.below[1].relation, LEDGER);
    }

    #[test]
    fn who_is_told_of_twice_is_there_once() {
        let mut family = Family::told_by(&related("me", "child", "x"));
        family.hear("partyAccount", &[related("x", "parent", "me")], "me");
        assert_eq!(ids(&family.below), ["x"]);
        assert_eq!(family.below[0].state.as_deref(), Some("Active"));
        assert_eq!(family.below[0].relation, "child");
        family.hear("billingAccount", &[related("x", "parent", "me")], "me");
        assert_eq!(ids(&family.below), ["x", "x"], "ids are unique only among accounts of a kind");
    }
}
