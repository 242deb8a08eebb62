//! Carrying out a query on a snapshot: which resources there are, how many, and which are on the
//! page.
//!
//! Where an index knows the answer, nothing else is read: its entries are counted, and those of the
//! page are skipped to. Otherwise the resources that an index leaves, or else all, are read and
//! looked at.

use std::collections::BTreeSet;

use bytes::Bytes;
use kv_tree::{KeyRange, Kv, Order, Snapshot};
use serde_json::Value;

use crate::context::Context;
use crate::model::definition::Index;
use crate::model::version::Version;
use crate::query::{Criterion, Group, Operator, Page, Query, SortKey};
use crate::storage::catalogue::Catalogue;
use crate::storage::record::{self, Record};
use crate::value::path::Path;
use crate::{Error, Ports, query};

/// How many records are fetched together.
const BATCH: usize = 256;

/// Up to which part of all resources those are read one by one that an index names.
const ONE_BY_ONE: u64 = 4;

/// What a query yields.
pub(crate) struct Selected {
    /// How many resources there are on all pages.
    pub total: u64,
    /// Those of the page, with their ids.
    pub page: Vec<(String, Record)>,
}

/// A range of keys of which each is for one resource.
struct Keys {
    /// The index that the keys are of, or the records themselves.
    index: Option<&'static Index>,
    range: KeyRange,
}

impl Keys {
    fn records() -> Self {
        Self { index: None, range: record::keys() }
    }

    fn id_of(&self, key: &[u8]) -> Result<String, Error> {
        match self.index {
            Some(index) => index.id_of(key).map(str::to_owned),
            None => record::id_of(key).map(str::to_owned),
        }
    }
}

/// The indexes that can be relied on, by the names that attributes have in a version of the API.
struct Indexes {
    whole: Vec<&'static Index>,
    version: Version,
}

impl Indexes {
    fn of(&self, path: &Path) -> Option<&'static Index> {
        let mut whole = self.whole.iter();
        whole.find(|index| self.version.path_of(index) == path.as_str()).copied()
    }

    /// The index that knows which resources the conditions, all on this attribute, hold for. Where
    /// they hold for what the version shows in place of a missing value, none does.
    fn deciding(&self, path: &Path, criteria: &[&Criterion]) -> Option<&'static Index> {
        let shown = self.version.filled_in(path);
        let is_shown = |criterion: &&Criterion| {
            shown.is_some_and(|text| criterion.matches_text(text) || criterion.matches_text(""))
        };
        self.of(path).filter(|_| !criteria.iter().any(is_shown))
    }
}

/// Carries out `query`.
pub(crate) async fn select<P: Ports>(
    context: &Context<'_, P>,
    catalogue: &Catalogue,
    snapshot: &Snapshot<P::Kv>,
    query: &Query,
) -> Result<Selected, Error> {
    let Context { view, .. } = context;
    let indexes = view.definition.indexes.iter().filter(|index| catalogue.is_whole(index));
    let indexes = Indexes { whole: indexes.collect(), version: view.version };
    match straight(&indexes, query) {
        Some((keys, order)) => read_page(snapshot, &keys, order, query.page).await,
        None => match candidates(context, &indexes, snapshot, query).await? {
            Some(ids) => look_through(context, snapshot, query, Source::Ids(ids.into())).await,
            None => look_through(context, snapshot, query, Source::All).await,
        },
    }
}

/// The keys that are the answer, in its order, if there are such.
fn straight(indexes: &Indexes, query: &Query) -> Option<(Vec<Keys>, Order)> {
    let filter = match &query.filter.0[..] {
        [] => None,
        [group] if group.json_paths.is_empty() => Some(exact(indexes, &group.criteria)?),
        _ => return None,
    };
    match (&query.sort[..], filter) {
        ([], None) => Some((vec![Keys::records()], Order::Ascending)),
        ([], Some(keys)) => Some((vec![keys], Order::Ascending)),
        ([sort], None) if sort.path.as_str() == "id" => Some((vec![Keys::records()], sort.order)),
        ([sort], None) => {
            let index = single(indexes, sort)?;
            let keys = |range| Keys { index: Some(index), range };
            // What is missing comes last in either direction: it is read after the others.
            Some((vec![keys(index.present()), keys(index.missing())], sort.order))
        }
        ([sort], Some(keys)) => match keys.index {
            Some(index) if !index.is_multiple && indexes.of(&sort.path) == Some(index) => {
                Some((vec![keys], sort.order))
            }
            // Resources with one and the same value are in the order of their ids.
            Some(_) if sort.path.as_str() == "id" && is_one_value(query) => {
                Some((vec![keys], sort.order))
            }
            None if sort.path.as_str() == "id" => Some((vec![keys], sort.order)),
            _ => None,
        },
        _ => None,
    }
}

