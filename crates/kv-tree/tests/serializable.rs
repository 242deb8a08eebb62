//! Transactions are serializable: some order of them explains what each has read and what is there in
//! the end. The check knows nothing of how a tree works. Few keys with few values make it likely that
//! a value is changed and changed back.
//!
//! That holds whatever the store does, whenever requests end early, and beside vacuums; and what all that
//! leaves over, a last vacuum takes.

mod common;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use common::chaos::Chaotic;
use common::{
    FAR, FLUSHED, HALF, LARGE, Task, assert_nothing_is_left_over, at_least, fault, interleave, put,
    read_all, run, tree, within,
};
use kv_tree::{Error, Faulty, KeyRange, Kv, Memory, Tree};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

const KEYS: usize = 2;

/// How many requests an instance works on at a time.
const REQUESTS: usize = 3;

/// The values of the keys; 0 is a key that is absent.
type State = [u8; KEYS];

/// What a transaction does: it looks at some keys, or counts all, and sets a key to what depends on that.
#[derive(Debug, Clone)]
struct Plan {
    reads: Vec<usize>,
    counts: bool,
    writes: usize,
    /// The new value where the sum of what was seen is even, and where it is odd.
    new: [u8; 2],
    /// Another value that it writes, which makes the tree flush: one of the instance's, and its size.
    filling: Option<(u8, usize)>,
    /// After so many steps its client has gone.
    patience: Option<u32>,
}

/// `filling` keys of an instance take the values that make the tree flush.
fn plan(filling: u8) -> impl Strategy<Value = Plan> {
    let size = prop::sample::select(&[HALF, FLUSHED, LARGE][..]);
    let filling = prop_oneof![5 => Just(None), 4 => (0..filling, size).prop_map(Some)];
    (vec(0..KEYS, 0..3), any::<bool>(), 0..KEYS, prop::array::uniform2(0..2_u8), filling).prop_map(
        |(reads, counts, writes, new, filling)| Plan {
            reads,
            counts,
            writes,
            new,
            filling,
            patience: None,
        },
    )
}

/// The same by a client that may be gone before it is done.
fn impatient_plan() -> impl Strategy<Value = Plan> {
    let patience = prop_oneof![6 => Just(None), 1 => (1..60_u32).prop_map(Some)];
    (plan(6), patience).prop_map(|(plan, patience)| Plan { patience, ..plan })
}

/// What a transaction has seen and done when its body ran last.
#[derive(Debug, Clone)]
struct Done {
    reads: Vec<(usize, u8)>,
    count: Option<u64>,
    write: (usize, u8),
}

impl Done {
    /// What the transaction makes of a state, if it is one in which it sees what it has seen.
    fn on(&self, mut state: State) -> Option<State> {
        let count = state.iter().filter(|value| **value != 0).count() as u64;
        let fits = self.reads.iter().all(|(key, value)| state[*key] == *value)
            && self.count.is_none_or(|seen| seen == count);
        state[self.write.0] = self.write.1;
        fits.then_some(state)
    }
}

fn key(number: usize) -> String {
    format!("k/{number}")
}

fn number(value: Option<bytes::Bytes>) -> u8 {
    value.map_or(0, |value| value[0])
}

/// Carries out `plan`; `last` is what came of it when the body ran last.
async fn transact<K: Kv>(
    tree: &Tree<K>,
    plan: &Plan,
    instance: usize,
    last: &RefCell<Option<Done>>,
) -> Result<Done, Error> {
    tree.transact(async |transaction| {
        let mut done = Done { reads: Vec::new(), count: None, write: (0, 0) };
        let mut sum = 0;
        for read in &plan.reads {
            let value = number(transaction.get(key(*read)).await?);
            sum += usize::from(value);
            done.reads.push((*read, value));
        }
        if plan.counts {
            let count = transaction.count(&KeyRange::prefix("k/")).await?;
            sum += count as usize;
            done.count = Some(count);
        }
        let new = plan.new[sum % 2];
        match new {
            0 => transaction.delete(key(plan.writes)),
            new => transaction.put(key(plan.writes), vec![new]),
        }
        if let Some((number, size)) = plan.filling {
            transaction.put(format!("filling/{instance}/{number}"), vec![1; size]);
        }
        done.write = (plan.writes, new);
        last.replace(Some(done.clone()));
        Ok(done)
    })
    .await
}

/// What came of the transactions of a run.
#[derive(Debug, Default)]
struct History {
    committed: Vec<Done>,
    /// Those of which nobody knows whether they were committed.
    unknown: Vec<Done>,
    /// How many gave up because others were faster each time.
    contended: usize,
}

impl History {
    /// Whether some order of all that were committed, and some of the others, leads from nothing to
    /// `end`.
    fn explains(&self, end: State) -> bool {
        let all: Vec<_> = self.committed.iter().chain(&self.unknown).collect();
        let required = (1_u64 << self.committed.len()) - 1;
        let (mut tried, mut open) = (BTreeSet::new(), vec![((1_u64 << all.len()) - 1, [0; KEYS])]);
        while let Some((left, state)) = open.pop() {
            if left & required == 0 && state == end {
                return true;
            }
            if !tried.insert((left, state)) {
                continue;
            }
            for (n, done) in all.iter().enumerate().filter(|(n, _)| left & 1 << n != 0) {
                open.extend(done.on(state).map(|next| (left & !(1 << n), next)));
            }
        }
        false
    }
}

