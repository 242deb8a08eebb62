//! What is read to answer a query.

use std::collections::BTreeSet;
use std::ops::Bound;

use kv_tree::{KeyRange, Order, Snapshot};

use schemas::Kind;

use crate::answer::view::View;
use crate::context::Context;
use crate::model::index::Index;
use crate::query::{Criterion, Operator, Query};
use crate::sight::Limit;
use crate::storage::catalogue::Known;
use crate::storage::index::Entries;
use crate::storage::keys::Keys;
use crate::value::path::Path;
use crate::{Error, Ports};

/// Up to which part of all resources those are read one by one that an index names.
const ONE_BY_ONE: u64 = 4;

/// A range of keys of which each is for one resource.
pub(super) enum Range {
    Records(Keys, KeyRange),
    Entries(Entries, KeyRange),
}

impl Range {
    pub fn keys(&self) -> &KeyRange {
        match self {
            Self::Records(_, range) | Self::Entries(_, range) => range,
        }
    }

    pub fn id_of(&self, key: &[u8]) -> Result<String, Error> {
        match self {
            Self::Records(keys, _) => keys.id_of(key).map(str::to_owned),
            Self::Entries(entries, _) => entries.id_of(key).map(str::to_owned),
        }
    }
}

/// What can be read by a program that has the indexes of a definition, for a client with a view that
/// sees what a limit admits.
pub(super) struct Plan<'p> {
    keys: Keys,
    view: &'p View<'p>,
    known: &'p Known,
    /// The attributes that no index knows at present, because they are shown otherwise than they are
    /// stored.
    derived: &'p [&'p str],
    limit: Option<Limit<'p>>,
}

