//! Work that goes on after requests ([`Job`]): where it is noted, and doing it.
//!
//! The tree of a tenant has the state of each job. The tree `maintenance.tenants`, which no tenant can
//! be called, names the tenants that may have any, so that whoever comes along need not look at all of
//! them. A tenant is named there before its job is stored, and stays for longer than a request takes.
//!
//! Who works at a job says so with it, for some seconds, so that others leave it alone. That only saves
//! work: a step is a transaction that changes the state of its job, so it is not done twice even if
//! clocks differ.

use std::cell::OnceCell;
use std::time::Duration;

use access::{Caller, Tenant};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Order, Store, Transaction, Tree, TreeName};

use crate::answer::audit::Audit;
use crate::answer::links::Links;
use crate::answer::view::View;
use crate::budget::Budget;
use crate::commit::data::TenantData;
use crate::context::Context;
use crate::model::job::{Job, Step};
use crate::sight::Sight;
use crate::{Error, Ports, Settings, Version};

/// The tree with the names of tenants.
const TREE: &str = "maintenance.tenants";

/// What the keys of jobs begin with.
const PREFIX: &str = "jobs/";

/// For how long it is good to have said that a tenant may have jobs. A request that relies on it ends
/// long before it is forgotten.
const ANNOUNCED: SignedDuration = SignedDuration::from_mins(5);

/// When it is forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(15);

/// For how long others leave a job alone whose worker has not been heard of.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// How many jobs of a tenant are looked at together.
const JOBS_AT_ONCE: u64 = 100;

/// Where the state of a job lies.
pub(crate) fn key(kind: &str, id: &str) -> String {
    format!("{PREFIX}{kind}/{id}")
}

/// Makes a change that may begin a job. If it does, that is announced first.
pub(crate) async fn announced<P: Ports, T>(
    context: &Context<'_, P>,
    change: impl AsyncFn() -> Result<T, Error>,
) -> Result<T, Error> {
    let outcome = match change().await {
        Err(error) if error.is_unannounced() => {
            let store = context.ports.store().await.map_err(kv_tree::Error::from)?;
            announce(&store, &context.caller.tenant, context.ports.now()).await?;
            context.is_announced.set(true);
            change().await
        }
        outcome => outcome,
    };
    if outcome.is_ok() && context.is_announced.get() {
        context.ports.note_work(&context.caller.tenant);
    }
    outcome
}

/// Lets a job begin only where the tenant is known to have some.
pub(crate) fn expect_announced<P: Ports>(context: &Context<'_, P>) -> Result<(), Error> {
    match context.is_announced.get() {
        true => Ok(()),
        false => Err(Error::unannounced()),
    }
}

/// Says that the tenant may have jobs.
async fn announce<K: kv_tree::Kv>(
    store: &Store<K>,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<(), Error> {
    let tree = store.tree(TreeName::new(TREE)?);
    let said = tree.snapshot().await?.get(tenant.as_str()).await?;
    if said.is_some_and(|time| age(&time, now).is_some_and(|age| age < ANNOUNCED)) {
        return Ok(());
    }
    tree.transact(async |transaction| {
        transaction.put(tenant.as_str().to_owned(), encode(now).to_vec());
        Ok(())
    })
    .await
}

/// The tenants that may have jobs, in the order of their names: `limit` at most.
pub(crate) async fn tenants<P: Ports>(
    ports: &P,
    limit: usize,
) -> Result<Vec<(Tenant, Timestamp)>, Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let snapshot = store.tree(TreeName::new(TREE)?).snapshot().await?;
    let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending).limit(limit as u64);
    let mut tenants = Vec::new();
    while let Some((name, time)) = scan.next().await? {
        let name = std::str::from_utf8(&name).ok().and_then(Tenant::new);
        tenants.extend(name.zip(decode(&time)));
    }
    Ok(tenants)
}

/// Forgets that the tenant may have jobs, which it does not, unless somebody has said so lately.
pub(crate) async fn forget<P: Ports>(ports: &P, tenant: &Tenant) -> Result<(), Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let tree = store.tree(TreeName::new(TREE)?);
    let now = ports.now();
    tree.transact(async |transaction| {
        let said = transaction.get(tenant.as_str()).await?;
        if said.is_some_and(|time| age(&time, now).is_none_or(|age| age > FORGOTTEN)) {
            transaction.delete(tenant.as_str().to_owned());
        }
        Ok(())
    })
    .await
}

/// What came of working at the jobs of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many steps were done.
    pub steps: usize,
    /// How many jobs are left, of those that were looked at.
    pub left: usize,
    /// How many of them could not go on; the log says why.
    pub failed: usize,
}

