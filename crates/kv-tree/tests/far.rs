//! A store that is far away: what takes longer there than computing is not done needlessly, and nobody waits
//! for ever for one that does not answer.

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{FLUSHED, Task, poll_to_write, put, run, tree};
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

/// The other has committed since `own` did, and `own` has not seen that.
fn own_is_behind() -> (Tree<Metered<Memory>>, Tree<Metered<Memory>>) {
    let memory = Memory::default();
    let (own, other) = (far(&memory, 10), far(&memory, 10));
    (0..3).for_each(|n| run(put(&own, "shared".into(), n)).unwrap());
    run(put(&other, "shared".into(), 7)).unwrap();
    (own, other)
}

async fn shared(tree: &Tree<Metered<Memory>>) -> Option<Bytes> {
    tree.snapshot().await.unwrap().get("shared").await.unwrap()
}

#[test]
fn who_only_reads_and_began_with_an_older_head_reads_again() {
    let (own, other) = own_is_behind();
    let mut seen = Vec::new();
    run(own.transact(async |transaction| {
        seen.push(transaction.get("shared").await?);
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(seen.len(), 2, "the first time it was the older head");
    assert_eq!(seen.pop().unwrap(), run(shared(&other)));
}

#[derive(Debug)]
enum Refusal {
    Exists,
    Store,
}

impl From<Error> for Refusal {
    fn from(_: Error) -> Self {
        Self::Store
    }
}

#[test]
fn who_refuses_because_of_what_an_older_head_has_decides_again() {
    let (own, other) = own_is_behind();
    run(other.transact(async |transaction| {
        transaction.delete("shared");
        Ok::<_, Error>(())
    }))
    .unwrap();
    let mut runs = 0;
    let outcome = run(own.transact(async |transaction| {
        runs += 1;
        match transaction.get("shared").await? {
            Some(_) => Err(Refusal::Exists),
            None => Ok(()),
        }
    }));
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(runs, 2);
}

#[test]
fn who_changes_what_an_older_head_has_changes_what_there_is() {
    let (own, other) = own_is_behind();
    let (newest, mut runs) = (run(shared(&other)).unwrap(), 0);
    run(own.transact(async |transaction| {
        runs += 1;
        let seen = transaction.get("shared").await?.unwrap();
        transaction.put("shared", [&seen[..], b"!"].concat());
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(runs, 2);
    assert_eq!(run(shared(&other)).unwrap(), [&newest[..], b"!"].concat());
}

#[test]
fn who_asks_which_commit_it_began_on_is_not_told_an_older_one() {
    let (own, other) = own_is_behind();
    let newest = run(other.snapshot()).unwrap().commit();
    let mut told = Vec::new();
    run(own.transact(async |transaction| {
        told.push(transaction.commit());
        transaction.put("own", "");
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(told, [newest - 1, newest]);
}

/// A server takes over that has not had the last commit of `own`, and others commit there, so that the number of the
/// commit is given again.
#[test]
fn who_began_with_what_the_store_has_lost_begins_again() {
    for elsewhere in ["shared", "other"] {
        let memory = Memory::default();
        let (own, other) = (far(&memory, 10), far(&memory, 10));
        (0..3).for_each(|n| run(put(&own, "shared".into(), n)).unwrap());
        let replica = memory.contents();
        run(put(&own, "shared".into(), 3)).unwrap();
        let entries = replica.into_iter().map(|(key, value)| (key, value.to_vec()));
        run(memory.put_many(entries.collect())).unwrap();
        run(put(&other, elsewhere.into(), 7)).unwrap();
        run(put(&other, "other".into(), 8)).unwrap();
        let mut seen = Vec::new();
        run(own.transact(async |transaction| {
            seen.push(transaction.get("shared").await?);
            transaction.put("own", "");
            Ok::<_, Error>(())
        }))
        .unwrap();
        assert_eq!(seen.len(), 2, "the first time it was what is lost");
        assert_eq!(seen.pop().unwrap(), run(shared(&other)));
        assert!(run(other.audit()).is_ok());
    }
}

/// Or nobody else could commit in between, as long as it never pauses.
#[test]
fn who_writes_alone_reads_once_in_a_while() {
    let own = far(&Memory::default(), 10);
    (0..3).for_each(|n| run(put(&own, "own".into(), n)).unwrap());
    let before = own.kv().usage();
    (0..16).for_each(|n| run(put(&own, "own".into(), n)).unwrap());
    assert_eq!((own.kv().usage() - before).read_calls, 2);
}

/// Its first write is the commit, where it would be pages elsewhere.
#[test]
fn who_writes_alone_to_a_far_store_commits_before_it_flushes() {
    for milliseconds in [1, 10] {
        let memory = Memory::default();
        let own = far(&memory, milliseconds);
        (0..3).for_each(|n| run(put(&own, "own".into(), n)).unwrap());
        let mut large: Task<'_, _> = Box::pin(put(&own, "shared".into(), FLUSHED));
        poll_to_write(&mut large, own.kv());
        let is_committed = run(shared(&far(&memory, milliseconds))).is_some();
        assert_eq!(is_committed, milliseconds == 10, "at {milliseconds} ms");
    }
}

/// A commit that fills the buffer: perhaps the head, the swap, pages, the head beside them, the swap of the flush.
#[test]
fn who_writes_alone_to_a_far_store_flushes_in_four_calls_one_after_the_other() {
    let own = far(&Memory::default(), 10);
    let mut flushes = 0;
    for n in 0..200 {
        let before = own.kv().usage();
        run(put(&own, format!("k/{n:06}"), 700)).unwrap();
        let usage = own.kv().usage() - before;
        if n > 0 && usage.write_calls > 1 {
            flushes += 1;
            assert!(usage.read_calls <= 2 && usage.write_calls == 3, "{usage:?}");
        }
    }
    assert!(flushes > 3, "{flushes}");
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