fn is_one_value(query: &Query) -> bool {
    let mut criteria = query.filter.0.iter().flat_map(|group| &group.criteria);
    criteria.all(|criterion| criterion.operator == Operator::Equal)
}

fn single(indexes: &Indexes, sort: &SortKey) -> Option<&'static Index> {
    indexes.of(&sort.path).filter(|index| !index.is_multiple)
}

/// The keys of exactly those resources for which all of `group` holds, if an index knows them.
fn exact(indexes: &Indexes, group: &[Criterion]) -> Option<Keys> {
    let path = &group.first()?.path;
    if !group.iter().all(|criterion| criterion.path == *path) {
        return None;
    }
    let criteria: Vec<_> = group.iter().collect();
    if path.as_str() == "id" {
        return ids(&criteria);
    }
    let index = indexes.deciding(path, &criteria)?;
    // A resource with several values may have several entries in a range, but one for a value.
    let once =
        !index.is_multiple || matches!(&criteria[..], [one] if one.operator == Operator::Equal);
    let range = index.range(&criteria).filter(|_| once)?;
    Some(Keys { index: Some(index), range })
}

/// The records with the one id that is asked for.
fn ids(criteria: &[&Criterion]) -> Option<Keys> {
    let [criterion] = criteria else { return None };
    let [operand] = &criterion.operands[..] else { return None };
    let key = || std::ops::Bound::Included(record::key(&operand.text).into_bytes());
    let range = KeyRange::between(key(), key());
    (criterion.operator == Operator::Equal).then_some(Keys { index: None, range })
}

/// The ids of resources among which all are that the filter lets through; nothing if that can be
/// any. Of conditions that must all hold, the one that leaves the fewest is taken.
async fn candidates<P: Ports>(
    context: &Context<'_, P>,
    indexes: &Indexes,
    snapshot: &Snapshot<P::Kv>,
    query: &Query,
) -> Result<Option<Vec<String>>, Error> {
    if query.filter.0.is_empty() {
        return Ok(None);
    }
    let mut found = BTreeSet::new();
    for Group { criteria: group, .. } in &query.filter.0 {
        let mut narrowest: Option<(u64, Vec<Keys>)> = None;
        for alternatives in group.iter().filter_map(|criterion| ranges(indexes, criterion, group)) {
            let mut count = 0_u64;
            for keys in &alternatives {
                count = count.saturating_add(snapshot.count(&keys.range).await?);
            }
            if narrowest.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
                narrowest = Some((count, alternatives));
            }
        }
        let Some((count, alternatives)) = narrowest else { return Ok(None) };
        // Reading all in order costs less than reading a large part of them one by one.
        if count > snapshot.count(&record::keys()).await? / ONE_BY_ONE {
            return Ok(None);
        }
        for keys in alternatives {
            let mut scan = snapshot.scan(keys.range.clone(), Order::Ascending);
            while let Some((key, _)) = scan.next().await? {
                context.budget.read(context.definition, key.len())?;
                context.budget.pause_if_due(context.ports).await;
                found.insert(keys.id_of(&key)?);
            }
        }
    }
    Ok(Some(found.into_iter().collect()))
}

/// The ranges of keys that cover what `criterion` lets through, narrowed by the other conditions on
/// the same attribute where that has a single value.
fn ranges(indexes: &Indexes, criterion: &Criterion, group: &[Criterion]) -> Option<Vec<Keys>> {
    let alternatives = criterion.operands.iter().map(|operand| criterion.with_operand(operand));
    if criterion.path.as_str() == "id" {
        return alternatives.map(|criterion| ids(&[&criterion])).collect();
    }
    let index = indexes.deciding(&criterion.path, &[criterion])?;
    let keys = |range| Keys { index: Some(index), range };
    let same: Vec<_> = group.iter().filter(|other| other.path == criterion.path).collect();
    if !index.is_multiple
        && let Some(range) = index.range(&same)
    {
        return Some(vec![keys(range)]);
    }
    alternatives.map(|criterion| index.range(&[&criterion]).map(keys)).collect()
}

/// Counts `keys` and reads the page of their records.
async fn read_page<K: Kv>(
    snapshot: &Snapshot<K>,
    keys: &[Keys],
    order: Order,
    Page { mut offset, limit }: Page,
) -> Result<Selected, Error> {
    let mut selected = Selected { total: 0, page: Vec::new() };
    for part in keys {
        let count = snapshot.count(&part.range).await?;
        selected.total = selected.total.saturating_add(count);
        let left = limit.saturating_sub(selected.page.len());
        if offset < count && left > 0 {
            let scan = snapshot.scan(part.range.clone(), order);
            let mut scan = scan.offset(offset).limit(left as u64);
            let mut entries = Vec::new();
            while let Some(entry) = scan.next().await? {
                entries.push(entry);
            }
            selected.page.extend(records(snapshot, part, entries).await?);
        }
        offset = offset.saturating_sub(count);
    }
    Ok(selected)
}

