//! A store that is far away: what takes longer there than computing is not done needlessly, and nobody waits
//! for ever for one that does not answer.

mod common;

use std::time::Duration;

use common::{Task, interleave, put, run, tree};
use kv_tree::{Error, Fault, Faulty, Kv, Memory, Metered, Tree};

fn far(memory: &Memory, milliseconds: u64) -> Tree<Metered<Memory>> {
    tree(Metered::new(memory.at_distance(Duration::from_millis(milliseconds))))
}

/// A tree of which both have just written, so that each knows of the other.
fn both_write(own: &Tree<Metered<Memory>>, other: &Tree<Metered<Memory>>) {
    for n in 0..3 {
        run(put(own, "own".into(), n)).unwrap();
        run(put(other, "other".into(), n)).unwrap();
    }
}

/// How many calls a commit makes beside others.
fn calls_of_a_commit(milliseconds: u64) -> u64 {
    let memory = Memory::default();
    let (own, other) = (far(&memory, milliseconds), far(&memory, milliseconds));
    both_write(&own, &other);
    let before = own.kv().usage();
    run(put(&own, "own".into(), 10)).unwrap();
    let usage = own.kv().usage() - before;
    usage.read_calls + usage.write_calls
}

#[test]
fn the_head_is_read_once_more_before_a_swap_only_where_that_is_quick() {
    assert_eq!(calls_of_a_commit(1), 3);
    assert_eq!(calls_of_a_commit(10), 2);
}

/// The other commits after the head was read.
#[test]
fn a_swap_that_is_lost_tells_what_to_swap_next() {
    let memory = Memory::default();
    let (own, other) = (far(&memory, 10), far(&memory, 10));
    both_write(&own, &other);
    let (before, mut runs) = (own.kv().usage(), 0);
    run(own.transact(async |transaction| {
        runs += 1;
        put(&other, "other".into(), 10).await?;
        transaction.put("own", "");
        Ok::<_, Error>(())
    }))
    .unwrap();
    let usage = own.kv().usage() - before;
    assert_eq!((runs, usage.read_calls, usage.write_calls), (1, 1, 2));
}

#[test]
fn who_writes_alone_commits_in_one_call_as_long_as_the_last_commit_is_new() {
    let memory = Memory::default();
    let own = far(&memory, 10);
    let calls = |n| {
        let before = own.kv().usage();
        run(put(&own, "own".into(), n)).unwrap();
        let usage = own.kv().usage() - before;
        (usage.read_calls, usage.write_calls)
    };
    (0..3).for_each(|n| _ = calls(n));
    assert_eq!(calls(3), (0, 1));
    memory.advance(Duration::from_secs(2));
    assert_eq!(calls(4), (1, 1));
    assert_eq!(calls(5), (0, 1));
}

/// Two instances of which neither has seen the other; the second has committed since the first did.
fn unseen() -> (Tree<Metered<Memory>>, Tree<Metered<Memory>>) {
    let memory = Memory::default();
    let (own, other) = (far(&memory, 10), far(&memory, 10));
    (0..3).for_each(|n| run(put(&own, "shared".into(), n)).unwrap());
    run(put(&other, "shared".into(), 7)).unwrap();
    (own, other)
}

async fn shared(tree: &Tree<Metered<Memory>>) -> Option<bytes::Bytes> {
    tree.snapshot().await.unwrap().get("shared").await.unwrap()
}

#[test]
fn who_only_reads_is_told_what_was_committed_though_it_began_with_an_older_head() {
    let (own, other) = unseen();
    let newest = run(shared(&other));
    let (before, mut runs) = (own.kv().usage(), 0);
    let seen = run(own.transact(async |transaction| {
        runs += 1;
        transaction.get("shared").await
    }));
    assert_eq!((seen.unwrap(), runs), (newest, 2));
    let usage = own.kv().usage() - before;
    assert_eq!((usage.read_calls, usage.write_calls), (2, 0));
}

#[test]
fn who_changes_what_it_has_read_does_so_to_what_was_committed_though_it_began_with_an_older_head() {
    let (own, other) = unseen();
    let newest = run(shared(&other)).unwrap();
    run(own.transact(async |transaction| {
        let seen = transaction.get("shared").await?.unwrap();
        transaction.put("shared", [&seen[..], b"!"].concat());
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(run(shared(&other)).unwrap(), [&newest[..], b"!"].concat());
}

#[test]
fn members_of_a_group_answer_one_after_the_other_where_the_store_is_far() {
    for (milliseconds, expected) in [(1, 0..=1), (10, 6..=40)] {
        let memory = Memory::default();
        let own = far(&memory, milliseconds);
        (0..3).for_each(|n| run(put(&own, "own".into(), n)).unwrap());
        let member = async |n: usize| {
            put(&own, format!("key {n}"), n).await.unwrap();
            memory.elapsed()
        };
        let members: Vec<Task<'_, _>> = (0..4).map(|n| Box::pin(member(n)) as _).collect();
        let answered: Vec<Duration> = interleave(members, &[]);
        let first = answered.iter().min().unwrap();
        let apart = (*answered.iter().max().unwrap() - *first).as_millis();
        assert!(expected.contains(&apart), "{answered:?} at {milliseconds}");
    }
}

/// A group takes two calls to commit, and more requests join it while the first of them is made.
#[test]
fn who_writes_beside_others_gathers_for_half_a_call() {
    for (milliseconds, expected) in [(1, 2..=16), (20, 8..=11), (40, 18..=21), (500, 100..=100)] {
        let memory = Memory::default();
        let (own, other) = (far(&memory, milliseconds), far(&memory, milliseconds));
        for _ in 0..20 {
            run(put(&own, "own".into(), 1)).unwrap();
        }
        both_write(&own, &other);
        run(put(&own, "own".into(), 10)).unwrap();
        let before = memory.elapsed();
        run(own.gather());
        let gathered = (memory.elapsed() - before).as_millis();
        assert!(expected.contains(&gathered), "{gathered} at {milliseconds}");
    }
}

/// Each call takes ten seconds to fail.
#[test]
fn what_came_of_a_commit_is_not_asked_for_ever() {
    let memory = Memory::default();
    run(put(&tree(memory.clone()), "key".into(), 1)).unwrap();
    let distant = memory.at_distance(Duration::from_secs(10));
    // Anchor and head are read; from the swap on nothing is answered.
    let plan = (2..100).map(|call| (call, Fault::LoseReply));
    let writer = tree(Faulty::new(distant, plan));
    let before = memory.elapsed();
    let outcome = run(put(&writer, "key".into(), 2));
    assert!(matches!(outcome, Err(Error::OutcomeUnknown { .. })), "{outcome:?}");
    let took = (memory.elapsed() - before).as_secs();
    assert!((30..=60).contains(&took), "{took} s");
}
