//! Which tenants have something to do after requests, so that whoever comes along need not look at all of
//! them.
//!
//! The tree `maintenance.tenants`, which no tenant can be called, has of each tenant that has ever had
//! something to do:
//!
//! | key | value |
//! |---|---|
//! | `t/{tenant}` | when that was said last, and when the tenant is next looked at: milliseconds since 1970, 8 bytes each, big-endian |
//! | `d/{time}/{tenant}` | nothing: the second of these times, in 16 hexadecimal digits |
//! | `idle` | when the log last had a line of a call of maintenance in which nothing happened: as above |
//!
//! A tenant is named there before what is to be done is stored. That is said for longer than a request
//! takes, so one that knows of it need not look again. Only when nobody can rely on it any more is the
//! tenant looked at later than at once.

use access::Tenant;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Kv, Order, Store, Transaction, TreeName};
use std::ops::Bound;

use crate::context::Context;
use crate::{Error, Ports};

/// The tree.
const TREE: &str = "maintenance.tenants";

/// For how long it is good to have said that a tenant may have something to do. A request that relies on
/// it ends long before it is not any more.
const ANNOUNCED: SignedDuration = SignedDuration::from_mins(5);

/// When nobody relies on it.
const STALE: SignedDuration = SignedDuration::from_mins(15);

/// Where it is said when the log last had a line of a call in which nothing happened.
const IDLE: &str = "idle";

/// How often it has one: whoever watches the log is to see that somebody calls.
const IDLE_PERIOD: SignedDuration = SignedDuration::from_mins(5);

/// Makes a change after which something may go on. If it does, that is announced first.
pub(crate) async fn announced<P: Ports, T>(
    context: &Context<'_, P>,
    change: impl AsyncFn() -> Result<T, Error>,
) -> Result<T, Error> {
    let tenant = &context.caller.tenant;
    let outcome = match change().await {
        Err(error) if error.is_unannounced() => {
            let store = context.ports.store().await.map_err(kv_tree::Error::from)?;
            let said = announce(&store, tenant, context.ports.now()).await?;
            context.ports.note_announced(tenant, said);
            context.is_announced.set(true);
            change().await
        }
        outcome => outcome,
    };
    if outcome.is_ok() && context.has_work.get() {
        context.ports.note_work(tenant);
    }
    outcome
}

/// Whether the instance knows that the tenant was said to have something to do, so lately that one can
/// rely on it.
pub(crate) fn is_announced<P: Ports>(ports: &P, tenant: &Tenant) -> bool {
    ports.announced(tenant).is_some_and(|said| is_fresh(said, ports.now()))
}

fn is_fresh(said: Timestamp, now: Timestamp) -> bool {
    now.duration_since(said).abs() < ANNOUNCED
}

/// Says that the tenant may have something to do, unless that was said lately; when it was.
pub async fn announce<K: Kv>(
    store: &Store<K>,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let tree = store.tree(TreeName::new(TREE)?);
    let known = tree.snapshot().await?.get(key(tenant)).await?;
    let known = known.and_then(|value| Known::read(&value));
    if let Some(known) = known.filter(|known| is_fresh(known.said, now) && known.due <= now) {
        return Ok(known.said);
    }
    tree.transact(async |transaction| {
        let known = Known { said: now, due: now };
        set(transaction, tenant, known).await?;
        Ok(now)
    })
    .await
}

/// What a call of maintenance finds.
pub(crate) struct Due {
    /// The tenants that are to be looked at, those first that have been for longest.
    pub tenants: Vec<Tenant>,
    /// Whether the log is to have a line of the call even if nothing happens.
    pub is_told: bool,
}

/// What is to be done: `limit` tenants at most.
pub(crate) async fn due<P: Ports>(ports: &P, limit: u64) -> Result<Due, Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let snapshot = store.tree(TreeName::new(TREE)?).snapshot().await?;
    let now = ports.now().checked_add(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX);
    let range = KeyRange::between(
        Bound::Included(b"d/".to_vec()),
        Bound::Excluded(format!("d/{}", digits(now)).into_bytes()),
    );
    let mut scan = snapshot.scan(range, Order::Ascending).limit(limit);
    let mut tenants = Vec::new();
    while let Some((key, _)) = scan.next().await? {
        let name = std::str::from_utf8(&key).ok().and_then(|key| key.rsplit('/').next());
        tenants.extend(name.and_then(Tenant::new));
    }
    let told = snapshot.get(IDLE).await?.and_then(|told| time_in(&told, 0));
    let is_told = told.is_none_or(|told| ports.now().duration_since(told).abs() >= IDLE_PERIOD);
    Ok(Due { tenants, is_told })
}

/// Says that the log has a line of a call in which nothing happened.
pub(crate) async fn note_idle<P: Ports>(ports: &P) -> Result<(), Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let now = ports.now().as_millisecond().to_be_bytes().to_vec();
    store
        .tree(TreeName::new(TREE)?)
        .transact(async |transaction| {
            transaction.put(IDLE, now.clone());
            Ok(())
        })
        .await
}

/// Says that the tenant has nothing to do until then, unless somebody may rely on its being looked at.
pub(crate) async fn postpone<P: Ports>(
    ports: &P,
    tenant: &Tenant,
    until: Timestamp,
) -> Result<(), Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    let tree = store.tree(TreeName::new(TREE)?);
    let now = ports.now();
    tree.transact(async |transaction| {
        let known = transaction.get(key(tenant)).await?.and_then(|value| Known::read(&value));
        // What cannot be read was said long ago.
        let said = known.map_or(Timestamp::UNIX_EPOCH, |known| known.said);
        if now.duration_since(said) > STALE {
            set(transaction, tenant, Known { said, due: until }).await?;
        }
        Ok(())
    })
    .await
}

async fn set<K: Kv>(
    transaction: &mut Transaction<K>,
    tenant: &Tenant,
    known: Known,
) -> Result<(), Error> {
    let before = transaction.get(key(tenant)).await?.and_then(|value| Known::read(&value));
    if let Some(before) = before {
        transaction.delete(before.due_key(tenant));
    }
    transaction.put(key(tenant), known.to_value());
    transaction.put(known.due_key(tenant), "");
    Ok(())
}

fn key(tenant: &Tenant) -> String {
    format!("t/{tenant}")
}

fn digits(time: Timestamp) -> String {
    format!("{:016x}", time.as_millisecond().max(0))
}

/// The time that a value has at the place.
fn time_in(value: &[u8], at: usize) -> Option<Timestamp> {
    let bytes = value.get(at..)?.first_chunk()?;
    Timestamp::from_millisecond(i64::from_be_bytes(*bytes)).ok()
}

/// What is known of a tenant.
#[derive(Clone, Copy)]
struct Known {
    /// When it was said that it may have something to do.
    said: Timestamp,
    /// When it is looked at.
    due: Timestamp,
}

impl Known {
    fn read(value: &[u8]) -> Option<Self> {
        Some(Self { said: time_in(value, 0)?, due: time_in(value, 8)? })
    }

    fn to_value(self) -> Vec<u8> {
        [self.said, self.due].map(|time| time.as_millisecond().to_be_bytes()).concat()
    }

    fn due_key(self, tenant: &Tenant) -> String {
        format!("d/{}/{tenant}", digits(self.due))
    }
}
