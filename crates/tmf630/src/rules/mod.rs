//! What holds between resources, and between a resource and what it was before.

use std::collections::{BTreeSet, VecDeque};

use kv_tree::{Kv, Order, Snapshot};
use schemas::Fault;
use serde_json::Value;

use crate::context::Context;
use crate::model::definition::Reference;
use crate::settings::{References, StateTransitions};
use crate::storage::catalogue::Catalogue;
use crate::storage::record::{self, Document, Record};
use crate::value::path;
use crate::{Error, Ports, account};

/// How many accounts of a hierarchy are looked at.
const MAX_HIERARCHY: usize = 10_000;

/// Refuses a new or changed document that breaks a rule.
pub(crate) async fn check_change<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    id: &str,
    before: Option<&Document>,
    after: &Document,
) -> Result<(), Error> {
    if context.settings.state_transitions == StateTransitions::Tmf
        && let Some(before) = before
    {
        check_transition(before, after)?;
    }
    let is_new =
        |attribute: &str| before.is_none_or(|before| before.get(attribute) != after.get(attribute));
    let after = Value::Object(after.clone());
    if context.settings.references == References::Strict {
        for reference in context.definition.references {
            let attribute = reference.path.split('.').next().unwrap_or(reference.path);
            if is_new(attribute) {
                check_reference(context, own, id, reference, &after).await?;
            }
        }
    }
    if is_new("accountRelationship") && account::ACCOUNTS.contains(&context.definition.name) {
        check_hierarchy(context, own, id, &after).await?;
    }
    Ok(())
}

/// The life of an account as TM Forum's billing management has it: from each state, the states that
/// may follow. Other states are a deployment's own and free.
const TRANSITIONS: [(&str, &[&str]); 6] = [
    ("Defined", &["Active"]),
    ("Active", &["Suspended", "Pending_Update", "Pending_Closed"]),
    ("Suspended", &["Active", "Closed"]),
    ("Pending_Update", &["Active"]),
    ("Pending_Closed", &["Closed"]),
    ("Closed", &[]),
];

fn check_transition(before: &Document, after: &Document) -> Result<(), Error> {
    let state = |document: &Document| {
        document.get("state").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (from, to) = (state(before), state(after));
    let known = TRANSITIONS.iter().find(|(state, _)| *state == from);
    match known {
        Some((_, next)) if from != to && !next.contains(&to.as_str()) => {
            Err(Error::forbidden_transition(&from, &to, next))
        }
        _ => Ok(()),
    }
}

/// The resources that an object which refers can mean: those of the class that it names, or else all
/// that the attribute can refer to.
fn targets(reference: &Reference, object: &Value) -> Vec<&'static str> {
    let class = object["@referredType"].as_str().unwrap_or_default();
    let named = |target: &&&str| class.eq_ignore_ascii_case(target);
    match reference.targets.iter().find(named) {
        Some(target) => vec![target],
        None => reference.targets.to_vec(),
    }
}

/// Whether the object stands for a resource kept elsewhere, rather than for itself.
fn is_reference(object: &Value) -> bool {
    object["@type"].as_str().is_none_or(|class| class.ends_with("Ref"))
}

async fn check_reference<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    id: &str,
    reference: &Reference,
    document: &Value,
) -> Result<(), Error> {
    let mut objects = Vec::new();
    path::walk(reference.path, document, &mut |object| objects.push(object));
    for object in objects {
        let Some(referred) = object["id"].as_str().filter(|_| is_reference(object)) else {
            continue;
        };
        let mut found = false;
        for target in targets(reference, object) {
            let is_own = target == context.definition.name;
            found = found
                || (is_own && referred == id)
                || exists(context, own, target, referred).await?;
        }
        if !found {
            let pointer = format!("/{}", reference.path.replace('.', "/"));
            let expectation = format!("must refer to a resource that exists; {referred} does not");
            return Err(Error::invalid_document(&[Fault::new(pointer, expectation)]));
        }
    }
    Ok(())
}

async fn exists<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    resource: &str,
    id: &str,
) -> Result<bool, Error> {
    Ok(find(context, own, resource, id).await?.is_some())
}

async fn find<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    resource: &str,
    id: &str,
) -> Result<Option<Value>, Error> {
    let value = match resource == context.definition.name {
        true => own.get(record::key(id)).await?,
        false => context.tree_of(resource)?.snapshot().await?.get(record::key(id)).await?,
    };
    match value {
        Some(value) => Ok(Some(Value::Object(Record::read(id, value)?.document()?))),
        None => Ok(None),
    }
}

/// Refuses to delete a resource while another one of this API refers to it.
pub(crate) async fn check_delete<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    id: &str,
) -> Result<(), Error> {
    for referrer in context.definition.referrers {
        let snapshot = match referrer.resource == context.definition.name {
            true => own.clone(),
            false => context.tree_of(referrer.resource)?.snapshot().await?,
        };
        let reference = Reference { path: referrer.path, targets: account::ACCOUNTS };
        let mut found = None;
        visit_referrers(&snapshot, referrer.path, id, |referring, document| {
            path::walk(referrer.path, document, &mut |object| {
                let means_this = !account::ACCOUNTS.contains(&context.definition.name)
                    || targets(&reference, object).contains(&context.definition.name);
                let is_itself = referring == id && referrer.resource == context.definition.name;
                if object["id"] == id && means_this && !is_itself {
                    found.get_or_insert_with(|| referring.to_owned());
                }
            });
            found.is_none()
        })
        .await?;
        if let Some(referring) = found {
            return Err(Error::referred_to(id, referrer.resource, &referring));
        }
    }
    Ok(())
}

