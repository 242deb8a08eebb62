//! Readers who follow a log while others append to it, and delete what they have read, see every value
//! once, in the order of its writer. One remembers no more than the number of the commit that it has seen
//! last; others share a cursor, in whatever instance they are.

mod common;

use std::cell::RefCell;
use std::ops::Bound;

use bytes::Bytes;
use common::chaos::Chaotic;
use common::watched::{LOGS, entries};
use common::{HALF, LARGE, Task, at_least, fault, interleave, put, run, tree};
use kv_tree::{Error, Faulty, KeyRange, Kv, Memory, Order, Snapshot, Tree};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// The log that one reader follows.
const OF_ONE: &str = LOGS[0];

/// The log whose readers share a cursor.
const SHARED: &str = LOGS[1];

/// How many writers an instance has.
const WRITERS: usize = 2;

/// How often a reader looks.
const ROUNDS: usize = 12;

/// A transaction of a writer: how many values it appends to both logs, and the size of another one that
/// it puts elsewhere.
type Plan = (usize, usize);

fn plan() -> impl Strategy<Value = Plan> {
    (1..4_usize, prop::sample::select(&[0, 0, 0, 700, HALF, LARGE][..]))
}

/// What came of it.
struct Written {
    values: Vec<String>,
    outcome: Result<(), Error>,
}

async fn write<K: Kv>(tree: &Tree<K>, writer: String, plans: Vec<Plan>) -> Vec<Written> {
    let (mut all, mut number) = (Vec::new(), 0);
    for (count, filling) in plans {
        let values: Vec<_> = (number..number + count).map(|n| format!("{writer}.{n:03}")).collect();
        number += count;
        let outcome = tree.transact(async |transaction| {
            for value in &values {
                transaction.append(OF_ONE, value.clone());
                transaction.append(SHARED, value.clone());
            }
            transaction.put(format!("filling/{writer}"), vec![1; filling]);
            Ok(())
        });
        let outcome = outcome.await;
        all.push(Written { values, outcome });
    }
    all
}

/// Up to so many entries of a log from a bound on.
async fn read<K: Kv>(
    snapshot: &Snapshot<K>,
    log: &str,
    from: Bound<Vec<u8>>,
    limit: u64,
) -> Result<Vec<(Bytes, Bytes)>, Error> {
    // Greater than any digit.
    let range = KeyRange::between(from, Bound::Excluded(format!("{log}g").into()));
    let mut scan = snapshot.scan(range, Order::Ascending).limit(limit);
    let mut entries = Vec::new();
    while let Some(entry) = scan.next().await? {
        entries.push(entry);
    }
    Ok(entries)
}

/// Who follows alone, and has seen all up to a commit.
#[derive(Default)]
struct Follower {
    since: u64,
    seen: Vec<(Bytes, Bytes)>,
}

impl Follower {
    /// Reads what came since, and deletes it in a transaction that reads nothing.
    async fn follow<K: Kv>(&mut self, tree: &Tree<K>) -> Result<(), Error> {
        let snapshot = tree.snapshot().await?;
        let from = format!("{OF_ONE}{:016x}", self.since + 1);
        let new = read(&snapshot, OF_ONE, Bound::Included(from.into()), u64::MAX).await?;
        self.since = snapshot.commit();
        self.seen.extend(new.iter().cloned());
        tree.transact(async |transaction| {
            new.iter().for_each(|(key, _)| transaction.delete(key.clone()));
            Ok(())
        })
        .await
    }
}

/// Takes up to so many values from behind the shared cursor to where they are numbered.
async fn take<K: Kv>(tree: &Tree<K>, limit: u64) -> Result<(), Error> {
    tree.transact(async |transaction| {
        let cursor = transaction.get("cursor").await?.unwrap_or(SHARED.into());
        let taken = transaction.count(&KeyRange::prefix("taken/")).await?;
        let new = read(transaction, SHARED, Bound::Excluded(cursor.into()), limit).await?;
        for ((key, value), number) in new.into_iter().zip(taken..) {
            transaction.put("cursor", key.clone());
            transaction.put(format!("taken/{number:04}"), value);
            transaction.delete(key);
        }
        Ok(())
    })
    .await
}

