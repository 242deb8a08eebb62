//! What a tenant's data needs from time to time, whoever changes it: old idempotency keys are forgotten,
//! pages of the store that a crash has left are removed, and the log is told what waits.
//!
//! The key `maintenance/housekeeping` of the tenant's tree says when that was last done.

use access::Tenant;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{Transaction, Tree, TreeName, VacuumCursor};
use serde::{Deserialize, Serialize};

use crate::model::api::Api;
use crate::storage::idempotency;
use crate::storage::keys::Keys;
use crate::{Error, Ports};

/// Where it is said.
const KEY: &str = "maintenance/housekeeping";

/// How often keys are forgotten.
const KEYS_PERIOD: SignedDuration = SignedDuration::from_hours(6);

/// How often pages are looked for that nothing needs. That lists what the whole store has.
const PAGES_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When it was last done, and how far it has come since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Done {
    keys: Timestamp,
    pages: Timestamp,
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

/// Does a bounded part of it, if it is due. When the next part is.
pub(crate) async fn keep<P: Ports>(
    apis: &[&'static Api],
    ports: &P,
    tenant: &Tenant,
) -> Result<Timestamp, Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let tree = store.tree(TreeName::new(tenant.as_str())?);
    let now = ports.now();
    let value = tree.snapshot().await?.get(KEY).await?;
    let done = value.and_then(|value| serde_json::from_slice::<Done>(&value).ok());
    let mut done = done.unwrap_or_default();
    if done.next() > now {
        return Ok(done.next());
    }
    let is_due = |last: Timestamp, period| now.duration_since(last) >= period;
    if is_due(done.keys, KEYS_PERIOD) && !forget_keys(apis, &tree, now).await? {
        done.keys = now;
    }
    if is_due(done.pages, PAGES_PERIOD) {
        let cursor = done.cursor.as_deref().and_then(|cursor| cursor.parse().ok());
        let (_, cursor): (_, Option<VacuumCursor>) = tree.vacuum_step(cursor).await?;
        if cursor.is_none() {
            done.pages = now;
        }
        done.cursor = cursor.map(|cursor| cursor.to_string());
    }
    let value = serde_json::to_vec(&done).map_err(Error::internal)?;
    tree.transact(async |transaction| {
        transaction.put(KEY, value.clone());
        Ok::<_, Error>(())
    })
    .await?;
    Ok(done.next())
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
