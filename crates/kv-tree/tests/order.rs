//! Appended keys are in the order of commits: each has the number of the commit that has written it, so
//! none ever appears before, or at, the number of a commit that somebody has seen. Those who append
//! do not hold one another up.
//!
//! The check looks at the tree after every swap of its head that takes effect, whoever makes it.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use common::{
    FLUSHED, HALF, LARGE, Task, assert_nothing_is_left_over, at_least, fault, interleave, put, run,
    tree,
};
use kv_tree::{
    Error, Event, Faulty, KeyRange, Kv, KvError, Limits, Memory, Order, Snapshot, Swapped, Tree,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

type Entries = Vec<(Bytes, Bytes)>;

const LOGS: [&str; 2] = ["log/a/", "log/b/"];

/// How many requests an instance works on at a time.
const REQUESTS: usize = 3;

/// What a commit shows: its number, and the entries of both logs.
#[derive(Debug, Clone)]
struct Shown {
    commit: u64,
    logs: [Entries; 2],
}

impl Shown {
    async fn of<K: Kv>(snapshot: &Snapshot<K>) -> Result<Self, Error> {
        let mut logs = [Vec::new(), Vec::new()];
        for (log, prefix) in logs.iter_mut().zip(LOGS) {
            *log = entries(snapshot, prefix).await?;
        }
        Ok(Self { commit: snapshot.commit(), logs })
    }
}

/// All entries below a prefix.
async fn entries<K: Kv>(snapshot: &Snapshot<K>, prefix: &str) -> Result<Entries, Error> {
    let mut scan = snapshot.scan(KeyRange::prefix(prefix), Order::Ascending);
    let mut entries = Vec::new();
    while let Some(entry) = scan.next().await? {
        entries.push(entry);
    }
    Ok(entries)
}

/// The number of the commit and the place in it that an appended key tells.
fn numbers(key: &[u8]) -> (u64, usize) {
    let digits = std::str::from_utf8(&key[LOGS[0].len()..]).unwrap();
    assert_eq!((digits.len(), digits.to_lowercase()), (24, digits.to_owned()));
    let number = u64::from_str_radix(&digits[..16], 16).unwrap();
    (number, usize::from_str_radix(&digits[16..], 16).unwrap())
}

/// A store in memory with a tree in it, which is looked at after every swap.
#[derive(Clone)]
struct Watched {
    kv: Memory,
    commits: Rc<RefCell<Vec<Shown>>>,
}

impl Watched {
    fn new(kv: Memory) -> Self {
        Self { kv, commits: Rc::default() }
    }

    /// Checks that every commit has added nothing but keys of its own number, behind all others, and has
    /// left no place out. Returns what there is in the end.
    fn check(&self) -> Shown {
        let mut before = Shown { commit: 0, logs: Default::default() };
        for shown in self.commits.borrow().iter() {
            assert!(shown.commit >= before.commit, "{} after {}", shown.commit, before.commit);
            let mut places = Vec::new();
            for (log, old) in shown.logs.iter().zip(&before.logs) {
                assert_eq!(log[..old.len().min(log.len())], old[..], "in {}", shown.commit);
                for (key, _) in &log[old.len()..] {
                    let (number, place) = numbers(key);
                    assert_eq!(number, shown.commit);
                    places.push(place);
                }
            }
            places.sort_unstable();
            assert_eq!(places, (0..places.len()).collect::<Vec<_>>(), "in {}", shown.commit);
            before = shown.clone();
        }
        before
    }
}

impl Kv for Watched {
    type Watch = <Memory as Kv>::Watch;

    async fn swap(&self, watch: Self::Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        let answer = self.kv.swap(watch, value).await?;
        if answer == Swapped::Done {
            let shown = async { Shown::of(&tree(self.kv.clone()).snapshot().await?).await };
            self.commits.borrow_mut().push(run(shown).unwrap());
        }
        Ok(answer)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.kv.get(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.kv.get_many(keys).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.kv.put_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.kv.delete_many(keys).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Self::Watch), KvError> {
        self.kv.watch(key).await
    }

    async fn watch_again(&self, watch: &mut Self::Watch) -> Result<Option<Bytes>, KvError> {
        self.kv.watch_again(watch).await
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.kv.create_zero(key).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.kv.keys(prefix, visit).await
    }

    async fn pause(&self, duration: Duration) {
        self.kv.pause(duration).await;
    }

    fn now(&self) -> Duration {
        self.kv.now()
    }

    fn elapsed(&self) -> Duration {
        self.kv.elapsed()
    }

    fn limits(&self) -> Limits {
        self.kv.limits()
    }

    fn observe(&self, event: &Event<'_>) {
        self.kv.observe(event);
    }
}

/// What a transaction does.
#[derive(Debug, Clone)]
struct Plan {
    /// To which logs it appends, one after the other.
    appends: Vec<usize>,
    /// How large the values are.
    size: usize,
    /// Whether it reads a log before that, and one after.
    reads: [Option<usize>; 2],
    /// The size of a value that it puts elsewhere.
    filling: Option<usize>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let size = prop::sample::select(&[0, 0, 0, 700, HALF / 2, FLUSHED][..]);
    let read = || prop_oneof![5 => Just(None), 1 => (0..2_usize).prop_map(Some)];
    let filling = prop::sample::select(&[HALF, FLUSHED, LARGE][..]);
    let filling = prop_oneof![4 => Just(None), 1 => filling.prop_map(Some)];
    (vec(0..2_usize, 0..4), size, [read(), read()], filling)
        .prop_map(|(appends, size, reads, filling)| Plan { appends, size, reads, filling })
}

/// What a transaction has appended and seen when its body ran last.
#[derive(Debug, Clone, Default)]
struct Done {
    /// The commit that it has begun on.
    commit: u64,
    /// The beginnings of the values in each log.
    appended: [Vec<String>; 2],
    /// The log and what was in it, before it appended and after.
    seen: [Option<(usize, Entries)>; 2],
}

impl Done {
    /// Checks it against what there is in the end.
    fn check(&self, name: &str, end: &Shown) {
        for (log, appended) in end.logs.iter().zip(&self.appended) {
            assert_eq!(&own(log, name), appended, "{name}");
        }
        for (when, seen) in self.seen.iter().enumerate() {
            let Some((log, seen)) = seen else { continue };
            let (there, own) = (&end.logs[*log], &self.appended[*log]);
            assert!(there.starts_with(seen), "{name} has seen {seen:?} of {there:?}");
            let known = there.iter().filter(|(key, _)| numbers(key).0 <= self.commit).count();
            assert!(known <= seen.len(), "{name} has seen less than {}", self.commit);
            // It is the next one in the log.
            let next = seen.len() - if when == 1 { own.len() } else { 0 };
            let next = there[next..][..own.len()].iter().map(|(_, value)| text(value));
            assert!(next.eq(own.iter().cloned()), "{name}");
        }
    }
}

/// A value up to what it is filled with.
fn text(value: &[u8]) -> String {
    let text = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    String::from_utf8(text.to_vec()).unwrap()
}

/// What the request has appended.
fn own(log: &[(Bytes, Bytes)], name: &str) -> Vec<String> {
    let values = log.iter().map(|(_, value)| text(value));
    values.filter(|value| value.split('.').next() == Some(name)).collect()
}

async fn transact<K: Kv>(
    tree: &Tree<K>,
    plan: &Plan,
    name: &str,
    last: &RefCell<Done>,
) -> Result<(), Error> {
    tree.transact(async |transaction| {
        let mut done = Done { commit: transaction.commit(), ..Done::default() };
        if let Some(log) = plan.reads[0] {
            done.seen[0] = Some((log, entries(transaction, LOGS[log]).await?));
        }
        for (number, log) in plan.appends.iter().enumerate() {
            let value = format!("{name}.{number}");
            transaction.append(LOGS[*log], format!("{value:plan_size$} ", plan_size = plan.size));
            done.appended[*log].push(value);
        }
        if let Some(log) = plan.reads[1] {
            done.seen[1] = Some((log, entries(transaction, LOGS[log]).await?));
        }
        if let Some(size) = plan.filling {
            transaction.put(format!("filling/{name}"), vec![1; size]);
        }
        last.replace(done);
        Ok(())
    })
    .await
}

/// Carries out the plans of each instance, several at a time, and checks what comes of them.
fn carry_out<K: Kv>(
    watched: &Watched,
    trees: &[Tree<K>],
    instances: &[Vec<Plan>],
    schedule: &[usize],
) {
    type Outcome = (String, Done, Result<(), Error>);
    let requests = instances.iter().zip(trees).enumerate().flat_map(|(instance, (plans, tree))| {
        (0..REQUESTS).map(move |first| {
            Box::pin(async move {
                let mut outcomes: Vec<Outcome> = Vec::new();
                for (number, plan) in plans.iter().enumerate().skip(first).step_by(REQUESTS) {
                    let (name, last) = (format!("{instance}-{number}"), RefCell::default());
                    let outcome = transact(tree, plan, &name, &last).await;
                    outcomes.push((name, last.into_inner(), outcome));
                }
                outcomes
            }) as Task<'_, Vec<Outcome>>
        })
    });
    let outcomes = interleave(requests.collect(), schedule);
    let end = watched.check();
    for outcomes in outcomes {
        let mut latest = [None, None];
        for (name, done, outcome) in outcomes {
            match outcome {
                Ok(()) => {}
                Err(Error::Store(_)) => {
                    Done::default().check(&name, &end);
                    continue;
                }
                Err(Error::OutcomeUnknown { .. }) => {
                    if end.logs.iter().all(|log| own(log, &name).is_empty()) {
                        continue;
                    }
                }
                Err(error) => panic!("{name}: {error}"),
            }
            done.check(&name, &end);
            // They were made one after the other.
            for (latest, log) in latest.iter_mut().zip(&end.logs) {
                let is_own =
                    |(_, value): &(Bytes, Bytes)| text(value).starts_with(&format!("{name}."));
                let Some(first) = log.iter().position(is_own) else { continue };
                assert!(latest.is_none_or(|latest| latest < first), "{name}");
                *latest = log.iter().rposition(is_own);
            }
        }
    }
}

/// A store with a tree that does not exist yet, or has pages, and that others write to or not.
fn store(has_pages: bool, has_others: bool) -> Memory {
    let memory = Memory::default();
    if has_pages {
        run(put(&tree(memory.clone()), "other".into(), LARGE)).unwrap();
        memory.advance(Duration::from_secs(2));
    }
    if has_others {
        for other in ["other/1", "other/2"] {
            run(put(&tree(memory.clone()), other.into(), 10)).unwrap();
        }
    }
    memory
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 1000, ..at_least(300) })]

    #[test]
    fn keys_are_in_the_order_of_commits(
        instances in vec(vec(plan(), 1..6), 1..5),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        has_others: bool,
    ) {
        let watched = Watched::new(store(has_pages, has_others));
        let trees: Vec<_> = instances.iter().map(|_| tree(watched.clone())).collect();
        carry_out(&watched, &trees, &instances, &schedule);
        if !watched.kv.contents().is_empty() {
            assert_nothing_is_left_over(&watched.kv);
        }
    }

    #[test]
    fn keys_are_in_the_order_of_commits_in_spite_of_faults(
        instances in vec(vec(plan(), 1..6), 1..4),
        faults in vec(btree_map(0..60_u64, fault(), 0..4), 4),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        has_others: bool,
    ) {
        let watched = Watched::new(store(has_pages, has_others));
        let faulty = faults.into_iter().map(|plan| Faulty::new(watched.clone(), plan));
        let trees: Vec<_> = faulty.map(tree).collect();
        carry_out(&watched, &trees, &instances, &schedule);
    }
}

proptest! {
    /// However many others append meanwhile.
    #[test]
    fn who_appends_runs_once(schedule in vec(0_usize..63, 0..1500)) {
        const INSTANCES: usize = 8;
        const COMMITS: usize = 5;
        let watched = Watched::new(Memory::default());
        run(put(&tree(watched.clone()), "first".into(), 1)).unwrap();
        let trees: Vec<_> = (0..INSTANCES).map(|_| tree(watched.clone())).collect();
        let runs = Cell::new(0);
        let tasks = trees.iter().map(|tree| {
            let runs = &runs;
            Box::pin(async move {
                for _ in 0..COMMITS {
                    let transaction = tree.transact(async |transaction| {
                        runs.set(runs.get() + 1);
                        transaction.append(LOGS[0], "value");
                        Ok::<_, Error>(())
                    });
                    transaction.await.unwrap();
                }
            }) as Task<'_, ()>
        });
        interleave(tasks.collect(), &schedule);
        prop_assert_eq!(runs.get(), INSTANCES * COMMITS);
        prop_assert_eq!(watched.check().logs[0].len(), INSTANCES * COMMITS);
    }
}
