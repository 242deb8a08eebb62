//! No account lies below itself.
//!
//! A relationship makes a hierarchy where its type says so in any of the ways that are in use
//! ([`Place::of`]). An account lies below another if either says so. A change can only close a circle
//! that leads through the changed account, so the rule walks up from there: that costs what lies
//! above, not what lies below.

use std::collections::BTreeSet;

use schemas::Fault;
use serde_json::Value;
use tmf630::model::index::Index;
use tmf630::model::rule::{Asked, Change, Data, Rule};
use tmf630::{Error, Settings};

use crate::api::{ACCOUNT_MANAGEMENT, ACCOUNTS, RELATED_ACCOUNT};

/// How many accounts above one are looked at.
const MAX_ABOVE: usize = 10_000;

/// The accounts that an account says lie below it.
pub(crate) const BELOW: Index = Index::made("accountRelationship.below", |document, visit| {
    related(document, Place::Below).filter_map(id_of).for_each(visit);
});

/// The rule.
#[derive(Debug)]
pub(crate) struct Hierarchy;

impl Rule for Hierarchy {
    fn check<'a>(
        &'a self,
        change: Change<'a>,
        _settings: &'a Settings,
        data: &'a dyn Data,
    ) -> Asked<'a, ()> {
        Box::pin(async move {
            match change.after {
                Some(after) if change.concerns("accountRelationship") => {
                    let account = Account { kind: change.resource.name, id: change.id.to_owned() };
                    walk_up(&account, after, data).await
                }
                _ => Ok(()),
            }
        })
    }
}

/// An account of any kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Account {
    kind: &'static str,
    id: String,
}

/// Refuses the `document` that is going to be the account's if that would lie below itself.
async fn walk_up(changed: &Account, document: &Value, data: &dyn Data) -> Result<(), Error> {
    let is_in_hierarchy = |place| related(document, place).next().is_some();
    if !is_in_hierarchy(Place::Above) && !is_in_hierarchy(Place::Below) {
        return Ok(());
    }
    let below = accounts(document, Place::Below);
    let mut seen = BTreeSet::new();
    let mut next = accounts(document, Place::Above);
    next.extend(below.iter().find(|account| *account == changed).cloned());
    next.extend(saying_below(changed, changed, MAX_ABOVE, data).await?);
    while let Some(account) = next.pop() {
        if account == *changed {
            return Err(below_itself(changed));
        }
        if !seen.insert(account.clone()) {
            continue;
        }
        let left = MAX_ABOVE.checked_sub(seen.len()).ok_or_else(too_large)?;
        if let Some(document) = data.document(account.kind, &account.id).await? {
            next.extend(accounts(&document, Place::Above));
        }
        next.extend(saying_below(&account, changed, left, data).await?);
        if below.contains(&account) {
            next.push(changed.clone());
        }
    }
    Ok(())
}

/// The accounts that say that `account` lies below them, but for the one that changes: what that
/// says is about to be replaced.
async fn saying_below(
    account: &Account,
    changed: &Account,
    limit: usize,
    data: &dyn Data,
) -> Result<Vec<Account>, Error> {
    let mut saying = Vec::new();
    for kind in ACCOUNTS {
        let found = data.found(kind, BELOW, &account.id, MAX_ABOVE + 1).await?;
        if found.len() > MAX_ABOVE {
            return Err(too_large());
        }
        for (id, document) in found {
            let above = Account { kind, id };
            if above != *changed && accounts(&document, Place::Below).contains(account) {
                saying.push(above);
            }
        }
    }
    match saying.len() > limit {
        true => Err(too_large()),
        false => Ok(saying),
    }
}

fn below_itself(Account { kind, id }: &Account) -> Error {
    let expectation = format!("must not put {kind} {id} below itself");
    Error::invalid_document(&[Fault::new("/accountRelationship", expectation)])
}

fn too_large() -> Error {
    let message = format!("/accountRelationship may lead up to {MAX_ABOVE} accounts.");
    Error::conflict("The hierarchy is too large", message)
}

