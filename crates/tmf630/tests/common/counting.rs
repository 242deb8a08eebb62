//! An API whose resources begin jobs, and instances that work at them on stores that fail.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use access::{Caller, Refusal, Tenant};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Kv, KvError, Memory, Order, Store, TreeName};
use pollster::block_on;
use serde_json::json;
use tmf630::model::api::Api;
use tmf630::model::behaviour::{Behaviour, Draft, Outcome, Work};
use tmf630::model::job::{Job, Step};
use tmf630::model::rule::Asked;
use tmf630::model::variable::Variable;
use tmf630::settings::MAINTENANCE_TOKEN;
use tmf630::testing::{accounts, request};
use tmf630::{Definition, Error, Ports, Settings, serve};
use uuid::Uuid;

/// Lets what has the id `broken` go on.
pub const MENDED: Variable = Variable {
    name: "mended",
    default: "no",
    choices: &["no", "yes"],
    description: "",
    is_secret: false,
};

static API: Api = Api { relations: &[], ..accounts::API };

/// A resource that begins a job of as many steps as its name says.
pub static COUNTER: Definition = Definition {
    api: &API,
    own_indexes: &[],
    rules: &[],
    behaviour: Some(&Counting),
    variables: &[MENDED],
    ..accounts::ACCOUNTS
};

/// What there is to go on with.
pub static JOBS: &[&dyn Job] = &[&Count];

#[derive(Debug)]
struct Counting;

impl Behaviour for Counting {
    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            let steps = draft.after.and_then(|after| after["name"].as_str());
            if let Some(steps) = steps {
                work.start(&Count, draft.id, Bytes::copy_from_slice(steps.as_bytes())).await?;
            }
            Ok(Outcome::AsAsked)
        })
    }

    fn jobs(&self) -> &'static [&'static dyn Job] {
        JOBS
    }
}

/// A job that counts its steps. The state is how many are left, and perhaps the id of another job of a
/// step that it begins in the end.
#[derive(Debug)]
struct Count;

impl Job for Count {
    fn name(&self) -> &'static str {
        "count"
    }

    fn definition(&self) -> &'static Definition {
        &COUNTER
    }

    fn step<'a>(&'a self, id: &'a str, state: Bytes, work: &'a mut dyn Work) -> Asked<'a, Step> {
        Box::pin(async move {
            if id == "broken" && work.settings().value(&MENDED) == "no" {
                return Err(Error::conflict("It is broken", "It cannot go on."));
            }
            let state = std::str::from_utf8(&state).map_err(Error::internal)?;
            let (left, next) = state.split_once(' ').unwrap_or((state, ""));
            let left: u32 = left.parse().map_err(Error::internal)?;
            let key = format!("counts/{id}");
            let count = work.get(&key).await?.map_or(0, |count| count.len());
            work.put(key, vec![b'|'; count + 1].into());
            match left {
                1 if next.is_empty() => Ok(Step::Done),
                1 => {
                    work.start(&Self, next, Bytes::from_static(b"1")).await?;
                    Ok(Step::Done)
                }
                _ => Ok(Step::More(format!("{} {next}", left - 1).into())),
            }
        })
    }
}

/// An instance. Its clock stands still unless it is told to go on.
pub struct Instance<K: Kv> {
    store: Store<K>,
    tenant: Tenant,
    pub now: Cell<Timestamp>,
    /// How much time each step takes.
    pub step: Cell<SignedDuration>,
    pub can_go_on: Cell<bool>,
    /// Where it was told that there is work.
    pub work: RefCell<Vec<Tenant>>,
    pub log: RefCell<Vec<String>>,
    id: Cell<u128>,
}

/// The name of a tenant.
pub fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

thread_local! {
    static INSTANCES: Cell<u128> = const { Cell::new(0) };
}

