//! Who announces a flush, and then has to run its body again, does not wait for its own announcement.

mod common;

use std::time::Duration;

use common::{LARGE, poll_to_write, put, run, tree};
use kv_tree::{Error, Kv, Memory, Metered};

/// How long a large commit takes of which another instance changes what it has read, after so many of
/// its writes.
fn time_of_a_large_commit_overtaken_after(writes: usize) -> Duration {
    let memory = Memory::default();
    let (other, large) = (tree(memory.clone()), tree(Metered::new(memory.clone())));
    run(put(&other, "read".into(), 1)).unwrap();
    let mut runs = 0;
    let mut task: common::Task<'_, Result<(), Error>> =
        Box::pin(large.transact(async |transaction| {
            runs += 1;
            let _ = transaction.get("read").await?;
            transaction.put("large", vec![1; LARGE]);
            Ok(())
        }));
    (0..writes).for_each(|_| poll_to_write(&mut task, large.kv()));
    run(put(&other, "read".into(), 2)).unwrap();
    let before = memory.elapsed();
    run(task).unwrap();
    assert_eq!(runs, 2);
    let value = run(run(other.snapshot()).unwrap().get("large")).unwrap();
    assert_eq!(value.unwrap().len(), LARGE);
    memory.elapsed() - before
}

#[test]
fn a_large_commit_does_not_wait_for_its_own_announcement() {
    let waited = time_of_a_large_commit_overtaken_after(1);
    assert!(waited < Duration::from_millis(100), "{waited:?}");
}

#[test]
fn a_large_commit_that_has_written_its_pages_does_not_wait_for_its_own_announcement() {
    // The announcement and the pages.
    let waited = time_of_a_large_commit_overtaken_after(2);
    assert!(waited < Duration::from_millis(100), "{waited:?}");
}
