//! Appended keys are in the order of commits: each has the number of the commit that has written it, so
//! none ever appears before, or at, the number of a commit that somebody has seen. None is lost, none is
//! there twice, and who reads a log in a transaction sees what is before its own place in the end.
//!
//! The check looks at the tree after every swap of its head that takes effect, whoever makes it.

mod common;

use std::cell::RefCell;
use std::time::Duration;

use common::chaos::Chaotic;
use common::watched::{Entries, LOGS, Shown, Watched, entries, numbers};
use common::{
    FAR, FAULTS, FLUSHED, HALF, LARGE, Task, assert_nothing_is_left_over, at_least, fault,
    interleave, put, run, tree, within,
};
use kv_tree::{Error, Fault, Faulty, Kv, Memory, Tree};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// How many requests an instance works on at a time.
const REQUESTS: usize = 3;

/// What a transaction does.
#[derive(Debug, Clone, Default)]
struct Plan {
    /// To which logs it appends, one after the other.
    appends: Vec<usize>,
    /// How large the values are.
    size: usize,
    /// The logs that it reads before that, and after.
    reads: [Option<usize>; 2],
    /// The size of a value that it puts elsewhere.
    filling: Option<usize>,
    /// After so many steps its client has gone.
    patience: Option<u32>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let size = prop::sample::select(&[0, 0, 0, 700, HALF / 2, FLUSHED][..]);
    let read = || prop_oneof![5 => Just(None), 1 => (0..2_usize).prop_map(Some)];
    let filling = prop::sample::select(&[HALF, FLUSHED, LARGE][..]);
    let filling = prop_oneof![4 => Just(None), 1 => filling.prop_map(Some)];
    (vec(0..2_usize, 0..4), size, [read(), read()], filling).prop_map(
        |(appends, size, reads, filling)| Plan { appends, size, reads, filling, patience: None },
    )
}

/// The same by a client that may be gone before it is done.
fn impatient_plan() -> impl Strategy<Value = Plan> {
    let patience = prop_oneof![6 => Just(None), 1 => (1..60_u32).prop_map(Some)];
    (plan(), patience).prop_map(|(plan, patience)| Plan { patience, ..plan })
}

/// What a transaction has seen and appended when its body ran last.
#[derive(Debug, Clone, Default)]
struct Done {
    /// The commit that it has begun on.
    commit: u64,
    /// The logs that it has read and what was in them, before it appended and after.
    seen: [Option<(usize, Entries)>; 2],
    /// What the values in each log begin with.
    appended: [Vec<String>; 2],
}

impl Done {
    /// Checks it against what there is in the end.
    fn check(&self, name: &str, end: &Shown) {
        for (log, appended) in end.logs.iter().zip(&self.appended) {
            assert!(own(log, name).map(|(_, value)| value).eq(appended.iter().cloned()), "{name}");
        }
        for (when, seen) in self.seen.iter().enumerate() {
            let Some((log, seen)) = seen else { continue };
            let there = &end.logs[*log];
            assert!(there.starts_with(seen), "{name} has seen {seen:?} of {there:?}");
            let known = there.iter().filter(|(key, _)| numbers(key).0 <= self.commit).count();
            assert!(known <= seen.len(), "{name} has missed some of {}", self.commit);
            // What it has appended follows what it has seen before, and ends what it has seen after.
            let appended = self.appended[*log].len();
            let first = if when == 0 { seen.len() } else { seen.len() - appended };
            let places = own(there, name).map(|(place, _)| place);
            assert!(places.eq(first..first + appended), "{name}");
        }
    }
}

/// The places and the beginnings of what the request has appended.
fn own(log: &Entries, name: &str) -> impl Iterator<Item = (usize, String)> {
    let values = log.iter().map(|(_, value)| {
        let text = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        String::from_utf8(text.to_vec()).unwrap()
    });
    values.enumerate().filter(move |(_, value)| value.split('.').next() == Some(name))
}

/// Carries out `plan`; `last` is what came of it when the body ran last.
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
            transaction.append(LOGS[*log], format!("{value:size$} ", size = plan.size));
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

/// What came of a request.
struct Request {
    name: String,
    done: Done,
    /// `None` where its client has gone.
    outcome: Option<Result<(), Error>>,
}

/// The requests of each instance, which carry out its plans on its tree, several at a time.
fn requests<'t, K: Kv>(
    trees: &'t [Tree<K>],
    instances: &'t [Vec<Plan>],
) -> Vec<Task<'t, Vec<Request>>> {
    let requests = instances.iter().zip(trees).enumerate().flat_map(|(instance, (plans, tree))| {
        (0..REQUESTS).map(move |first| {
            Box::pin(async move {
                let mut requests = Vec::new();
                for (number, plan) in plans.iter().enumerate().skip(first).step_by(REQUESTS) {
                    let (name, last) = (format!("{instance}-{number}"), RefCell::default());
                    let polls = plan.patience.unwrap_or(u32::MAX);
                    let outcome = within(polls, transact(tree, plan, &name, &last)).await;
                    requests.push(Request { name, done: last.into_inner(), outcome });
                }
                requests
            }) as Task<'_, _>
        })
    });
    requests.collect()
}

