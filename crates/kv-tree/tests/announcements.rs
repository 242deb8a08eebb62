//! Finding: who announces a flush, and then has to run its body again, waits 500 ms for its own
//! announcement; so does everybody else whose commit is large or finds the head crowded.
mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{Task, interleave, poll, poll_to_write, put, run, tree};
use kv_tree::{Error, Kv, Memory, Metered};

#[test]
fn a_large_commit_waits_for_its_own_announcement() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    let large = tree(Metered::new(memory.clone()));
    run(put(&other, "read".into(), 1)).unwrap();
    let runs = Cell::new(0);
    let mut task = Box::pin(large.transact(async |transaction| {
        runs.set(runs.get() + 1);
        let _ = transaction.get("read").await?;
        transaction.put("large", vec![1; 80_000]);
        Ok(())
    })) as Task<'_, Result<(), Error>>;
    // The announcement is in effect.
    poll_to_write(&mut task, large.kv());
    run(put(&other, "read".into(), 2)).unwrap();
    let before = memory.now();
    run(task).unwrap();
    let waited = memory.now() - before;
    println!("waited {waited:?}, {} runs", runs.get());
    assert!(waited < Duration::from_millis(100), "waited {waited:?} for itself");
}

/// The same where the flush, having been announced, loses its swap to a commit of what was read.
#[test]
fn a_large_commit_that_loses_its_swap_waits_for_its_own_announcement() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    let large = tree(Metered::new(memory.clone()));
    run(put(&other, "read".into(), 1)).unwrap();
    let mut task = Box::pin(large.transact(async |transaction| {
        let _ = transaction.get("read").await?;
        transaction.put("large", vec![1; 80_000]);
        Ok(())
    })) as Task<'_, Result<(), Error>>;
    poll_to_write(&mut task, large.kv()); // the announcement
    poll_to_write(&mut task, large.kv()); // the pages
    run(put(&other, "read".into(), 2)).unwrap();
    let before = memory.now();
    run(task).unwrap();
    let waited = memory.now() - before;
    println!("waited {waited:?}");
    assert!(waited < Duration::from_millis(100), "waited {waited:?} for itself");
    let _ = (interleave::<()>, poll::<()>);
}