/// Works at the `jobs` of a tenant until they are done, or for a time.
pub async fn run<P: Ports>(
    jobs: &[&'static dyn Job],
    settings: &Settings,
    ports: &P,
    tenant: &Tenant,
    time: Duration,
) -> Result<Progress, Error> {
    let end = ports.now().checked_add(time).unwrap_or(Timestamp::MAX);
    let caller = Caller::anybody(tenant.clone());
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let tree = store.tree(TreeName::new(tenant.as_str())?);
    let worker = ports.new_id().as_u128();
    let mut progress = Progress::default();
    let mut after = String::new();
    loop {
        let found = some_jobs(&tree, &after).await?;
        if found.is_empty() {
            return Ok(progress);
        }
        for key in found {
            let mut name = key[PREFIX.len()..].splitn(2, '/');
            let (kind, id) = (name.next().unwrap_or_default(), name.next().unwrap_or_default());
            let Some(job) = jobs.iter().copied().find(|job| job.name() == kind) else { continue };
            let worker = Worker { job, id, key: &key, name: worker };
            loop {
                if ports.now() >= end {
                    progress.left += 1;
                    return Ok(progress);
                }
                match worker.step(settings, ports, &caller, &tree).await {
                    Ok(Did::Step) => progress.steps += 1,
                    Ok(Did::Last) => {
                        progress.steps += 1;
                        break;
                    }
                    Ok(Did::Nothing) => {
                        progress.left += 1;
                        break;
                    }
                    Err(error) => {
                        note_failure(ports, tenant, &key, &error);
                        progress.left += 1;
                        progress.failed += 1;
                        break;
                    }
                }
                ports.yield_now().await;
            }
            after = key;
        }
    }
}

fn note_failure<P: Ports>(ports: &P, tenant: &Tenant, key: &str, error: &Error) {
    let line = serde_json::json!({ "tenant": tenant.as_str(), "job": key, "error": error.told() });
    ports.log(&line.to_string());
}

/// The keys of some jobs behind the key.
async fn some_jobs<K: kv_tree::Kv>(tree: &Tree<K>, after: &str) -> Result<Vec<String>, Error> {
    let snapshot = tree.snapshot().await?;
    let range = match after {
        "" => KeyRange::prefix(PREFIX),
        after => KeyRange::between(
            std::ops::Bound::Excluded(after.into()),
            // The character behind the slash.
            std::ops::Bound::Excluded("jobs0".into()),
        ),
    };
    let mut scan = snapshot.scan(range, Order::Ascending).limit(JOBS_AT_ONCE);
    let mut keys = Vec::new();
    while let Some((key, _)) = scan.next().await? {
        keys.push(String::from_utf8(key.to_vec()).map_err(Error::internal)?);
    }
    Ok(keys)
}

/// Somebody who works at a job.
struct Worker<'w> {
    job: &'static dyn Job,
    id: &'w str,
    key: &'w str,
    name: u128,
}

/// What somebody did.
enum Did {
    /// Nothing: somebody else is at it.
    Nothing,
    /// A step.
    Step,
    /// The last step, or it was done already.
    Last,
}

impl Worker<'_> {
    async fn step<P: Ports>(
        &self,
        settings: &Settings,
        ports: &P,
        caller: &Caller,
        tree: &Tree<P::Kv>,
    ) -> Result<Did, Error> {
        let (audit, budget) = (Audit::default(), Budget::default());
        let definition = self.job.definition();
        let version = Version::V5;
        let base_url = settings.base_url.clone().unwrap_or_default() + definition.api.base;
        let links = Links::under(base_url, definition.name(), version);
        let view = View { definition, version, links, budget: &budget, now: ports.now() };
        let context = Context {
            definition,
            settings,
            ports,
            caller,
            sight: Sight::of(caller, settings),
            audit: &audit,
            budget: &budget,
            view,
            tree: tree.clone(),
            id: OnceCell::new(),
            is_announced: true.into(),
        };
        tree.transact(async |transaction| self.try_step(&context, transaction).await).await
    }

    async fn try_step<P: Ports>(
        &self,
        context: &Context<'_, P>,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<Did, Error> {
        let Some(value) = transaction.get(self.key).await? else { return Ok(Did::Last) };
        let now = context.ports.now();
        let (lease, state) = Lease::read(&value);
        if lease.is_some_and(|lease| lease.is_of_another(self.name, now)) {
            return Ok(Did::Nothing);
        }
        let mut work = TenantData { context, snapshot: &mut *transaction };
        match self.job.step(self.id, state, &mut work).await? {
            Step::More(state) => {
                let lease = Lease { worker: self.name, since: now };
                transaction.put(self.key.to_owned(), lease.before(&state));
                Ok(Did::Step)
            }
            Step::Done => {
                transaction.delete(self.key.to_owned());
                Ok(Did::Last)
            }
        }
    }
}

/// Who works at a job, and since when.
struct Lease {
    worker: u128,
    since: Timestamp,
}

/// Begins the value of a job that somebody works at: no state begins so.
const LEASED: u8 = 0;

impl Lease {
    /// Whether it is somebody else's who may still be at it.
    fn is_of_another(&self, worker: u128, now: Timestamp) -> bool {
        self.worker != worker && now.duration_since(self.since).abs() < LEASE
    }

    /// The value of a job with the state.
    fn before(&self, state: &[u8]) -> Bytes {
        let mut value = vec![LEASED];
        value.extend(self.worker.to_be_bytes());
        value.extend(encode(self.since));
        value.extend(state);
        value.into()
    }

    /// Who works at the job with the value, and its state.
    fn read(value: &Bytes) -> (Option<Self>, Bytes) {
        let read = || {
            let rest = value.strip_prefix(&[LEASED])?;
            let (worker, rest) = rest.split_first_chunk()?;
            let since = decode(rest.get(..8)?)?;
            let lease = Self { worker: u128::from_be_bytes(*worker), since };
            Some((Some(lease), value.slice(1 + 16 + 8..)))
        };
        read().unwrap_or_else(|| (None, value.clone()))
    }
}

fn encode(time: Timestamp) -> [u8; 8] {
    time.as_millisecond().to_be_bytes()
}

fn decode(time: &[u8]) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::from_be_bytes(time.try_into().ok()?)).ok()
}

fn age(time: &[u8], now: Timestamp) -> Option<SignedDuration> {
    Some(now.duration_since(decode(time)?))
}
