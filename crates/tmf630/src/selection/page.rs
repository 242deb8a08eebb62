//! Where the answer to a query is a range of keys: counting them, and reading those of the page.

use bytes::Bytes;
use kv_tree::{Order, Snapshot};

use super::Selected;
use super::plan::Range;
use crate::context::Context;
use crate::query::Page;
use crate::storage::record::Record;
use crate::{Error, Ports};

/// Counts `ranges`, one after the other, and reads the page of their records.
pub(super) async fn read<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    ranges: &[Range],
    order: Order,
    Page { mut offset, limit }: Page,
) -> Result<Selected, Error> {
    let mut selected = Selected::default();
    let mut wanted = limit;
    for range in ranges {
        let count = snapshot.count(range.keys()).await?;
        selected.total = selected.total.saturating_add(count);
        if offset < count && wanted > 0 {
            let scan = snapshot.scan(range.keys().clone(), order);
            let mut scan = scan.offset(offset).limit(wanted as u64);
            let mut entries = Vec::new();
            while let Some(entry) = scan.next().await? {
                entries.push(entry);
            }
            wanted = wanted.saturating_sub(entries.len());
            selected.page.extend(records(context, snapshot, range, entries).await?);
        }
        offset = offset.saturating_sub(count);
    }
    Ok(selected)
}

/// The records that entries are for.
async fn records<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    range: &Range,
    entries: Vec<(Bytes, Bytes)>,
) -> Result<Vec<(String, Record)>, Error> {
    let mut ids = Vec::with_capacity(entries.len());
    for (key, _) in &entries {
        ids.push(range.id_of(key)?);
    }
    match range {
        Range::Records(..) => {
            let records = ids.into_iter().zip(entries);
            Ok(records.filter_map(|(id, (_, value))| readable(context, id, value)).collect())
        }
        Range::Entries(..) => fetch(context, snapshot, ids).await,
    }
}

/// The records with the ids, as far as they are there and can be read.
pub(super) async fn fetch<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    ids: Vec<String>,
) -> Result<Vec<(String, Record)>, Error> {
    let keys = context.keys();
    let values = snapshot.get_many(ids.iter().map(|id| keys.record(id))).await?;
    let records = ids.into_iter().zip(values);
    Ok(records.filter_map(|(id, value)| readable(context, id, value?)).collect())
}

/// The record in `value`, unless it is damaged.
pub(super) fn readable<P: Ports>(
    context: &Context<'_, P>,
    id: String,
    value: Bytes,
) -> Option<(String, Record)> {
    match Record::read(&id, value) {
        Ok(record) => Some((id, record)),
        Err(error) => {
            context.note_unreadable(context.definition.name(), &id, &error);
            None
        }
    }
}
