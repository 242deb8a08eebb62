//! A check of serializability that knows nothing of the implementation: random transactions over few
//! keys with few values, in several instances, with flushes; some serial order must explain what every
//! one of them has read and what is there in the end.
mod common;

use std::cell::RefCell;
use std::collections::BTreeSet;

use common::{Task, interleave, run, tree};
use kv_tree::{Error, Fault, Faulty, KeyRange, Kv, Memory, Tree};
use proptest::collection::vec;
use proptest::prelude::*;

const KEYS: usize = 2;

/// What a transaction does: it looks at some keys or counts all, and sets a key to what depends on that.
#[derive(Debug, Clone)]
struct Plan {
    reads: Vec<usize>,
    counts: bool,
    writes: usize,
    /// The new value, by what was seen (0 is "absent").
    table: [u8; 2],
    filling: usize,
}

#[derive(Debug, Clone)]
struct Done {
    reads: Vec<(usize, u8)>,
    count: Option<u64>,
    write: (usize, u8),
}

fn key(number: usize) -> String {
    format!("k/{number}")
}

fn seen(value: Option<bytes::Bytes>) -> u8 {
    value.map_or(0, |value| value[0])
}

async fn transact<K: Kv>(
    tree: &Tree<K>,
    plan: &Plan,
    number: usize,
    last: &RefCell<Option<Done>>,
) -> Result<Done, Error> {
    tree.transact(async |transaction| {
        let mut done = Done { reads: Vec::new(), count: None, write: (0, 0) };
        let mut sum = 0;
        for read in &plan.reads {
            let value = seen(transaction.get(key(*read)).await?);
            sum += usize::from(value);
            done.reads.push((*read, value));
        }
        if plan.counts {
            let count = transaction.count(&KeyRange::prefix("k/")).await?;
            sum += count as usize;
            done.count = Some(count);
        }
        let new = plan.table[sum % 2];
        match new {
            0 => transaction.delete(key(plan.writes)),
            new => transaction.put(key(plan.writes), vec![new]),
        }
        if plan.filling > 0 {
            transaction.put(format!("filling/{}", number % 4), vec![1; plan.filling]);
        }
        done.write = (plan.writes, new);
        last.replace(Some(done.clone()));
        Ok(done)
    })
    .await
}

/// Whether an order of `left` leads from `state` to `end`.
fn explain(
    all: &[Done],
    required: u32,
    left: u32,
    state: [u8; KEYS],
    end: [u8; KEYS],
    tried: &mut BTreeSet<(u32, [u8; KEYS])>,
) -> bool {
    if left & required == 0 && state == end {
        return true;
    }
    if !tried.insert((left, state)) {
        return false;
    }
    (0..all.len()).filter(|n| left & 1 << n != 0).any(|n| {
        let Done { reads, count, write } = &all[n];
        let fits = reads.iter().all(|(key, value)| state[*key] == *value)
            && count.is_none_or(|count| {
                count == state.iter().filter(|value| **value != 0).count() as u64
            });
        let mut next = state;
        next[write.0] = write.1;
        fits && explain(all, required, left & !(1 << n), next, end, tried)
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let filling = prop::sample::select(&[0, 0, 0, 0, 0, 8000, 9000, 17_000][..]);
    (vec(0..KEYS, 0..3), any::<bool>(), 0..KEYS, prop::array::uniform2(0..2_u8), filling).prop_map(
        |(reads, counts, writes, table, filling)| Plan { reads, counts, writes, table, filling },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn some_order_explains_all(
        instances in vec(vec(plan(), 1..6), 3..5),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
    ) {
        let memory = Memory::default();
        if has_pages {
            run(common::put(&tree(memory.clone()), "other".into(), 80_000)).unwrap();
        }
        let trees: Vec<_> = instances.iter().map(|_| tree(memory.clone())).collect();
        let history = RefCell::new(Vec::new());
        // Two requests at a time in each instance.
        let tasks = instances.iter().enumerate().flat_map(|(number, plans)| {
            let (tree, history) = (&trees[number], &history);
            [0, 1].map(|half| Box::pin(async move {
                for plan in plans.iter().skip(half).step_by(2) {
                    let done = transact(tree, plan, number, &RefCell::default()).await.unwrap();
                    history.borrow_mut().push(done);
                }
            }) as Task<()>)
        }).collect();
        interleave(tasks, &schedule);
        let snapshot = run(tree(memory).snapshot()).unwrap();
        let end = std::array::from_fn(|n| seen(run(snapshot.get(key(n))).unwrap()));
        let history = history.into_inner();
        prop_assert!(
            explain(&history, u32::MAX, (1 << history.len()) - 1, [0; KEYS], end, &mut BTreeSet::new()),
            "no order of {history:#?} ends with {end:?}"
        );
    }

    /// The same where calls fail, lose their replies, come late, and callers crash: what ends with an
    /// unknown outcome may have happened or not, as its body ran last.
    #[test]
    fn some_order_explains_all_in_spite_of_faults(
        instances in vec(vec(plan(), 1..5), 2..4),
        faults in vec(prop::collection::btree_map(0..60_u64, prop::sample::select(
            &[Fault::Fail, Fault::LoseReply, Fault::RefusedButDone, Fault::Late, Fault::Crash, Fault::CrashAfter][..]), 0..4), 4),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
    ) {
        let memory = Memory::default();
        if has_pages {
            run(common::put(&tree(memory.clone()), "other".into(), 80_000)).unwrap();
        }
        let trees: Vec<_> = faults.iter().map(|plan| tree(Faulty::new(memory.clone(), plan.clone()))).collect();
        let (history, unknown) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let tasks = instances.iter().enumerate().flat_map(|(number, plans)| {
            let (tree, history, unknown) = (&trees[number], &history, &unknown);
            [0, 1].map(|half| Box::pin(async move {
                for plan in plans.iter().skip(half).step_by(2) {
                    let last = RefCell::default();
                    match transact(tree, plan, number, &last).await {
                        Ok(done) => history.borrow_mut().push(done),
                        Err(Error::Store(_)) => {}
                        Err(Error::OutcomeUnknown { .. }) => unknown.borrow_mut().extend(last.into_inner()),
                        Err(error) => panic!("{error}"),
                    }
                }
            }) as Task<()>)
        }).collect();
        interleave(tasks, &schedule);
        let snapshot = run(tree(memory).snapshot()).unwrap();
        let end = std::array::from_fn(|n| seen(run(snapshot.get(key(n))).unwrap()));
        let mut history = history.into_inner();
        let required = (1_u32 << history.len()) - 1;
        history.extend(unknown.into_inner());
        prop_assert!(
            explain(&history, required, (1 << history.len()) - 1, [0; KEYS], end, &mut BTreeSet::new()),
            "no order of {history:#?} ends with {end:?}"
        );
    }
}