/// Checks what came of requests that were made one after the other.
fn check(requests: &[Request], end: &Shown) {
    let mut next = [0, 0];
    for Request { name, done, outcome } in requests {
        let is_there = end.logs.iter().any(|log| own(log, name).next().is_some());
        match outcome {
            Some(Ok(())) => done.check(name, end),
            None | Some(Err(Error::OutcomeUnknown { .. })) if is_there => done.check(name, end),
            None | Some(Err(Error::OutcomeUnknown { .. } | Error::Store(_))) => assert!(!is_there),
            Some(Err(error)) => panic!("{name}: {error}"),
        }
        for (next, log) in next.iter_mut().zip(&end.logs) {
            for (place, _) in own(log, name) {
                assert!(place >= *next, "{name} is before what was acknowledged earlier");
                *next = place + 1;
            }
        }
    }
}

/// Carries out the plans and checks what comes of them.
fn carry_out<K: Kv>(
    watched: &Watched,
    trees: &[Tree<K>],
    instances: &[Vec<Plan>],
    schedule: &[usize],
) {
    let done = interleave(requests(trees, instances), schedule);
    let end = watched.check();
    done.iter().for_each(|requests| check(requests, &end));
}

/// A store without a tree, or with one that has pages, and that others write to or not; a call to it takes
/// long or not.
fn store(has_pages: bool, has_others: bool, is_far: bool) -> Watched {
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
    Watched::new(memory.at_distance(if is_far { FAR } else { Duration::ZERO }))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 1000, ..at_least(300) })]

    #[test]
    fn keys_are_in_the_order_of_commits(
        instances in vec(vec(plan(), 1..6), 1..5),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        has_others: bool,
        is_far: bool,
    ) {
        let watched = store(has_pages, has_others, is_far);
        let trees: Vec<_> = instances.iter().map(|_| tree(watched.clone())).collect();
        carry_out(&watched, &trees, &instances, &schedule);
    }

    #[test]
    fn keys_are_in_the_order_of_commits_in_spite_of_faults(
        instances in vec(vec(plan(), 1..6), 1..4),
        faults in vec(btree_map(0..60_u64, fault(), 0..4), 4),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        has_others: bool,
        is_far: bool,
    ) {
        let watched = store(has_pages, has_others, is_far);
        let faulty = faults.into_iter().map(|plan| Faulty::new(watched.clone(), plan));
        let trees: Vec<_> = faulty.map(tree).collect();
        carry_out(&watched, &trees, &instances, &schedule);
    }

    #[test]
    fn keys_are_in_the_order_of_commits_whatever_the_store_does(
        instances in vec(vec(impatient_plan(), 1..8), 2..4),
        seeds in vec(1..u64::MAX, 4),
        of in prop::sample::select(&[10_u64, 20, 60][..]),
        schedule in vec(0_usize..24, 0..800),
        has_pages: bool,
        is_far: bool,
    ) {
        let watched = store(has_pages, true, is_far);
        let chaotic = seeds.into_iter().map(|seed| Chaotic::new(watched.clone(), seed, of));
        let trees: Vec<_> = chaotic.map(tree).collect();
        let done = interleave(requests(&trees, &instances), &schedule);
        // A swap that comes even later is of a commit whose outcome nobody knows.
        trees.iter().for_each(|tree| run(tree.kv().deliver()));
        let end = watched.check();
        done.iter().for_each(|requests| check(requests, &end));
        let fresh = tree(watched.kv.clone());
        run(fresh.audit()).unwrap();
        run(fresh.vacuum()).unwrap();
        assert_nothing_is_left_over(&watched.kv);
    }
}

/// In the head, in pages that the commit itself writes, alone and beside another instance.
#[test]
fn every_fault_at_every_call() {
    let append = |log: usize, size: usize| Plan { appends: vec![log; 2], size, ..Plan::default() };
    let read = Plan { reads: [Some(0), Some(1)], ..append(1, 10) };
    let filling = |size: usize| Plan { filling: Some(size), ..append(0, 10) };
    let own = vec![append(0, 10), append(1, HALF), read.clone(), filling(FLUSHED), filling(LARGE)];
    let other = vec![append(1, 10), append(0, HALF), read];
    for instances in [vec![own.clone(), vec![]], vec![own, other]] {
        for fault in FAULTS {
            let mut call = 0;
            loop {
                let watched = Watched::new(Memory::default());
                let plans = [vec![(call, fault)], vec![]];
                let trees = plans.map(|plan| tree(Faulty::new(watched.clone(), plan)));
                carry_out(&watched, &trees, &instances, &[]);
                if trees[0].kv().calls() <= call {
                    break;
                }
                assert!(trees[0].kv().has_crashed() || !matches!(fault, Fault::Crash));
                call += 1;
            }
            assert!(call > 10, "{call} calls");
        }
    }
}
