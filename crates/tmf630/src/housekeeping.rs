//! What a tenant's data needs from time to time, whoever changes it: old idempotency keys are forgotten,
//! pages of the store that a crash has left are removed, and the log is told how large it is
//! (`gauge`).
//!
//! The key `maintenance/housekeeping` of the tenant's tree says when that was last done.

use access::Tenant;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{Transaction, Tree, TreeName, VacuumCursor, Vacuumed};
use serde::{Deserialize, Serialize};

use crate::model::api::Api;
use crate::model::job::Job;
use crate::storage::idempotency;
use crate::storage::keys::Keys;
use crate::{Error, Ports, gauge, jobs};

/// Where it is said.
const KEY: &str = "maintenance/housekeeping";

/// How often keys are forgotten.
const KEYS_PERIOD: SignedDuration = SignedDuration::from_hours(6);

/// How often pages are looked for that nothing needs. That lists what the whole store has.
const PAGES_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How often the log is told how large the data is, at most, unless pages were found that should not be
/// there.
const GAUGE_PERIOD: SignedDuration = SignedDuration::from_mins(1);

/// When it was last done, and how far it has come since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Done {
    keys: Timestamp,
    pages: Timestamp,
    /// When the log was told how large the data is.
    gauge: Timestamp,
    /// Where the search for pages goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl Done {
    /// When something is to be done again.
    fn next(&self) -> Timestamp {
        let after = |last: Timestamp, period| last.checked_add(period).unwrap_or(Timestamp::MAX);
        after(self.keys, KEYS_PERIOD).min(after(self.pages, PAGES_PERIOD))
    }
}

/// Does a bounded part of it, if it is due. When the next part is. How large the data is, the log is told
/// then, and where something `has_happened` in the tenant.
pub(crate) async fn keep<P: Ports>(
    jobs: &[&'static dyn Job],
    apis: &[&'static Api],
    ports: &P,
    tenant: &Tenant,
    has_happened: bool,
) -> Result<Timestamp, Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let tree = store.tree(TreeName::new(tenant.as_str())?);
    let now = ports.now();
    let value = tree.snapshot().await?.get(KEY).await?;
    let done = value.and_then(|value| serde_json::from_slice::<Done>(&value).ok());
    let mut done = done.unwrap_or_default();
    let is_due = |last: Timestamp, period| now.duration_since(last) >= period;
    let may_be_told = is_due(done.gauge, GAUGE_PERIOD);
    if done.next() > now && !(has_happened && may_be_told) {
        return Ok(done.next());
    }
    if is_due(done.keys, KEYS_PERIOD) && !forget_keys(apis, &tree, now).await? {
        done.keys = now;
    }
    let mut vacuumed = None;
    if is_due(done.pages, PAGES_PERIOD) {
        let cursor = done.cursor.as_deref().and_then(|cursor| cursor.parse().ok());
        let (step, cursor): (_, Option<VacuumCursor>) = tree.vacuum_step(cursor).await?;
        vacuumed = Some(step);
        if cursor.is_none() {
            done.pages = now;
        }
        done.cursor = cursor.map(|cursor| cursor.to_string());
    }
    let is_told = may_be_told || vacuumed.is_some_and(has_found);
    if is_told {
        done.gauge = now;
    }
    let value = serde_json::to_vec(&done).map_err(Error::internal)?;
    tree.transact(async |transaction| {
        transaction.put(KEY, value.clone());
        Ok::<_, Error>(())
    })
    .await?;
    if is_told && let Err(error) = gauge::note(jobs, apis, ports, tenant, &tree, vacuumed).await {
        // Nothing is left undone.
        jobs::note_failure(ports, tenant, None, &error);
    }
    Ok(done.next())
}

/// Whether a vacuum has come across pages that should not be there: those that are retired should.
fn has_found(step: Vacuumed) -> bool {
    step.orphaned_pages > 0 || step.orphaned_heads > 0 || step.unknown_pages > 0
}

/// Forgets some idempotency keys of each resource that are not kept any more. Whether there are more.
async fn forget_keys<K: kv_tree::Kv>(
    apis: &[&'static Api],
    tree: &Tree<K>,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut is_any_left = false;
    for resource in apis.iter().flat_map(|api| api.resources) {
        let keys = Keys(resource.stored_name());
        let forget = async |transaction: &mut Transaction<K>| {
            idempotency::forget(keys, transaction, now).await
        };
        is_any_left |= tree.transact(forget).await?;
    }
    Ok(is_any_left)
}