impl<'p> Plan<'p> {
    pub fn of(
        view: &'p View<'p>,
        known: &'p Known,
        derived: &'p [&'p str],
        limit: Option<Limit<'p>>,
    ) -> Self {
        Self { keys: Keys::of(view.definition), view, known, derived, limit }
    }

    /// The entries of what names the parties of the limit, a range for each; nothing if no index
    /// knows. A resource has one entry for each of the parties that it names.
    fn seen(&self, limit: &Limit<'_>) -> Option<Vec<Range>> {
        let mut indexes = self.view.definition.indexes();
        let index = indexes.find(|index| limit.is_found_by(index.path))?;
        let entries = self.known.is_whole(&index).then(|| Entries::of(index, self.keys))?;
        let range = |party: &String| Some(Range::Entries(entries.clone(), entries.equal(party)?));
        limit.parties.iter().map(range).collect()
    }

    /// The entries of the index that can be relied on for the attribute, as the version calls it.
    fn entries(&self, path: &Path) -> Option<Entries> {
        let View { definition, version, .. } = self.view;
        let stored = definition.api.stored_path_in(*version, path.as_str());
        let mut indexes = definition.indexes().filter(|index| index.is_of_attribute());
        let index = indexes.find(|index| index.path == stored && index.within.is_none())?;
        self.reliable(index)
    }

    /// The entries of the index, if it can be relied on.
    fn reliable(&self, index: Index) -> Option<Entries> {
        let is_shown_otherwise = |path: &str| self.derived.contains(&path);
        let is_derived =
            is_shown_otherwise(index.path) || index.within.is_some_and(is_shown_otherwise);
        let is_reliable = !is_derived && self.known.is_whole(&index);
        is_reliable.then(|| Entries::of(index, self.keys))
    }

    /// The entries of resources with one value of an attribute in the order of another one, and the
    /// conditions on that, if those are all that `group` has.
    fn divided<'c>(
        &self,
        group: &'c [Criterion],
        sort: Option<&Path>,
    ) -> Option<(Entries, Vec<&'c Criterion>)> {
        let View { definition, version, .. } = self.view;
        let stored = |path: &'c Path| definition.api.stored_path_in(*version, path.as_str());
        let mut indexes = definition.indexes().filter(|index| index.within.is_some());
        indexes.find_map(|index| {
            let is_within = |criterion: &&Criterion| {
                Some(&*definition.api.stored_path_in(*version, criterion.path.as_str()))
                    == index.within
            };
            let (within, others): (Vec<_>, Vec<_>) = group.iter().partition(is_within);
            let [one] = within[..] else { return None };
            let [operand] = &one.operands[..] else { return None };
            let is_decided = is_of_one_value(one)
                && others.iter().all(|criterion| stored(&criterion.path) == index.path)
                && (!others.is_empty() || sort.is_some())
                && sort.is_none_or(|sort| {
                    definition.api.stored_path_in(*version, sort.as_str()) == index.path
                });
            let entries = self.reliable(index).filter(|_| is_decided)?.with(&operand.text)?;
            Some((entries, others))
        })
    }

    /// The entries that know which resources the conditions, all on this attribute, hold for. Where
    /// they hold for what the version shows in place of a missing value, none do.
    fn deciding(&self, path: &Path, criteria: &[&Criterion]) -> Option<Entries> {
        let version = self.view.definition.api.version(self.view.version);
        let mut filled_in = version.map_or(&[][..], |version| version.filled_in).iter();
        let shown = filled_in.find(|(filled, _)| *filled == path.as_str()).map(|(_, text)| *text);
        let is_shown = |criterion: &&Criterion| {
            shown.is_some_and(|text| criterion.matches_text(text) || criterion.matches_text(""))
        };
        self.entries(path).filter(|_| !criteria.iter().any(is_shown))
    }

    fn records(&self) -> Range {
        Range::Records(self.keys, self.keys.records())
    }

    /// The keys that are the answer, in its order, if there are such.
    pub fn straight(&self, query: &Query) -> Option<(Vec<Range>, Order)> {
        if self.limit.is_some() {
            return self.union(query).filter(|(ranges, _)| ranges.len() < 2);
        }
        if let [group] = &query.filter.0[..]
            && group.json_paths.is_empty()
            && query.sort.len() < 2
        {
            let sort = query.sort.first();
            let divided = self.divided(&group.criteria, sort.map(|sort| &sort.path));
            if let Some((entries, criteria)) = divided {
                let order = sort.map_or(Order::Ascending, |sort| sort.order);
                let range = |range| Range::Entries(entries.clone(), range);
                if criteria.is_empty() {
                    return Some((vec![range(entries.present()), range(entries.missing())], order));
                }
                if let Some(found) = entries.range(&criteria) {
                    return Some((vec![range(found)], order));
                }
            }
        }
        let filter = match &query.filter.0[..] {
            [] => None,
            [group] if group.json_paths.is_empty() => Some(self.exact(&group.criteria)?),
            _ => return None,
        };
        let sort = match &query.sort[..] {
            [] => {
                let range = filter.unwrap_or_else(|| self.records());
                return Some((vec![range], Order::Ascending));
            }
            [sort] => sort,
            _ => return None,
        };
        let by_id = sort.path.as_str() == "id";
        let ranges = match filter {
            None if by_id => vec![self.records()],
            None => {
                let entries =
                    self.entries(&sort.path).filter(|entries| !entries.index.is_multiple)?;
                let (present, missing) = (entries.present(), entries.missing());
                // What is missing comes last in either direction: it is read after the others.
                vec![Range::Entries(entries.clone(), present), Range::Entries(entries, missing)]
            }
            Some(Range::Records(keys, range)) if by_id => vec![Range::Records(keys, range)],
            Some(Range::Entries(entries, range)) => {
                let sorts = || self.entries(&sort.path).is_some_and(|by| by.is_same(&entries));
                // Resources with one and the same value are in the order of their ids.
                let is_in_order = (by_id && query.filter.criteria().all(is_of_one_value))
                    || (!entries.index.is_multiple && sorts());
                is_in_order.then(|| vec![Range::Entries(entries, range)])?
            }
            Some(Range::Records(..)) => return None,
        };
        Some((ranges, sort.order))
    }

    /// The keys of the answer to a client that sees a part, if it is all of that part, in the order of
    /// ids: a range for each of its parties. What names several of them is in several ranges.
    pub fn union(&self, query: &Query) -> Option<(Vec<Range>, Order)> {
        let limit = self.limit.as_ref().filter(|limit| limit.is_of_ids_alone())?;
        let order = by_id(query).filter(|_| query.filter.0.is_empty())?;
        Some((self.seen(limit)?, order))
    }

    /// The keys of exactly those resources for which all of `group` holds, if an index knows them.
    fn exact(&self, group: &[Criterion]) -> Option<Range> {
        let path = &group.first()?.path;
        if !group.iter().all(|criterion| criterion.path == *path) {
            return None;
        }
        let criteria: Vec<_> = group.iter().collect();
        if path.as_str() == "id" {
            return self.ids(&criteria);
        }
        let entries = self.deciding(path, &criteria)?;
        // A resource with several values may have several entries in a range, but one for a value.
        let is_one = matches!(&criteria[..], [one] if is_of_one_value(one));
        let once = !entries.index.is_multiple || is_one;
        let range = entries.range(&criteria).filter(|_| once)?;
        Some(Range::Entries(entries, range))
    }

    /// The records with the one id that is asked for.
    fn ids(&self, criteria: &[&Criterion]) -> Option<Range> {
        let [criterion] = criteria else { return None };
        let [operand] = &criterion.operands[..] else { return None };
        let key = || Bound::Included(self.keys.record(&operand.text));
        let range = KeyRange::between(key(), key());
        (criterion.operator == Operator::Equal).then_some(Range::Records(self.keys, range))
    }

    /// The ids of resources among which all are that the filter lets through; nothing if that can be
    /// any. Of conditions that must all hold, the one that leaves the fewest is taken.
    pub async fn candidates<P: Ports>(
        &self,
        context: &Context<'_, P>,
        snapshot: &Snapshot<P::Kv>,
        query: &Query,
    ) -> Result<Option<Vec<String>>, Error> {
        let mut found = BTreeSet::new();
        let seen = || self.limit.as_ref().and_then(|limit| self.seen(limit));
        // What is seen is a condition of every group, also where there is none.
        let groups = query.filter.0.iter().map(|group| &group.criteria[..]);
        let none = query.filter.0.is_empty().then_some(&[][..]);
        for group in groups.chain(none) {
            let mut narrowest: Option<(u64, Vec<Range>)> = None;
            let ranges = group.iter().filter_map(|criterion| self.ranges(criterion, group));
            for ranges in ranges.chain(seen()) {
                let mut count = 0_u64;
                for range in &ranges {
                    count = count.saturating_add(snapshot.count(range.keys()).await?);
                }
                if narrowest.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
                    narrowest = Some((count, ranges));
                }
            }
            let Some((count, ranges)) = narrowest else { return Ok(None) };
            // Reading all in order costs less than reading a large part of them one by one, but who sees
            // a part does not pay for the rest.
            if self.limit.is_none()
                && count > snapshot.count(&self.keys.records()).await? / ONE_BY_ONE
            {
                return Ok(None);
            }
            collect_ids(context, snapshot, &ranges, &mut found).await?;
        }
        Ok(Some(found.into_iter().collect()))
    }

    /// The ranges of keys that cover what `criterion` lets through, narrowed by the other conditions
    /// on the same attribute where that has a single value.
    fn ranges(&self, criterion: &Criterion, group: &[Criterion]) -> Option<Vec<Range>> {
        let alternatives = criterion.operands.iter().map(|operand| criterion.with_operand(operand));
        if criterion.path.as_str() == "id" {
            return alternatives.map(|criterion| self.ids(&[&criterion])).collect();
        }
        let entries = self.deciding(&criterion.path, &[criterion])?;
        let same: Vec<_> = group.iter().filter(|other| other.path == criterion.path).collect();
        if !entries.index.is_multiple
            && let Some(range) = entries.range(&same)
        {
            return Some(vec![Range::Entries(entries, range)]);
        }
        let range = |criterion: Criterion| {
            let range = entries.range(&[&criterion])?;
            Some(Range::Entries(entries.clone(), range))
        };
        alternatives.map(range).collect()
    }
}