/// Lets all writers write, and one reader, and one in each instance, follow; then checks what those have
/// seen.
fn follow<K: Kv>(
    memory: &Memory,
    trees: &[Tree<K>],
    instances: &[[Vec<Plan>; WRITERS]],
    schedule: &[usize],
) {
    let follower = RefCell::new(Follower::default());
    let mut tasks: Vec<Task<'_, Vec<Written>>> = Vec::new();
    for ((instance, writers), tree) in instances.iter().enumerate().zip(trees) {
        for (number, plans) in writers.iter().enumerate() {
            tasks.push(Box::pin(write(tree, format!("{instance}-{number}"), plans.clone())));
        }
        tasks.push(Box::pin(async move {
            for round in 0..ROUNDS {
                check_error(take(tree, 1 + round as u64 % 3).await);
            }
            Vec::new()
        }));
    }
    tasks.push(Box::pin(async {
        let mut own = Follower::default();
        for _ in 0..ROUNDS {
            check_error(own.follow(&trees[0]).await);
        }
        follower.replace(own);
        Vec::new()
    }));
    let written = interleave(tasks, schedule);

    // What is left.
    let fresh = tree(memory.clone());
    let mut follower = follower.into_inner();
    run(follower.follow(&fresh)).unwrap();
    run(take(&fresh, u64::MAX)).unwrap();
    let snapshot = run(fresh.snapshot()).unwrap();
    assert_eq!(run(snapshot.count(&KeyRange::prefix(SHARED))).unwrap(), 0, "behind the cursor");
    assert!(follower.seen.is_sorted_by(|(a, _), (b, _)| a < b));
    for seen in [follower.seen, run(entries(&snapshot, "taken/")).unwrap()] {
        let seen: Vec<_> =
            seen.iter().map(|(_, value)| std::str::from_utf8(value).unwrap()).collect();
        for written in &written {
            check_seen(&seen, written);
        }
    }
}

/// Checks that what one writer has written was seen once, in its order.
fn check_seen(seen: &[&str], written: &[Written]) {
    let mut expected = Vec::new();
    for Written { values, outcome } in written {
        let is_seen = match outcome {
            Ok(()) => true,
            Err(Error::OutcomeUnknown { .. }) => seen.contains(&values[0].as_str()),
            Err(Error::Store(_)) => false,
            Err(error) => panic!("{error}"),
        };
        expected.extend(values.iter().filter(|_| is_seen).map(String::as_str));
    }
    let Some(writer) = written.first().and_then(|first| first.values[0].split('.').next()) else {
        return;
    };
    let of_writer = seen.iter().filter(|value| value.split('.').next() == Some(writer));
    assert!(of_writer.eq(expected.iter()), "{expected:?} were written, {seen:?} seen");
}

/// A reader goes on where it was, whatever has failed.
fn check_error(outcome: Result<(), Error>) {
    match outcome {
        Ok(()) | Err(Error::Store(_) | Error::OutcomeUnknown { .. } | Error::Expired { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A store with a tree that several write to already, or without one.
fn store(has_others: bool) -> Memory {
    let memory = Memory::default();
    if has_others {
        for other in ["other/1", "other/2"] {
            run(put(&tree(memory.clone()), other.into(), LARGE)).unwrap();
        }
    }
    memory
}

fn instances() -> impl Strategy<Value = Vec<[Vec<Plan>; WRITERS]>> {
    vec(prop::array::uniform2(vec(plan(), 0..6)), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 1000, ..at_least(200) })]

    #[test]
    fn followers_see_every_value_once(
        instances in instances(),
        schedule in vec(0_usize..24, 0..1200),
        has_others: bool,
    ) {
        let memory = store(has_others);
        let trees: Vec<_> = instances.iter().map(|_| tree(memory.clone())).collect();
        follow(&memory, &trees, &instances, &schedule);
    }

    #[test]
    fn followers_see_every_value_once_in_spite_of_faults(
        instances in instances(),
        faults in vec(btree_map(0..120_u64, fault(), 0..5), 4),
        schedule in vec(0_usize..24, 0..1200),
        has_others: bool,
    ) {
        let memory = store(has_others);
        let faulty = faults.into_iter().map(|plan| Faulty::new(memory.clone(), plan));
        let trees: Vec<_> = faulty.map(tree).collect();
        follow(&memory, &trees, &instances, &schedule);
    }

    #[test]
    fn followers_see_every_value_once_whatever_the_store_does(
        instances in instances(),
        seeds in vec(1..u64::MAX, 4),
        of in prop::sample::select(&[20_u64, 60][..]),
        schedule in vec(0_usize..24, 0..1200),
    ) {
        let memory = store(true);
        let chaotic = seeds.into_iter().map(|seed| Chaotic::new(memory.clone(), seed, of));
        let trees: Vec<_> = chaotic.map(tree).collect();
        follow(&memory, &trees, &instances, &schedule);
    }
}
