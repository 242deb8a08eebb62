//! What becomes of a tree whose store fails, loses replies, and whose writers crash, at every call.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::{FAULTS, HALF, Task, at_least, fault, interleave, run, tree};
use kv_tree::{Error, Fault, Faulty, KeyRange, Memory, Tree};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// A writer's record and the entry that belongs to it, written together.
async fn insert(tree: &Tree<Faulty<Memory>>, name: &str, size: usize) -> Result<(), Error> {
    tree.transact(async |transaction| {
        // A transaction whose commit took effect must not run again.
        assert_eq!(transaction.get(format!("record/{name}")).await?, None, "{name} runs again");
        transaction.put(format!("record/{name}"), vec![7; size]);
        transaction.put(format!("index/{name}"), "");
        transaction.delete(format!("index/{name}/old"));
        Ok(())
    })
    .await
}

/// What one instance does: so many inserts, one after the other, of values of the size.
#[derive(Debug, Clone)]
struct Instance {
    faults: BTreeMap<u64, Fault>,
    sizes: Vec<usize>,
}

fn instance() -> impl Strategy<Value = Instance> {
    let sizes = vec(prop::sample::select(&[0, 900, 3000, HALF][..]), 1..8);
    (btree_map(0..80_u64, fault(), 0..5), sizes)
        .prop_map(|(faults, sizes)| Instance { faults, sizes })
}

/// Checks that what was acknowledged is there, that nothing is there in part, and that nothing is
/// left over after a vacuum.
fn check(memory: &Memory, outcomes: &[(String, Result<(), Error>)]) {
    let fresh = tree(memory.clone());
    run(async {
        let snapshot = fresh.snapshot().await.unwrap();
        for (name, outcome) in outcomes {
            let record = snapshot.get(format!("record/{name}")).await.unwrap().is_some();
            let index = snapshot.get(format!("index/{name}")).await.unwrap().is_some();
            assert_eq!(record, index, "{name} is there in part");
            match outcome {
                Ok(()) => assert!(record, "{name} was lost"),
                Err(Error::Store(_)) => assert!(!record, "{name} was not committed"),
                Err(Error::OutcomeUnknown { .. }) => {}
                Err(error) => panic!("{name}: {error}"),
            }
        }
        let records = snapshot.count(&KeyRange::prefix("record/")).await.unwrap();
        let audit = fresh.audit().await.unwrap();
        assert_eq!(audit.entries, 2 * records);

        fresh.vacuum().await.unwrap();
        assert_stored_is_used(memory).await;
        memory.advance(Duration::from_secs(120));
        let _ = insert_many(&fresh).await;
        memory.advance(Duration::from_secs(120));
        fresh.vacuum().await.unwrap();
        assert_stored_is_used(memory).await;
        let again = fresh.vacuum().await.unwrap();
        assert_eq!((again.orphaned_pages, again.orphaned_heads), (0, 0));
    });
}

/// Enough to make a tree flush.
async fn insert_many(tree: &Tree<Memory>) -> Result<(), Error> {
    for n in 0..20 {
        tree.transact(async |transaction| {
            transaction.put(format!("later/{n}"), vec![0; 2000]);
            Ok::<_, Error>(())
        })
        .await?;
    }
    Ok(())
}

async fn assert_stored_is_used(memory: &Memory) {
    let audit = tree(memory.clone()).audit().await.unwrap();
    let mut stored: BTreeSet<_> = memory.contents().into_keys().collect();
    stored.remove("tenant.accounts");
    if audit.keys.is_empty() {
        // The tree's creator crashed before it named a head; the next creator takes it from there.
        stored.clear();
    }
    assert_eq!(stored, audit.keys);
}

proptest! {
    #![proptest_config(at_least(600))]

    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_is_half_done(
        instances in vec(instance(), 1..4),
        schedule in vec(0_usize..8, 0..400),
    ) {
        let memory = Memory::default();
        let trees: Vec<_> = instances
            .iter()
            .map(|instance| tree(Faulty::new(memory.clone(), instance.faults.clone())))
            .collect();
        let tasks = instances.iter().enumerate().flat_map(|(number, instance)| {
            // Two requests at a time in each instance.
            [0, 1].map(|half| {
                let tree = &trees[number];
                Box::pin(async move {
                    let mut outcomes = Vec::new();
                    for (n, size) in instance.sizes.iter().enumerate().filter(|(n, _)| n % 2 == half) {
                        let name = format!("{number}-{n}");
                        let outcome = insert(tree, &name, *size).await;
                        outcomes.push((name, outcome));
                    }
                    outcomes
                }) as Task<Vec<_>>
            })
        }).collect();
        let outcomes: Vec<_> = interleave(tasks, &schedule).into_iter().flatten().collect();
        check(&memory, &outcomes);
    }
}

#[test]
fn every_fault_at_every_call_of_a_flush() {
    for fault in FAULTS {
        let mut call = 0;
        loop {
            let memory = Memory::default();
            let tree = tree(Faulty::new(memory.clone(), [(call, fault)]));
            let mut outcomes = Vec::new();
            run(async {
                for n in 0..12 {
                    let name = n.to_string();
                    let outcome = insert(&tree, &name, 2000).await;
                    outcomes.push((name, outcome));
                }
            });
            check(&memory, &outcomes);
            if tree.kv().calls() <= call {
                break;
            }
            // A single lost reply is found out about.
            let failed = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).count();
            match fault {
                Fault::Fail | Fault::LoseReply | Fault::RefusedButDone | Fault::Late => {
                    assert!(failed <= 1, "{fault:?} at {call}")
                }
                Fault::Crash | Fault::CrashAfter => assert!(tree.kv().has_crashed()),
            }
            call += 1;
        }
        assert!(call > 24, "{call} calls");
    }
}

#[test]
fn a_swap_whose_reply_is_lost_is_found_out_about() {
    let memory = Memory::default();
    run(insert(&tree(Faulty::new(memory.clone(), [])), "first", 10)).unwrap();
    // Long enough ago that nobody else is about.
    memory.advance(Duration::from_secs(2));
    // Read the anchor, watch the head, swap it.
    let tree = tree(Faulty::new(memory.clone(), [(2, Fault::LoseReply)]));
    run(insert(&tree, "second", 10)).unwrap();
    assert_eq!(tree.kv().calls(), 4);
}

#[test]
fn a_swap_that_failed_is_tried_again() {
    let memory = Memory::default();
    run(insert(&tree(Faulty::new(memory.clone(), [])), "first", 10)).unwrap();
    // Long enough ago that nobody else is about.
    memory.advance(Duration::from_secs(2));
    let tree = tree(Faulty::new(memory.clone(), [(2, Fault::Fail)]));
    run(insert(&tree, "second", 10)).unwrap();
    check(&memory, &[("first".into(), Ok(())), ("second".into(), Ok(()))]);
}

#[test]
fn a_swap_that_comes_late_is_waited_for_or_kept_from_coming() {
    let memory = Memory::default();
    run(insert(&tree(Faulty::new(memory.clone(), [])), "first", 10)).unwrap();
    memory.advance(Duration::from_secs(2));
    let tree = tree(Faulty::new(memory.clone(), [(2, Fault::Late)]));
    // The head is watched, then the late swap comes, so that the commit of nothing is refused.
    run(insert(&tree, "second", 10)).unwrap();
    assert_eq!(tree.kv().calls(), 6);
    check(&memory, &[("first".into(), Ok(())), ("second".into(), Ok(()))]);
}
