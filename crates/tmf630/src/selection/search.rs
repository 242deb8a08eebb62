//! Where an answer is found by looking at resources.

use std::collections::VecDeque;

use kv_tree::{Order, Snapshot};
use serde_json::Value;

use super::page::{fetch, readable};
use super::{MAX_PAGE_BYTES, Selected};
use crate::context::Context;
use crate::derivation;
use crate::query::{Page, Query, SortValue};
use crate::storage::record::Record;
use crate::{Error, Ports};

/// How many records are fetched together.
const BATCH: usize = 256;

/// How many are fetched together by their ids, however long they are.
const BATCH_OF_IDS: usize = 64;

/// Where the resources come from that are looked at.
pub(super) enum Source {
    All,
    /// Those with the ids, in this order.
    Ids(VecDeque<String>),
}

/// Looks at every resource of the source.
pub(super) async fn look_through<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    query: &Query,
    mut source: Source,
) -> Result<Selected, Error> {
    let Context { definition, view, budget, ports, .. } = context;
    let limit_of_sight = context.sight.limit(definition.resource);
    let Page { offset, limit } = query.page;
    let mut selected = Selected::default();
    let mut sorted: Vec<(Vec<Option<SortValue>>, String)> = Vec::new();
    let keys = context.keys();
    let mut scan = snapshot.scan(keys.records(), Order::Ascending);
    // Most queries are about what is stored, so that only those of the page need be completed.
    let is_derived = query.concerns(derivation::derived(context, snapshot).await?);
    loop {
        let mut batch: Vec<(String, Record)> = Vec::new();
        let is_end = match &mut source {
            Source::All => {
                let (mut bytes, mut is_end) = (0, false);
                while batch.len() < BATCH && bytes < MAX_PAGE_BYTES && !is_end {
                    match scan.next().await? {
                        Some((key, value)) => {
                            bytes += value.len();
                            batch.extend(readable(context, keys.id_of(&key)?.to_owned(), value));
                        }
                        None => is_end = true,
                    }
                }
                is_end
            }
            Source::Ids(ids) => {
                // An id that a client asked for need not be there.
                let some: Vec<_> = ids.drain(..ids.len().min(BATCH_OF_IDS)).collect();
                let values = context.values(snapshot, keys, &some).await?;
                let records = some.into_iter().zip(values);
                batch.extend(records.filter_map(|(id, value)| readable(context, id, value?)));
                ids.is_empty()
            }
        };
        if is_derived {
            derivation::show_all(context, snapshot, &mut batch).await?;
        }
        for (id, record) in batch {
            budget.read(definition, record.json().len())?;
            budget.pause_if_due(*ports).await;
            let document = match record.document() {
                Ok(document) if limit_of_sight.as_ref().is_some_and(|it| !it.admits(&document)) => {
                    continue;
                }
                Ok(document) => Value::Object(view.document(&id, document)),
                Err(error) => {
                    context.note_unreadable(definition.name(), &id, &error);
                    continue;
                }
            };
            if !query.matches(&document, budget)? {
                continue;
            }
            if !query.sort.is_empty() {
                let values = query.sort.iter().map(|key| key.value(&document, budget));
                sorted.push((values.collect::<Result<_, _>>()?, id));
            } else if selected.total >= offset && selected.page.len() < limit {
                selected.add(id, record);
            }
            selected.total += 1;
        }
        if is_end {
            break;
        }
    }
    if !query.sort.is_empty() {
        budget.sort(sorted.len(), query.sort.len())?;
        sorted.sort_unstable_by(|(a, a_id), (b, b_id)| {
            let keys = query.sort.iter().zip(a.iter().zip(b));
            let ordering = keys.map(|(key, (a, b))| key.compare(a, b)).find(|order| order.is_ne());
            ordering.unwrap_or_else(|| match query.sort.last().map(|key| key.order) {
                // As an index that is read backwards has it.
                Some(Order::Descending) => b_id.cmp(a_id),
                _ => a_id.cmp(b_id),
            })
        });
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let ids = sorted.into_iter().skip(start).take(limit).map(|(_, id)| id).collect();
        fetch(context, snapshot, ids, &mut selected).await?;
    }
    // What was completed stays so.
    derivation::show_all(context, snapshot, &mut selected.page).await?;
    Ok(selected)
}