/// The requests of each instance, which carry out its plans on its tree, several at a time.
fn requests<'t, K: Kv>(
    trees: &'t [Tree<K>],
    instances: &'t [Vec<Plan>],
    history: &'t RefCell<History>,
) -> Vec<Task<'t, ()>> {
    let requests = instances.iter().zip(trees).enumerate().flat_map(|(instance, (plans, tree))| {
        (0..REQUESTS).map(move |first| {
            Box::pin(async move {
                for plan in plans.iter().skip(first).step_by(REQUESTS) {
                    let last = RefCell::default();
                    let polls = plan.patience.unwrap_or(u32::MAX);
                    let outcome = within(polls, transact(tree, plan, instance, &last)).await;
                    let mut history = history.borrow_mut();
                    match outcome {
                        Some(Ok(done)) => history.committed.push(done),
                        // It is certain that it was not committed.
                        Some(Err(Error::Store(_))) => {}
                        Some(Err(Error::Contended { .. })) => history.contended += 1,
                        None | Some(Err(Error::OutcomeUnknown { .. })) => {
                            history.unknown.extend(last.into_inner());
                        }
                        Some(Err(error)) => panic!("{error}"),
                    }
                }
            }) as Task<'_, ()>
        })
    });
    requests.collect()
}

/// Checks that some order explains what came of the requests.
fn check(memory: &Memory, history: &History) -> Result<(), TestCaseError> {
    let snapshot = run(tree(memory.clone()).snapshot()).unwrap();
    let end = std::array::from_fn(|n| number(run(snapshot.get(key(n))).unwrap()));
    prop_assert!(history.explains(end), "no order of {history:#?} ends with {end:?}");
    Ok(())
}

/// Carries out the plans and checks what comes of them.
fn carry_out<K: Kv>(
    memory: &Memory,
    trees: &[Tree<K>],
    instances: &[Vec<Plan>],
    schedule: &[usize],
) -> Result<(), TestCaseError> {
    let history = RefCell::default();
    interleave(requests(trees, instances, &history), schedule);
    prop_assert_eq!(history.borrow().contended, 0);
    check(memory, &history.into_inner())
}

/// Vacuums, long enough after one another that pages are due which were retired before.
async fn vacuum(tree: &Tree<Chaotic>) {
    for _ in 0..3 {
        match tree.vacuum().await {
            Ok(_) => {}
            Err(Error::Store(_) | Error::Contended { .. } | Error::Expired { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        tree.kv().pause(Duration::from_secs(40)).await;
    }
}

/// A store with a tree that has pages or not, and to which a call takes long or not.
fn store(has_pages: bool, is_far: bool) -> Memory {
    let memory = Memory::default();
    if has_pages {
        run(put(&tree(memory.clone()), "other".into(), LARGE)).unwrap();
    }
    memory.at_distance(if is_far { FAR } else { Duration::ZERO })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn some_order_explains_all(
        instances in vec(vec(plan(1), 1..6), 3..5),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        is_far: bool,
    ) {
        let memory = store(has_pages, is_far);
        let trees: Vec<_> = instances.iter().map(|_| tree(memory.clone())).collect();
        carry_out(&memory, &trees, &instances, &schedule)?;
    }

    #[test]
    fn some_order_explains_all_in_spite_of_faults(
        instances in vec(vec(plan(1), 1..6), 2..4),
        faults in vec(btree_map(0..60_u64, fault(), 0..4), 4),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        is_far: bool,
    ) {
        let memory = store(has_pages, is_far);
        let faulty = faults.into_iter().map(|plan| Faulty::new(memory.clone(), plan));
        let trees: Vec<_> = faulty.map(tree).collect();
        carry_out(&memory, &trees, &instances, &schedule)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..at_least(2000) })]

    #[test]
    fn some_order_explains_all_whatever_the_store_does(
        instances in vec(vec(impatient_plan(), 1..8), 2..4),
        seeds in vec(1..u64::MAX, 4),
        of in prop::sample::select(&[10_u64, 20, 60][..]),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        is_far: bool,
    ) {
        let memory = store(has_pages, is_far);
        // Two write to it already, so that flushes are announced and happen beside commits.
        for other in ["other/1", "other/2"] {
            run(put(&tree(memory.clone()), other.into(), 10)).unwrap();
        }
        let chaotic = seeds.into_iter().map(|seed| Chaotic::new(memory.clone(), seed, of));
        let trees: Vec<_> = chaotic.map(tree).collect();
        let history = RefCell::default();
        let mut tasks = requests(&trees, &instances, &history);
        tasks.extend(trees.iter().map(|tree| Box::pin(vacuum(tree)) as Task<'_, ()>));
        interleave(tasks, &schedule);
        let fresh = tree(memory.clone());
        run(fresh.audit()).unwrap();
        run(fresh.vacuum()).unwrap();
        assert_nothing_is_left_over(&memory);
        // A swap that comes even later may be of a commit whose outcome nobody knows, but leads to no page
        // that is gone.
        trees.iter().for_each(|tree| run(tree.kv().deliver()));
        run(read_all(&fresh)).unwrap();
        assert_nothing_is_left_over(&memory);
        check(&memory, &history.into_inner())?;
    }
}
