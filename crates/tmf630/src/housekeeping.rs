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

/// How often it is done.
const PERIOD: SignedDuration = SignedDuration::from_hours(6);

/// When it was last done, and how far it has come since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Done {
    last: Timestamp,
    /// Where the vacuum goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    vacuum: Option<String>,
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
    let done = done.unwrap_or_default();
    let next = done.last.checked_add(PERIOD).unwrap_or(Timestamp::MAX);
    if next > now {
        return Ok(next);
    }
    let is_any_left = forget_keys(apis, &tree, now).await?;
    let cursor = done.vacuum.as_deref().and_then(|cursor| cursor.parse().ok());
    let (_, cursor): (_, Option<VacuumCursor>) = tree.vacuum_step(cursor).await?;
    let is_done = cursor.is_none() && !is_any_left;
    let last = if is_done { now } else { done.last };
    let done = Done { last, vacuum: cursor.map(|cursor| cursor.to_string()) };
    let done = serde_json::to_vec(&done).map_err(Error::internal)?;
    tree.transact(async |transaction| {
        transaction.put(KEY, done.clone());
        Ok::<_, Error>(())
    })
    .await?;
    Ok(if is_done { now.checked_add(PERIOD).unwrap_or(Timestamp::MAX) } else { now })
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
