//! Where the answer to a query is a range of keys: counting them, and reading those of the page.

use std::collections::BTreeSet;

use bytes::Bytes;
use kv_tree::{Order, Snapshot};

use super::plan::{Range, collect_ids};
use super::{MAX_PAGE_BYTES, Selected};
use crate::context::Context;
use crate::derivation;
use crate::query::Page;
use crate::storage::record::Record;
use crate::{Error, Ports};

/// How many records are fetched together when it is not known how long they are.
const FIRST_BATCH: usize = 32;

/// How many records are fetched together at most.
const BATCH: usize = 256;

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
            let mut ids = Vec::new();
            while let Some((key, value)) = scan.next().await? {
                wanted -= 1;
                let id = range.id_of(&key)?;
                match range {
                    Range::Entries(..) => ids.push(id),
                    Range::Records(..) if !selected.has_room() => {
                        selected.is_cut = true;
                        break;
                    }
                    Range::Records(..) => {
                        if let Some((id, record)) = readable(context, id, value) {
                            selected.add(id, record);
                        }
                    }
                }
            }
            fetch(context, snapshot, ids, &mut selected).await?;
        }
        offset = offset.saturating_sub(count);
    }
    derivation::show_all(context, snapshot, &mut selected.page).await?;
    Ok(selected)
}

/// Counts the resources that are in any of `ranges`, each once, and reads the page of their records in
/// the order of their ids.
pub(super) async fn read_union<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    ranges: &[Range],
    order: Order,
    Page { offset, limit }: Page,
) -> Result<Selected, Error> {
    let mut ids = BTreeSet::new();
    collect_ids(context, snapshot, ranges, &mut ids).await?;
    let mut selected = Selected { total: ids.len() as u64, ..Selected::default() };
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let page: Vec<_> = match order {
        Order::Ascending => ids.into_iter().skip(start).take(limit).collect(),
        Order::Descending => ids.into_iter().rev().skip(start).take(limit).collect(),
    };
    fetch(context, snapshot, page, &mut selected).await?;
    derivation::show_all(context, snapshot, &mut selected.page).await?;
    Ok(selected)
}

/// Adds the records with the ids to the page, as far as they are there and can be read.
pub(super) async fn fetch<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    ids: Vec<String>,
    selected: &mut Selected,
) -> Result<(), Error> {
    let keys = context.keys();
    let limit_of_sight = context.sight.limit(context.definition.resource);
    // An entry that was left behind must not show to somebody what is another's by now.
    let is_seen =
        |record: &Record| limit_of_sight.as_ref().is_none_or(|it| it.admits_record(record));
    let mut ids = ids.into_iter();
    let mut batch = FIRST_BATCH;
    while ids.len() > 0 {
        if !selected.has_room() {
            selected.is_cut = true;
            return Ok(());
        }
        let some: Vec<_> = ids.by_ref().take(batch).collect();
        let values = context.values(snapshot, keys, &some).await?;
        for (id, value) in some.into_iter().zip(values) {
            let found = value.and_then(|value| readable(context, id, value));
            if let Some((id, record)) = found.filter(|(_, record)| is_seen(record)) {
                selected.add(id, record);
            }
        }
        // As many as there is room for, if they are as long as those before.
        let average = selected.bytes / selected.page.len().max(1);
        let room = MAX_PAGE_BYTES.saturating_sub(selected.bytes);
        batch = (room / average.max(1) + 1).min(BATCH);
    }
    Ok(())
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
