//! How large the data of a tenant is, and what is under way in it, for the log.

use access::Tenant;
use kv_tree::audit::Gauge;
use kv_tree::{KeyRange, Kv, Tree, Vacuumed};
use serde_json::{Map, Value, json};

use crate::model::api::Api;
use crate::model::job::Job;
use crate::storage::keys::{Keys, job};
use crate::{Error, Ports};

/// Tells the log, and what a step of a vacuum has done if there was one just now. It costs some calls to
/// the store for each kind of job and each resource, however large the tree is.
pub(crate) async fn note<P: Ports>(
    jobs: &[&'static dyn Job],
    apis: &[&'static Api],
    ports: &P,
    tenant: &Tenant,
    tree: &Tree<P::Kv>,
    vacuumed: Option<Vacuumed>,
) -> Result<(), Error> {
    let (in_progress, idempotency_keys) = counts(jobs, apis, tree).await?;
    let Gauge { commit, flushes, entries, pages, bytes, retired_pages, held } =
        tree.gauge().await?;
    let mut line = json!({
        "tenant": tenant.as_str(),
        "jobs": in_progress,
        "idempotencyKeys": idempotency_keys,
        "data": {
            "commit": commit,
            "flushes": flushes,
            "entries": entries,
            "pages": pages,
            "bytes": bytes,
            "retiredPages": retired_pages,
            "held": held,
        },
    });
    if let Some(vacuumed) = vacuumed {
        let Vacuumed { orphaned_pages, orphaned_heads, retired_pages, unknown_pages } = vacuumed;
        line["vacuum"] = json!({
            "orphanedPages": orphaned_pages,
            "orphanedHeads": orphaned_heads,
            "retiredPages": retired_pages,
            "unknownPages": unknown_pages,
        });
    }
    ports.log(&line.to_string());
    Ok(())
}

/// How many jobs of each kind are not done, and how many idempotency keys are remembered.
async fn counts<K: Kv>(
    jobs: &[&'static dyn Job],
    apis: &[&'static Api],
    tree: &Tree<K>,
) -> Result<(Map<String, Value>, u64), Error> {
    let snapshot = tree.snapshot().await?;
    let mut in_progress = Map::new();
    for kind in jobs.iter().map(|job| job.name()) {
        let count = snapshot.count(&KeyRange::prefix(job(kind, ""))).await?;
        in_progress.insert(kind.to_owned(), count.into());
    }
    let mut idempotency_keys = 0_u64;
    for resource in apis.iter().flat_map(|api| api.resources) {
        let remembered = Keys(resource.stored_name()).remembered_before(i64::MAX);
        idempotency_keys = idempotency_keys.saturating_add(snapshot.count(&remembered).await?);
    }
    Ok((in_progress, idempotency_keys))
}