/// Shows `visit` the resources whose objects at `path` have the id, until it says that it has seen
/// enough. Where the index of the attribute is not whole, it is shown all resources.
async fn visit_referrers<K: Kv>(
    snapshot: &Snapshot<K>,
    path: &'static str,
    id: &str,
    mut visit: impl FnMut(&str, &Value) -> bool,
) -> Result<(), Error> {
    let mut document = |id: &str, value| -> Result<bool, Error> {
        let document = Value::Object(Record::read(id, value)?.document()?);
        Ok(visit(id, &document))
    };
    let attribute = format!("{path}.id");
    let index = account::PARTY_ACCOUNT_INDEXES.iter().find(|index| index.path == attribute);
    let index = match index {
        Some(index) if Catalogue::has_whole(index, snapshot).await? => index,
        _ => {
            let mut scan = snapshot.scan(record::keys(), Order::Ascending);
            while let Some((key, value)) = scan.next().await? {
                if !document(record::id_of(&key)?, value)? {
                    break;
                }
            }
            return Ok(());
        }
    };
    let Some(range) = index.equal(id) else { return Ok(()) };
    let mut scan = snapshot.scan(range, Order::Ascending);
    while let Some((key, _)) = scan.next().await? {
        let referring = index.id_of(&key)?;
        if let Some(value) = snapshot.get(record::key(referring)).await?
            && !document(referring, value)?
        {
            break;
        }
    }
    Ok(())
}

/// Kinds of relationships that make hierarchies, by their names without case and signs: whether the
/// related account is below the one that has the relationship.
const HIERARCHICAL: [(&str, bool); 10] = [
    ("contains", true),
    ("parentof", true),
    ("isparentof", true),
    ("child", true),
    ("haschild", true),
    ("containedin", false),
    ("iscontainedin", false),
    ("childof", false),
    ("ischildof", false),
    ("parent", false),
];

/// An account of any kind: the resource and the id.
type Account = (&'static str, String);

const RELATED: Reference = Reference { path: "account", targets: account::ACCOUNTS };

/// The accounts that the document says are below it, or above it.
fn related(document: &Value, resource: &'static str, below: bool) -> Vec<Account> {
    let relationships = document["accountRelationship"].as_array().into_iter().flatten();
    let hierarchical = relationships.filter(|relationship| {
        let letters = relationship["relationshipType"].as_str().unwrap_or_default().chars();
        let name: String =
            letters.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        HIERARCHICAL.contains(&(name.as_str(), below))
    });
    hierarchical
        .filter_map(|relationship| {
            let account = &relationship["account"];
            // Without a class, it is of the same kind.
            let target = match targets(&RELATED, account)[..] {
                [target] => target,
                _ => resource,
            };
            Some((target, account["id"].as_str()?.to_owned()))
        })
        .collect()
}

/// Refuses a document that would make an account lie below itself.
async fn check_hierarchy<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    id: &str,
    document: &Value,
) -> Result<(), Error> {
    let resource = account::ACCOUNTS.iter().find(|name| **name == context.definition.name);
    let Some(resource) = resource else { return Ok(()) };
    let start: Account = (resource, id.to_owned());
    let above = related(document, resource, false);
    let mut next: VecDeque<Account> = related(document, resource, true).into();
    if next.is_empty() && above.is_empty() {
        return Ok(());
    }
    // Whoever says that it lies below this account is below it too.
    next.extend(referring_below(context, own, &start, &start).await?);
    let mut seen = BTreeSet::new();
    while let Some(account) = next.pop_front() {
        if account == start || above.contains(&account) {
            let pointer = "/accountRelationship";
            let (resource, id) = &account;
            let expectation =
                format!("must not put the account below itself, by way of {resource} {id}");
            return Err(Error::invalid_document(&[Fault::new(pointer, expectation)]));
        }
        if !seen.insert(account.clone()) {
            continue;
        }
        if seen.len() > MAX_HIERARCHY {
            return Err(Error::hierarchy_too_large(MAX_HIERARCHY));
        }
        if let Some(document) = find(context, own, account.0, &account.1).await? {
            next.extend(related(&document, account.0, true));
        }
        next.extend(referring_below(context, own, &account, &start).await?);
    }
    Ok(())
}

/// The accounts that say that they are below `account`, except for `changing`: what it says is about
/// to be replaced.
async fn referring_below<P: Ports>(
    context: &Context<'_, P>,
    own: &Snapshot<P::Kv>,
    account: &Account,
    changing: &Account,
) -> Result<Vec<Account>, Error> {
    let mut below = Vec::new();
    for resource in account::ACCOUNTS {
        let snapshot = match *resource == context.definition.name {
            true => own.clone(),
            false => context.tree_of(resource)?.snapshot().await?,
        };
        visit_referrers(&snapshot, account::RELATED_ACCOUNT, &account.1, |referring, document| {
            let referring = (*resource, referring.to_owned());
            if referring != *changing && related(document, resource, false).contains(account) {
                below.push(referring);
            }
            true
        })
        .await?;
    }
    Ok(below)
}