impl<K: Kv> Instance<K> {
    /// An instance for requests of the tenant.
    pub fn of(name: &str, kv: K) -> Self {
        INSTANCES.set(INSTANCES.get() + 1);
        Self {
            store: Store::new(kv),
            tenant: tenant(name),
            now: Cell::new(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000)),
            step: Cell::default(),
            can_go_on: Cell::new(true),
            work: RefCell::default(),
            log: RefCell::default(),
            id: Cell::new(INSTANCES.get() << 64),
        }
    }

    /// The store as the instance calls it.
    pub fn kv(&self) -> &K {
        self.store.kv()
    }

    /// The same so much later.
    pub fn later(self, seconds: i64) -> Self {
        self.advance(seconds);
        self
    }

    pub fn advance(&self, seconds: i64) {
        self.now.set(self.now.get() + SignedDuration::from_secs(seconds));
    }

    /// What comes of asking for a job of so many steps.
    pub fn begin(&self, id: &str, steps: &str) -> Response<Bytes> {
        block_on(self.ask(job_of(id, steps)))
    }

    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        serve(&COUNTER, &settings(&[]), self, request).await
    }
}

/// A request for a job of so many steps.
pub fn job_of(id: &str, steps: &str) -> Request<Full<Bytes>> {
    let mut document = super::account(steps);
    document["id"] = json!(id);
    request(&COUNTER, Method::POST, "", &document.to_string())
}

/// Settings with the values.
pub fn settings(values: &[(&str, &str)]) -> Settings {
    let value =
        |name: &str| values.iter().find(|(variable, _)| *variable == name).map(|(_, value)| *value);
    Settings::read([&MENDED, &MAINTENANCE_TOKEN], value).unwrap()
}

impl<K: Kv> Ports for Instance<K> {
    type Kv = K;

    async fn store(&self) -> Result<Store<K>, KvError> {
        Ok(self.store.clone())
    }

    async fn caller(&self, _authorization: &[&[u8]]) -> Result<Rc<Caller>, Refusal> {
        Ok(Rc::new(Caller::anybody(self.tenant.clone())))
    }

    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn new_id(&self) -> Uuid {
        self.id.set(self.id.get() + 1);
        Uuid::from_u128(self.id.get())
    }

    async fn yield_now(&self) {
        self.now.set(self.now.get() + self.step.get());
        let mut is_second = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            match std::mem::replace(&mut is_second, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    fn note_work(&self, tenant: &Tenant) {
        self.work.borrow_mut().push(tenant.clone());
    }

    fn can_go_on(&self) -> bool {
        self.can_go_on.get()
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

/// What is in a tree of the memory at keys with the prefix.
pub fn contents(memory: &Memory, tree: &str, prefix: &str) -> Vec<(String, Bytes)> {
    let tree = Store::new(memory.clone()).tree(TreeName::new(tree).unwrap());
    block_on(async {
        let snapshot = tree.snapshot().await.unwrap();
        let mut scan = snapshot.scan(KeyRange::prefix(prefix), Order::Ascending);
        let mut found = Vec::new();
        while let Some((key, value)) = scan.next().await.unwrap() {
            found.push((String::from_utf8(key.to_vec()).unwrap(), value));
        }
        found
    })
}

/// How many steps were done of the job, and how many jobs are left in the tenant.
pub fn state(memory: &Memory, tenant: &str, id: &str) -> (usize, usize) {
    let count = contents(memory, tenant, &format!("counts/{id}"));
    let count = count.first().map_or(0, |(_, count)| count.len());
    (count, contents(memory, tenant, "jobs/").len())
}

/// The tenants that are known to have jobs.
pub fn announced(memory: &Memory) -> Vec<String> {
    let tenants = contents(memory, "maintenance.tenants", "t/");
    let name = |(key, _): (String, _)| key["t/".len()..].to_owned();
    tenants.into_iter().map(name).collect()
}

/// A future that is polled by hand.
pub type Task<'t, T> = Pin<Box<dyn Future<Output = T> + 't>>;

/// Polls a task; waits for nothing, because stores and instances are always ready again.
pub fn poll<T>(task: &mut Task<'_, T>) -> Poll<T> {
    task.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Goes on with all tasks in an order that the seed, which is not 0, decides, and has what comes of
/// them.
pub fn interleave<T>(tasks: Vec<Task<'_, T>>, mut random: u64) -> Vec<T> {
    let mut tasks: Vec<_> = tasks.into_iter().map(Some).collect();
    let mut done: Vec<_> = tasks.iter().map(|_| None).collect();
    while done.iter().any(Option::is_none) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let at = (random >> 20) as usize % tasks.len();
        if let Some(task) = &mut tasks[at]
            && let Poll::Ready(outcome) = poll(task)
        {
            done[at] = Some(outcome);
            tasks[at] = None;
        }
    }
    done.into_iter().flatten().collect()
}