/// Adds the ids of the resources that the keys in `ranges` are for.
pub(super) async fn collect_ids<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    ranges: &[Range],
    ids: &mut BTreeSet<String>,
) -> Result<(), Error> {
    for range in ranges {
        let mut scan = snapshot.scan(range.keys().clone(), Order::Ascending);
        while let Some((key, _)) = scan.next().await? {
            context.budget.read(context.definition, key.len())?;
            context.budget.pause_if_due(context.ports).await;
            ids.insert(range.id_of(&key)?);
        }
    }
    Ok(())
}

/// The direction in which ids are the order of a query, if they are.
fn by_id(query: &Query) -> Option<Order> {
    match &query.sort[..] {
        [] => Some(Order::Ascending),
        [sort] if sort.path.as_str() == "id" => Some(sort.order),
        _ => None,
    }
}

/// Whether the condition holds for one value alone: a date stands for all times of a day.
fn is_of_one_value(criterion: &Criterion) -> bool {
    criterion.operator == Operator::Equal && criterion.kind != Some(Kind::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::links::Links;
    use crate::budget::Budget;
    use crate::testing::accounts::ACCOUNTS;
    use crate::{Settings, Version};

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
            let budget = Budget::default();
            let settings = Settings::read(&[], |_| None).unwrap();
            let request = http::Request::get("http://a.example/").body(()).unwrap();
            let links = Links::of(&ACCOUNTS, &settings, version, &request).unwrap();
            let view = View {
                definition: &ACCOUNTS,
                version,
                links,
                budget: &budget,
                now: jiff::Timestamp::UNIX_EPOCH,
            };
            let plan = Plan::of(&view, &Known::All, &[], None);
            let query = Query::parse(query, &ACCOUNTS, version).unwrap();
            assert_eq!(plan.straight(&query).is_some(), is_served, "{query:?} in {version:?}");
        }
    }
}
