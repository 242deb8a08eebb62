//! What refers to a resource stays right: nothing is deleted while something refers to it, and, where
//! a deployment wants it, nothing refers to what is not there.

use std::collections::BTreeSet;

use schemas::Fault;
use serde_json::Value;

use crate::Error;
use crate::model::api::Api;
use crate::model::relation::Relation;
use crate::model::rule::{Change, Data};
use crate::settings::{References, Settings};
use crate::sight::Sight;
use crate::value::path;

/// How many resources that refer to an id are looked at for one that means this one: mostly the first
/// does.
const LOOKED_AT: [usize; 3] = [1, 20, 500];

/// The last of them.
const MOST: usize = LOOKED_AT[LOOKED_AT.len() - 1];

/// Refuses a document that refers to what is not there, where that is not allowed.
pub(super) async fn check_from(
    api: &'static Api,
    change: Change<'_>,
    after: &Value,
    settings: &Settings,
    data: &dyn Data,
) -> Result<(), Error> {
    if settings.references != References::Strict {
        return Ok(());
    }
    for relation in api.relations_from(change.resource.name) {
        let attribute = relation.id.split('.').next().unwrap_or(relation.id);
        if change.concerns(attribute) {
            check_relation(api, relation, change, after, data).await?;
        }
    }
    Ok(())
}

async fn check_relation(
    api: &Api,
    relation: &Relation,
    change: Change<'_>,
    after: &Value,
    data: &dyn Data,
) -> Result<(), Error> {
    let objects_of = |document| {
        let mut objects = Vec::new();
        located(relation.path(), document, String::new(), &mut objects);
        objects
    };
    let reference = |object: &'_ Value| {
        let id = object.get("id").and_then(Value::as_str)?;
        let is_reference = api.is_reference(relation, object);
        is_reference.then(|| (api.meant(relation, object), id.to_owned()))
    };
    // What was referred to before may be, though it is not there or not to be seen.
    let before = change.before.map(objects_of).unwrap_or_default();
    let before = before.into_iter().filter_map(|(_, object)| reference(object));
    let mut known: BTreeSet<_> = before.collect();
    for (pointer, object) in objects_of(after) {
        let Some((meant, id)) = reference(object) else { continue };
        // Many may refer to the same.
        if !known.insert((meant.clone(), id.clone())) {
            continue;
        }
        let mut is_there = false;
        for resource in meant {
            let is_itself = resource == change.resource.name && id == change.id;
            is_there = is_there || is_itself || data.can_see(resource, &id).await?;
        }
        if !is_there {
            let expectation = format!("must refer to a resource that exists; {id} does not");
            return Err(Error::invalid_document(&[Fault::new(pointer, expectation)]));
        }
    }
    Ok(())
}

/// What the dotted `path` leads to from `value`, which is at `pointer`, with the JSON Pointers to it.
fn located<'v>(
    path: &str,
    value: &'v Value,
    pointer: String,
    found: &mut Vec<(String, &'v Value)>,
) {
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                located(path, element, format!("{pointer}/{index}"), found);
            }
        }
        value if path.is_empty() => found.push((pointer, value)),
        Value::Object(members) => {
            let (step, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = members.get(step) {
                located(rest, member, format!("{pointer}/{step}"), found);
            }
        }
        _ => {}
    }
}

/// Refuses to delete a resource while another one of the API refers to it. One that the client does
/// not see is in the way as well, but is not told of.
pub(super) async fn check_to(
    api: &'static Api,
    change: Change<'_>,
    data: &dyn Data,
    sight: Sight<'_>,
) -> Result<(), Error> {
    let own = change.resource.name;
    for relation in api.relations_to(own) {
        for resource in relation.from {
            for limit in LOOKED_AT {
                let found = data.found(resource, relation.index(), change.id, limit).await?;
                let is_itself = |id: &str| *resource == own && id == change.id;
                let referring: Vec<_> = found
                    .iter()
                    .filter(|(id, document)| {
                        !is_itself(id) && refers(api, relation, document, change)
                    })
                    .collect();
                let limit_of_sight = api.resource(resource).and_then(|it| sight.limit(it));
                let is_seen = |document: &Value| {
                    limit_of_sight.as_ref().is_none_or(|limit| limit.admits_value(document))
                };
                if let Some((id, _)) = referring.iter().find(|(_, document)| is_seen(document)) {
                    return Err(referred_to(change.id, resource, id));
                }
                if !referring.is_empty() {
                    return Err(referred_to_out_of_sight(change.id));
                }
                // Where there are more than can be looked at, one of them may well mean this one.
                if found.len() >= MOST {
                    return Err(match limit_of_sight {
                        Some(_) => referred_to_out_of_sight(change.id),
                        None => referred_to_by_many(change.id, resource),
                    });
                }
                if found.len() < limit {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Whether the document refers to the resource that changes.
fn refers(api: &Api, relation: &Relation, document: &Value, change: Change<'_>) -> bool {
    let mut refers = false;
    path::walk(relation.path(), document, &mut |object| {
        let has_id = object.get("id").and_then(Value::as_str) == Some(change.id);
        let meant = || api.meant(relation, object);
        refers |=
            has_id && api.is_reference(relation, object) && meant().contains(&change.resource.name);
    });
    refers
}

fn referred_to(id: &str, resource: &str, referring: &str) -> Error {
    let message = format!("{resource} {referring} refers to {id}; change or delete it first.");
    Error::conflict("Another resource refers to this one", message)
}

fn referred_to_out_of_sight(id: &str) -> Error {
    let message =
        format!("What you do not see refers to {id}, which cannot be deleted as long as it does.");
    Error::conflict("Another resource refers to this one", message)
}

fn referred_to_by_many(id: &str, resource: &str) -> Error {
    let message = format!(
        "{} or more of {resource} refer to the id {id}, be it this resource or another with the id; change or delete them first.",
        MOST
    );
    Error::conflict("Too many resources refer to this id", message)
}
