//! Transactions are serializable: some order of them explains what each has read and what is there in
//! the end. The check knows nothing of how a tree works. Few keys with few values make it likely that
//! a value is changed and changed back.

mod common;

use std::cell::RefCell;
use std::collections::BTreeSet;

use common::{FLUSHED, HALF, LARGE, Task, fault, interleave, put, run, tree};
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
    /// The size of another value that it writes, which makes the tree flush.
    filling: usize,
}

fn plan() -> impl Strategy<Value = Plan> {
    let filling = prop_oneof![5 => Just(0), 4 => prop::sample::select(&[HALF, FLUSHED, LARGE][..])];
    (vec(0..KEYS, 0..3), any::<bool>(), 0..KEYS, prop::array::uniform2(0..2_u8), filling).prop_map(
        |(reads, counts, writes, new, filling)| Plan { reads, counts, writes, new, filling },
    )
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
        if plan.filling > 0 {
            transaction.put(format!("filling/{instance}"), vec![1; plan.filling]);
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

/// Carries out the plans of each instance on its tree, several at a time, and checks what comes of it.
fn check<K: Kv>(
    memory: &Memory,
    trees: &[Tree<K>],
    instances: &[Vec<Plan>],
    schedule: &[usize],
) -> Result<(), TestCaseError> {
    let history = RefCell::new(History::default());
    let requests = instances.iter().zip(trees).enumerate().flat_map(|(instance, (plans, tree))| {
        let history = &history;
        (0..REQUESTS).map(move |first| {
            Box::pin(async move {
                for plan in plans.iter().skip(first).step_by(REQUESTS) {
                    let last = RefCell::default();
                    let outcome = transact(tree, plan, instance, &last).await;
                    let mut history = history.borrow_mut();
                    match outcome {
                        Ok(done) => history.committed.push(done),
                        // It is certain that it was not committed.
                        Err(Error::Store(_)) => {}
                        Err(Error::OutcomeUnknown { .. }) => {
                            history.unknown.extend(last.into_inner());
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }) as Task<()>
        })
    });
    interleave(requests.collect(), schedule);
    let snapshot = run(tree(memory.clone()).snapshot()).unwrap();
    let end = std::array::from_fn(|n| number(run(snapshot.get(key(n))).unwrap()));
    let history = history.into_inner();
    prop_assert!(history.explains(end), "no order of {history:#?} ends with {end:?}");
    Ok(())
}

/// A store with a tree that has pages or not.
fn store(has_pages: bool) -> Memory {
    let memory = Memory::default();
    if has_pages {
        run(put(&tree(memory.clone()), "other".into(), LARGE)).unwrap();
    }
    memory
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn some_order_explains_all(
        instances in vec(vec(plan(), 1..6), 3..5),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
    ) {
        let memory = store(has_pages);
        let trees: Vec<_> = instances.iter().map(|_| tree(memory.clone())).collect();
        check(&memory, &trees, &instances, &schedule)?;
    }

    #[test]
    fn some_order_explains_all_in_spite_of_faults(
        instances in vec(vec(plan(), 1..6), 2..4),
        faults in vec(btree_map(0..60_u64, fault(), 0..4), 4),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
    ) {
        let memory = store(has_pages);
        let faulty = faults.into_iter().map(|plan| Faulty::new(memory.clone(), plan));
        let trees: Vec<_> = faulty.map(tree).collect();
        check(&memory, &trees, &instances, &schedule)?;
    }
}