/// The accounts that the document says lie there. Where the kind is not said, it is every kind.
fn accounts(document: &Value, place: Place) -> Vec<Account> {
    let related = related(document, place).filter_map(|account| Some((account, id_of(account)?)));
    related
        .flat_map(|(account, id)| {
            let kinds = ACCOUNT_MANAGEMENT.meant(&RELATED_ACCOUNT, account);
            kinds.into_iter().map(|kind| Account { kind, id: id.to_owned() })
        })
        .collect()
}

/// The references to accounts that the document says lie there.
fn related(document: &Value, place: Place) -> impl Iterator<Item = &Value> {
    let relationships = document.get("accountRelationship").and_then(Value::as_array);
    relationships.into_iter().flatten().filter_map(move |relationship| {
        let kind = relationship.get("relationshipType").and_then(Value::as_str)?;
        relationship.get("account").filter(|_| Place::of(kind) == Some(place))
    })
}

fn id_of(account: &Value) -> Option<&str> {
    account.get("id").and_then(Value::as_str)
}

/// Where a related account lies, seen from the account that has the relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Above,
    Below,
}

/// What the related account is called, and where it then lies.
const NAMES: [(&str, Place); 10] = [
    ("parent", Place::Above),
    ("ancestor", Place::Above),
    ("master", Place::Above),
    ("child", Place::Below),
    ("children", Place::Below),
    ("descendant", Place::Below),
    ("member", Place::Below),
    ("part", Place::Below),
    ("subsidiary", Place::Below),
    ("sub", Place::Below),
];

/// What the account does with the related one, and where that then lies.
const VERBS: [(&str, Place); 10] = [
    ("contains", Place::Below),
    ("contain", Place::Below),
    ("includes", Place::Below),
    ("include", Place::Below),
    ("containedin", Place::Above),
    ("containedby", Place::Above),
    ("contained", Place::Above),
    ("includedin", Place::Above),
    ("includedby", Place::Above),
    ("included", Place::Above),
];

impl Place {
    /// Where the type of a relationship says that the related account lies; nothing if it makes no
    /// hierarchy. Case, spaces and signs make no difference, and neither does the word account. With
    /// `of` behind a name or `is` in front, it is the account itself that is called so:
    /// `parentOf` and `isParent` put the related account below, `parent` and `hasParent` above.
    fn of(relationship_type: &str) -> Option<Self> {
        let letters = relationship_type.chars().filter(|c| c.is_alphanumeric());
        let name: String = letters.flat_map(char::to_lowercase).collect();
        let name = name.replace("accounts", "").replace("account", "");
        let (is, rest) = match name.strip_prefix("is") {
            Some(rest) => (true, rest),
            None => (false, name.strip_prefix("has").unwrap_or(&name)),
        };
        if let Some((_, place)) = VERBS.iter().find(|(verb, _)| *verb == rest) {
            return Some(*place);
        }
        let (of, noun) = match rest.strip_suffix("of") {
            Some(noun) => (true, noun),
            None => (false, rest),
        };
        let is_called = |called: &str| called == noun || Some(called) == noun.strip_suffix('s');
        let (_, place) = NAMES.iter().find(|(called, _)| is_called(called))?;
        Some(if is || of { place.opposite() } else { *place })
    }

    fn opposite(self) -> Self {
        match self {
            Self::Above => Self::Below,
            Self::Below => Self::Above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_relationships_are_understood_in_any_spelling() {
        let below = "contains Contains isParentOf parentOf parent_of PARENTOF child hasChild childAccount \
                     subAccount sub-account hasMember has_member member includes isParent parentAccountOf \
                     children hasSubAccounts part hasPart";
        let above = "containedIn isContainedIn childOf isChildOf parent hasParent parentAccount memberOf \
                     isMemberOf partOf isPartOf child-of subAccountOf isIncludedIn contained childAccountOf isChild";
        let none =
            "related partner isolated payer replaces hasBeen of is has account successor partnerOf";
        for (types, expected) in
            [(below, Some(Place::Below)), (above, Some(Place::Above)), (none, None)]
        {
            for name in types.split_whitespace() {
                assert_eq!(Place::of(name), expected, "{name}");
            }
        }
        assert_eq!(Place::of("parent of"), Some(Place::Below));
        assert_eq!(Place::of(""), None);
    }
}
