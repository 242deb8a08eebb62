//! Work that goes on after requests ([`Job`]): where it is noted, and doing it.
//!
//! The tree of a tenant has the state of each job. That a tenant may have any is said before its job is
//! stored (`tenants`).
//!
//! Who works at a job says so with it, for some seconds, so that others leave it alone. That only saves
//! work: a step is a transaction that changes the state of its job, so it is not done twice even if
//! clocks differ.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use access::{Caller, Tenant};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Order, Transaction, Tree, TreeName};
use serde_json::json;

use crate::answer::audit::Audit;
use crate::budget::Budget;
use crate::commit::data::TenantData;
use crate::context::Context;
use crate::model::job::{Job, Step};
use crate::model::variable::Variable;
use crate::settings::{AUTH, JWT_ISSUERS, MAINTENANCE_TOKEN, TENANT, TRUST_FORWARDED, VARIABLES};
use crate::storage::keys::JOBS;
use crate::{Error, Ports, Settings, events};

/// For how long others leave a job alone whose worker has not been heard of.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// How many jobs of a tenant are looked at together.
const JOBS_AT_ONCE: u64 = 100;

/// The variables of what lets the `jobs` go on: each once. Who calls, and for whom, makes no difference
/// to it.
pub fn variables(jobs: &[&'static dyn Job]) -> Vec<&'static Variable> {
    let others = [&TRUST_FORWARDED, &TENANT, &AUTH, &JWT_ISSUERS];
    let mut variables: Vec<_> = VARIABLES.iter().filter(|it| !others.contains(it)).collect();
    variables.push(&MAINTENANCE_TOKEN);
    variables.extend(events::settings::VARIABLES);
    for variable in jobs.iter().flat_map(|job| job.definition().variables) {
        if !variables.contains(&variable) {
            variables.push(variable);
        }
    }
    variables
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

impl Progress {
    /// Whether anything has happened.
    pub(crate) fn is_any(&self) -> bool {
        self.steps > 0 || self.failed > 0
    }
}

/// Works at the `jobs` of a tenant until they are done, or for a time. However short that is, there is
/// a step.
pub async fn run<P: Ports>(
    jobs: &[&'static dyn Job],
    settings: &Settings,
    ports: &P,
    tenant: &Tenant,
    time: Duration,
) -> Result<Progress, Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let worker = Worker {
        jobs,
        settings,
        ports,
        caller: Caller::anybody(tenant.clone()),
        tree: store.tree(TreeName::new(tenant.as_str())?),
        name: ports.new_id().as_u128(),
        end: ports.now().checked_add(time).unwrap_or(Timestamp::MAX),
    };
    let mut found = Found::default();
    // A job may have begun another one, whose key lies before its own.
    while worker.go_through(&mut found).await? {}
    let Found { steps, left, failed } = found;
    Ok(Progress { steps, left, failed: failed.len() })
}

/// The same until they are done or cannot go on, for nobody who waits: the log is told if it fails.
/// Whether a step was done.
pub async fn finish<P: Ports>(
    jobs: &[&'static dyn Job],
    settings: &Settings,
    ports: &P,
    tenant: &Tenant,
) -> bool {
    if jobs.is_empty() {
        return false;
    }
    match run(jobs, settings, ports, tenant, Duration::MAX).await {
        Ok(progress) => progress.steps > 0,
        Err(error) => {
            note_failure(ports, tenant, None, &error);
            false
        }
    }
}

/// Tells the log that a job of a tenant could not go on, or none of its jobs.
pub(crate) fn note_failure<P: Ports>(ports: &P, tenant: &Tenant, key: Option<&str>, error: &Error) {
    let mut line = json!({ "tenant": tenant.as_str(), "error": error.told() });
    if let Some(key) = key {
        line["job"] = key.into();
    }
    ports.log(&line.to_string());
}

/// The keys of some jobs behind the key.
async fn some_jobs<K: kv_tree::Kv>(tree: &Tree<K>, after: &str) -> Result<Vec<String>, Error> {
    let snapshot = tree.snapshot().await?;
    let range = match after {
        "" => KeyRange::prefix(JOBS),
        // The end is the character behind the slash.
        after => KeyRange::between(Bound::Excluded(after.into()), Bound::Excluded("jobs0".into())),
    };
    let mut scan = snapshot.scan(range, Order::Ascending).limit(JOBS_AT_ONCE);
    let mut keys = Vec::new();
    while let Some((key, _)) = scan.next().await? {
        keys.push(String::from_utf8(key.to_vec()).map_err(Error::internal)?);
    }
    Ok(keys)
}

/// What was found and done so far.
#[derive(Default)]
struct Found {
    steps: usize,
    left: usize,
    /// The keys of the jobs that could not go on: they are left alone from then on.
    failed: BTreeSet<String>,
}

/// Somebody who works at the jobs of a tenant.
struct Worker<'w, P: Ports> {
    jobs: &'w [&'static dyn Job],
    settings: &'w Settings,
    ports: &'w P,
    caller: Caller,
    tree: Tree<P::Kv>,
    name: u128,
    /// When the time is over.
    end: Timestamp,
}

/// What a worker did.
enum Did {
    /// Nothing: somebody else is at it, or has done it.
    Nothing(End),
    /// A step, and another one follows.
    Step,
    /// A step, and none follows.
    LastStep(End),
}

/// How it ends to work at a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// There is nothing left of it.
    Done,
    /// Others are at it, or have to be.
    Left,
    /// The time is over.
    OutOfTime,
    /// It cannot go on.
    Failed,
}

impl<P: Ports> Worker<'_, P> {
    /// Works at each job there is. Whether there may be others now.
    async fn go_through(&self, found: &mut Found) -> Result<bool, Error> {
        found.left = 0;
        let (mut after, mut is_first, mut is_any_done) = (String::new(), true, false);
        loop {
            let keys = some_jobs(&self.tree, &after).await?;
            let Some(last) = keys.last() else { return Ok(is_any_done) };
            after.clone_from(last);
            for key in &keys {
                let end = match found.failed.contains(key) {
                    true => End::Failed,
                    false if self.is_over() && !is_first => End::OutOfTime,
                    false => self.work_at(key, &mut found.steps).await,
                };
                is_first = false;
                match end {
                    End::Done => is_any_done = true,
                    End::Left => found.left += 1,
                    End::Failed => {
                        found.left += 1;
                        found.failed.insert(key.clone());
                    }
                    End::OutOfTime => {
                        found.left += 1;
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Whether others have to go on.
    fn is_over(&self) -> bool {
        self.ports.now() >= self.end || !self.ports.can_go_on()
    }

    /// Works at the job at the key as long as there is something to do, and counts the steps.
    async fn work_at(&self, key: &str, steps: &mut usize) -> End {
        let name = key.strip_prefix(JOBS).and_then(|name| name.split_once('/'));
        let known = name.and_then(|(kind, id)| {
            let job = self.jobs.iter().find(|job| job.name() == kind)?;
            Some((*job, id))
        });
        // Whoever knows its kind works at it.
        let Some((job, id)) = known else { return End::Left };
        loop {
            match self.step(job, id, key).await {
                Ok(Did::Nothing(end)) => return end,
                Ok(Did::Step) => *steps += 1,
                Ok(Did::LastStep(end)) => {
                    *steps += 1;
                    return end;
                }
                Err(error) => {
                    note_failure(self.ports, &self.caller.tenant, Some(key), &error);
                    return End::Failed;
                }
            }
            self.ports.yield_now().await;
        }
    }

    async fn step(&self, job: &'static dyn Job, id: &str, key: &str) -> Result<Did, Error> {
        let (audit, budget) = (Audit::default(), Budget::default());
        let Self { settings, ports, caller, tree, .. } = self;
        let definition = job.definition();
        let context =
            Context::of_server(definition, settings, *ports, caller, tree, &audit, &budget);
        let step = async |transaction: &mut Transaction<P::Kv>| {
            self.try_step(job, id, key, &context, transaction).await
        };
        tree.transact(step).await
    }

    async fn try_step(
        &self,
        job: &'static dyn Job,
        id: &str,
        key: &str,
        context: &Context<'_, P>,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<Did, Error> {
        let Some(value) = transaction.get(key).await? else { return Ok(Did::Nothing(End::Done)) };
        let (lease, state) = Lease::read(&value);
        if lease.is_some_and(|lease| lease.is_of_another(self.name, self.ports.now())) {
            return Ok(Did::Nothing(End::Left));
        }
        let mut work = TenantData::of(context, &mut *transaction);
        match job.step(id, state, &mut work).await? {
            Step::More(state) => {
                // Who does not go on leaves the job to others at once.
                let (lease, did) = match self.is_over() {
                    true => (Lease::NONE, Did::LastStep(End::OutOfTime)),
                    false => (Lease { worker: self.name, since: self.ports.now() }, Did::Step),
                };
                transaction.put(key.to_owned(), lease.before(&state));
                Ok(did)
            }
            Step::Done => {
                transaction.delete(key.to_owned());
                Ok(Did::LastStep(End::Done))
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
    /// That of nobody, long over.
    const NONE: Self = Self { worker: 0, since: Timestamp::UNIX_EPOCH };

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
