//! A swap that the store answers with "refused" although it has been done: its client did not get the
//! first answer and sent it again. No acknowledged commit is lost to that, and none takes effect twice.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::scripted::{Call, Scripted};
use common::{HALF, LARGE, Task, poll, put, read_all, run, tree};
use kv_tree::{Error, Kv, Memory, Swapped, Tree};

/// A store whose client sends its first swap twice. `meanwhile` happens between the two.
fn sends_the_first_swap_twice<'t>(memory: &Memory, meanwhile: impl FnOnce() + 't) -> Scripted<'t> {
    let mut meanwhile = Some(meanwhile);
    Scripted::new(memory.clone()).answering_swaps(move |answer| match meanwhile.take() {
        None => answer,
        Some(meanwhile) => {
            assert_eq!(answer, Swapped::Done, "it is done, but the answer is lost");
            meanwhile();
            // The key has another value by now than the swap expects.
            Swapped::Refused
        }
    })
}

/// Counts, and writes a value of the size too if there is one.
async fn increment<K: Kv>(tree: &Tree<K>, filling: usize) -> Result<(), Error> {
    tree.transact(async |transaction| {
        let count = transaction.get("counter").await?.map_or(0, |value| value[0]);
        transaction.put("counter", vec![count + 1]);
        if filling > 0 {
            transaction.put("filling", vec![1; filling]);
        }
        Ok(())
    })
    .await
}

#[test]
fn who_creates_a_tree_does_not_delete_what_others_have_committed_to_it() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    let is_acknowledged = Cell::new(false);
    let creator = tree(sends_the_first_swap_twice(&memory, || {
        run(put(&other, "acknowledged".into(), 10)).unwrap();
        is_acknowledged.set(true);
    }));
    run(put(&creator, "own".into(), 10)).unwrap();
    assert!(is_acknowledged.get());
    let snapshot = run(tree(memory.clone()).snapshot()).unwrap();
    for key in ["acknowledged", "own"] {
        assert!(run(snapshot.get(key)).unwrap().is_some(), "{key}");
    }
    common::assert_nothing_is_left_over(&memory);
}

#[test]
fn a_commit_that_eight_others_have_followed_does_not_happen_twice() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    run(put(&other, "first".into(), 10)).unwrap();
    // Nobody else is about when it begins.
    memory.advance(Duration::from_secs(2));
    let retrying = tree(sends_the_first_swap_twice(&memory, || {
        for number in 0..8 {
            run(put(&other, format!("other/{number}"), 10)).unwrap();
        }
    }));
    run(increment(&retrying, 0)).unwrap();
    let counter = run(run(other.snapshot()).unwrap().get("counter")).unwrap().unwrap();
    assert_eq!(counter[0], 1, "one acknowledged increment");
}

/// The head remembers the last commits of sixteen writers. Beyond that nobody can tell, and says so.
#[test]
fn a_commit_that_too_many_others_have_followed_ends_with_an_unknown_outcome() {
    let memory = Memory::default();
    run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
    memory.advance(Duration::from_secs(2));
    let retrying = tree(sends_the_first_swap_twice(&memory, || {
        for number in 0..16 {
            run(put(&tree(memory.clone()), format!("other/{number}"), 10)).unwrap();
        }
    }));
    let mut runs = 0;
    let outcome = run(retrying.transact(async |transaction| {
        runs += 1;
        transaction.put("counted", vec![runs]);
        Ok(())
    }));
    assert!(matches!(outcome, Err(Error::OutcomeUnknown { .. })), "{outcome:?}");
    assert_eq!(runs, 1);
}

/// A commit that needs pages is announced first. What somebody commits before the writer has found out
/// that its announcement was done is something that it has not seen.
#[test]
fn an_announcement_that_was_found_out_about_does_not_hide_a_conflict() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    // Two write to the tree, so that flushes are announced.
    run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
    run(increment(&other, 0)).unwrap();
    let is_acknowledged = Cell::new(false);
    let announcer = tree(sends_the_first_swap_twice(&memory, || {
        run(increment(&other, 0)).unwrap();
        is_acknowledged.set(true);
    }));
    run(increment(&announcer, LARGE)).unwrap();
    assert!(is_acknowledged.get());
    let counter = run(run(other.snapshot()).unwrap().get("counter")).unwrap().unwrap();
    assert_eq!(counter[0], 3, "three acknowledged increments");
    common::assert_nothing_is_left_over(&memory);
}

/// An instance flushes beside its commits, and learns late what came of it: meanwhile other requests of
/// it commit as much as makes the buffer full again. That must not look as if the flush were lost.
#[test]
fn a_flush_that_is_found_out_about_late_keeps_its_pages() {
    /// A commit, the commit that makes the buffer full, and the flush.
    const FLUSH: u32 = 3;
    let memory = Memory::default();
    // Two others write to the tree, so that it is flushed beside commits.
    run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
    run(put(&tree(memory.clone()), "second".into(), 10)).unwrap();
    let (swaps, cannot_ask) = (Cell::new(0), Cell::new(false));
    let kv = Scripted::new(memory.clone())
        .answering_swaps(|answer| {
            swaps.set(swaps.get() + 1);
            if swaps.get() != FLUSH {
                return answer;
            }
            assert_eq!(answer, Swapped::Done, "it is done, but the answer is lost");
            cannot_ask.set(true);
            Swapped::Refused
        })
        .failing_unless(|call| !(matches!(call, Call::Read(_)) && cannot_ask.take()));
    let instance = tree(kv);
    run(put(&instance, "a/1".into(), HALF)).unwrap();
    let mut flushing: Task<_> = Box::pin(put(&instance, "a/2".into(), HALF));
    while swaps.get() < FLUSH || cannot_ask.get() {
        assert!(poll(&mut flushing).is_pending());
    }
    run(put(&instance, "b/1".into(), HALF)).unwrap();
    run(put(&instance, "b/2".into(), HALF)).unwrap();
    run(flushing).unwrap();
    assert!(instance.kv().take_failures().is_empty());
    drop(instance);
    let model = run(read_all(&tree(memory.clone()))).unwrap();
    let keys: Vec<_> = model.keys().map(|key| std::str::from_utf8(key).unwrap()).collect();
    assert_eq!(keys, ["a/1", "a/2", "b/1", "b/2", "first", "second"]);
    common::assert_nothing_is_left_over(&memory);
}

/// A store that is locked by somebody else says at once that it has not done what it was asked for:
/// nobody need ask again and again what came of it.
#[test]
fn what_the_store_has_certainly_not_done_is_said_at_once() {
    let memory = Memory::default();
    let (is_locked, swaps, reads) = (Cell::new(false), Cell::new(0), Cell::new(0));
    let store = Scripted::new(memory.clone()).saying_so().failing_unless(|call| match call {
        Call::Swap => {
            swaps.set(swaps.get() + 1);
            !is_locked.get()
        }
        Call::Read(_) => {
            reads.set(reads.get() + 1);
            true
        }
        _ => true,
    });
    let tree = tree(store);
    run(increment(&tree, 0)).unwrap();
    is_locked.set(true);
    for filling in [0, LARGE] {
        swaps.set(0);
        reads.set(0);
        let error = run(increment(&tree, filling)).unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error:?}");
        assert!(swaps.get() == 1 && reads.get() <= 2, "{} {}", swaps.get(), reads.get());
    }
    is_locked.set(false);
    run(increment(&tree, 0)).unwrap();
    let count = run(async { tree.snapshot().await.unwrap().get("counter").await.unwrap() });
    assert_eq!(count.unwrap()[0], 2);
}
