//! A swap that the store answers with "refused" although it has been done: its client did not get the
//! first answer and sent it again. No acknowledged commit is lost to that, and none takes effect twice.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::scripted::Scripted;
use common::{put, run, tree};
use kv_tree::{Error, Memory, Swapped};

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
    run(retrying.transact(async |transaction| {
        let count = transaction.get("counter").await?.map_or(0, |value| value[0]);
        transaction.put("counter", vec![count + 1]);
        Ok::<_, Error>(())
    }))
    .unwrap();
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
