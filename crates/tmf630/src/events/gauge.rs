//! What waits in a tenant, for the log: the same as operators see of each subscription, all together.

use access::Tenant;
use jiff::Timestamp;
use kv_tree::{KeyRange, Order, Snapshot, TreeName};
use serde_json::json;

use super::delivery::{Delivered, subscriptions};
use super::log;
use super::occurrence::Occurrence;
use super::progress::Keys;
use crate::model::api::Api;
use crate::{Error, Ports};

/// Tells the log what was sent, and what still waits.
pub(crate) async fn note<P: Ports>(
    api: &Api,
    ports: &P,
    tenant: &Tenant,
    sent: Delivered,
) -> Result<(), Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let snapshot = store.tree(TreeName::new(tenant.as_str())?).snapshot().await?;
    let (mut count, mut pending, mut parked) = (0_u64, 0_u64, 0_u64);
    let mut oldest: Option<Timestamp> = None;
    for (id, progress) in subscriptions(api, &snapshot).await? {
        let Some(progress) = progress else {
            // What waits for it, a newer program can tell.
            count += 1;
            continue;
        };
        let keys = Keys::of(api, &id);
        parked += snapshot.count(&KeyRange::prefix(keys.parked(progress.generation, ""))).await?;
        if progress.ended.is_some() {
            continue;
        }
        count += 1;
        let [waiting, ..] = keys.events();
        for range in [KeyRange::prefix(waiting), log::after(api, &progress.cursor)] {
            pending += snapshot.count(&range).await?;
            oldest = [oldest, first(&snapshot, range).await?].into_iter().flatten().min();
        }
    }
    let age = oldest.map_or(0, |oldest| ports.now().duration_since(oldest).as_secs().max(0));
    let line = json!({
        "tenant": tenant.as_str(),
        "api": api.number,
        "events": {
            "delivered": sent.delivered,
            "failed": sent.failed,
            "subscriptions": count,
            "pending": pending,
            "oldestPendingAge": age,
            "parked": parked,
        },
    });
    ports.log(&line.to_string());
    Ok(())
}

/// When the first event of a range has happened.
async fn first<K: kv_tree::Kv>(
    snapshot: &Snapshot<K>,
    range: KeyRange,
) -> Result<Option<Timestamp>, Error> {
    let mut scan = snapshot.scan(range, Order::Ascending).limit(1);
    let value = scan.next().await?.map(|(_, value)| value);
    Ok(value.and_then(|value| Occurrence::decode(&value).ok()).map(|it| it.what.time))
}
