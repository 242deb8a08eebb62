//! Carrying out a query on a snapshot: which resources there are, how many, and which are on the
//! page.
//!
//! Where an index knows the answer, nothing else is read: its entries are counted, and those of the
//! page are skipped to. Otherwise the resources that an index leaves, or else all, are read and
//! looked at. A record that cannot be read is left out, and the log says which.
//!
//! # Layout
//!
//! * `plan` – what is read to answer a query.
//! * `page` – where the answer is a range of keys.
//! * `search` – where resources have to be looked at.

mod page;
mod plan;
mod search;

use kv_tree::Snapshot;
use plan::Plan;
use search::Source;

use crate::context::Context;
use crate::derivation;
use crate::query::Query;
use crate::storage::catalogue::Known;
use crate::storage::record::Record;
use crate::{Error, Ports};

/// How many bytes of records a page has at most, and one record more: longer answers are cut.
pub(crate) const MAX_PAGE_BYTES: usize = 16 << 20;

/// What a query yields.
#[derive(Default)]
pub(crate) struct Selected {
    /// How many resources there are on all pages.
    pub total: u64,
    /// Those of the page, with their ids.
    pub page: Vec<(String, Record)>,
    /// Whether the page would have more that there is no room for.
    pub is_cut: bool,
    bytes: usize,
}

impl Selected {
    /// Adds a record to the page, if there is room.
    fn add(&mut self, id: String, record: Record) {
        if self.has_room() {
            self.bytes += record.json().len();
            self.page.push((id, record));
        } else {
            self.is_cut = true;
        }
    }

    fn has_room(&self) -> bool {
        self.bytes < MAX_PAGE_BYTES
    }
}

/// Carries out `query`.
pub(crate) async fn select<P: Ports>(
    context: &Context<'_, P>,
    known: &Known,
    snapshot: &Snapshot<P::Kv>,
    query: &Query,
) -> Result<Selected, Error> {
    let limit = context.sight.limit(context.definition.resource);
    let derived = derivation::derived(context, snapshot).await?;
    let plan = Plan::of(&context.view, known, derived, limit);
    if let Some((ranges, order)) = plan.straight(query) {
        return page::read(context, snapshot, &ranges, order, query.page).await;
    }
    if let Some((ranges, order)) = plan.union(query) {
        return page::read_union(context, snapshot, &ranges, order, query.page).await;
    }
    let source = match plan.candidates(context, snapshot, query).await? {
        Some(ids) => Source::Ids(ids.into()),
        None => Source::All,
    };
    search::look_through(context, snapshot, query, source).await
}