/// The records that entries are for.
async fn records<K: Kv>(
    snapshot: &Snapshot<K>,
    keys: &Keys,
    entries: Vec<(Bytes, Bytes)>,
) -> Result<Vec<(String, Record)>, Error> {
    if keys.index.is_none() {
        let records = entries.into_iter().map(|(key, value)| {
            let id = keys.id_of(&key)?;
            Ok((id.clone(), Record::read(&id, value)?))
        });
        return records.collect();
    }
    let ids = entries.iter().map(|(key, _)| keys.id_of(key)).collect::<Result<Vec<_>, _>>()?;
    fetch(snapshot, ids).await
}

/// The records with the ids, which an index has named.
async fn fetch<K: Kv>(
    snapshot: &Snapshot<K>,
    ids: Vec<String>,
) -> Result<Vec<(String, Record)>, Error> {
    let values = snapshot.get_many(ids.iter().map(|id| record::key(id))).await?;
    let records = ids.into_iter().zip(values).map(|(id, value)| match value {
        Some(value) => Ok((id.clone(), Record::read(&id, value)?)),
        None => Err(Error::internal(format!("an index names {id}, which is not there"))),
    });
    records.collect()
}

/// Where the resources come from that are looked at.
enum Source {
    All,
    /// Those with the ids, in this order.
    Ids(std::collections::VecDeque<String>),
}

/// Looks at every resource of the source.
async fn look_through<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    query: &Query,
    mut source: Source,
) -> Result<Selected, Error> {
    let Context { definition, view, budget, ports, .. } = context;
    let Page { offset, limit } = query.page;
    let mut selected = Selected { total: 0, page: Vec::new() };
    let mut sorted: Vec<(Vec<Option<query::SortValue>>, String)> = Vec::new();
    let mut scan = snapshot.scan(record::keys(), Order::Ascending);
    loop {
        let mut batch = Vec::new();
        match &mut source {
            Source::All => {
                while batch.len() < BATCH
                    && let Some((key, value)) = scan.next().await?
                {
                    let id = record::id_of(&key)?;
                    batch.push((id.to_owned(), Record::read(id, value)?));
                }
            }
            Source::Ids(ids) => {
                let some: Vec<_> = ids.drain(..ids.len().min(BATCH)).collect();
                // An id that a client asked for need not be there.
                let values = snapshot.get_many(some.iter().map(|id| record::key(id))).await?;
                for (id, value) in some.into_iter().zip(values) {
                    if let Some(value) = value {
                        batch.push((id.clone(), Record::read(&id, value)?));
                    }
                }
                if batch.is_empty() && !ids.is_empty() {
                    continue;
                }
            }
        }
        if batch.is_empty() {
            break;
        }
        for (id, record) in batch {
            budget.read(definition, record.json().len())?;
            budget.pause_if_due(*ports).await;
            let document = Value::Object(view.document(&id, record.document()?));
            if !query.matches(&document, budget)? {
                continue;
            }
            if !query.sort.is_empty() {
                let values = query.sort.iter().map(|key| key.value(&document, budget));
                sorted.push((values.collect::<Result<_, _>>()?, id));
            } else if selected.total >= offset && selected.page.len() < limit {
                selected.page.push((id, record));
            }
            selected.total += 1;
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
        selected.page = fetch(snapshot, ids).await?;
    }
    Ok(selected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::definition::tests::ACCOUNTS;

    #[test]
    fn indexes_serve_the_names_of_either_version() {
        for (version, query, is_served) in [
            (Version::V5, "relatedParty.partyOrPartyRole.id=1", true),
            (Version::V4, "relatedParty.id=1", true),
            (Version::V4, "lastModified.gt=2026-01-01&sort=-lastModified", true),
            (Version::V4, "name=x", true),
            (Version::V4, "relatedParty.partyOrPartyRole.id=1", true),
            (Version::V4, "sort=lastUpdate", true),
            (Version::V5, "relatedParty.id=1", true),
            (Version::V5, "sort=lastModified", true),
            // v4 shows it where there is no id.
            (Version::V4, "relatedParty.id=unknown", false),
            (Version::V5, "relatedParty.id=unknown", true),
        ] {
            let indexes = Indexes { whole: ACCOUNTS.indexes.iter().collect(), version };
            let query = Query::parse(query, &ACCOUNTS, version).unwrap();
            assert_eq!(straight(&indexes, &query).is_some(), is_served, "{query:?} in {version:?}");
        }
    }
}
