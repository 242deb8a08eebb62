//! No account lies below itself.
//!
//! A relationship makes a hierarchy where its type says so in any of the ways that are in use
//! ([`Place::of`]). An account lies below another if either says so. A change can only close a circle
//! that leads through the changed account, so the rule walks up from there: that costs what lies
//! above, not what lies below.

use std::collections::BTreeSet;

use account_rules::hierarchy::Place;
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
