//! Instances that write to a tree while one of them flushes what they have written.

mod common;

use std::time::Duration;

use common::{
    CROWDING, HALF, LARGE, Task, assert_nothing_is_left_over, poll, poll_to_write, put, read_all,
    run, tree,
};
use kv_tree::{Error, KeyRange, Kv, Memory, Metered, Snapshot, Tree};

/// A flush that one instance is about to do beside its writes, in a tree that another instance
/// writes to.
struct Flushing {
    memory: Memory,
    other: Tree<Metered<Memory>>,
}

impl Flushing {
    fn begin() -> Self {
        let memory = Memory::default();
        let other = tree(Metered::new(memory.clone()));
        run(put(&other, "a".into(), HALF)).unwrap();
        Self { memory, other }
    }

    /// The commit that makes the buffer full, up to where it has taken effect.
    fn fill<'t>(&self, flusher: &'t Tree<Metered<Memory>>) -> Task<'t, Result<(), Error>> {
        let mut task = Box::pin(put(flusher, "b".into(), HALF)) as Task<'_, Result<(), Error>>;
        poll_to_write(&mut task, flusher.kv());
        task
    }

    /// Checks that the tree has the keys, and the store nothing else.
    fn check(&self, keys: &[&str]) {
        let fresh = tree(self.memory.clone());
        let snapshot = run(fresh.snapshot()).unwrap();
        for key in keys {
            assert!(run(snapshot.get(key)).unwrap().is_some(), "{key}");
        }
        assert_eq!(run(snapshot.count(&KeyRange::all())).unwrap(), keys.len() as u64);
        assert_nothing_is_left_over(&self.memory);
    }
}

#[test]
fn others_go_on_while_one_flushes() {
    let flushing = Flushing::begin();
    let flusher = tree(Metered::new(flushing.memory.clone()));
    let mut flush = flushing.fill(&flusher);
    let before = flushing.other.kv().usage();
    run(put(&flushing.other, "c".into(), 10)).unwrap();
    run(put(&flushing.other, "a".into(), 20)).unwrap();
    assert_eq!((flushing.other.kv().usage() - before).write_calls, 2);
    assert!(poll(&mut flush).is_pending());
    run(flush).unwrap();
    // The commit, the pages, and the swap that leads to them.
    assert_eq!(flusher.kv().usage().write_calls, 3);
    flushing.check(&["a", "b", "c"]);
    let snapshot = run(flushing.other.snapshot()).unwrap();
    assert_eq!(run(snapshot.get("a")).unwrap(), Some(vec![1; 20].into()));
}

#[test]
fn a_key_that_is_deleted_while_its_first_page_is_written_is_gone() {
    let flushing = Flushing::begin();
    let flusher = tree(Metered::new(flushing.memory.clone()));
    let flush = flushing.fill(&flusher);
    run(delete(&flushing.other, "a")).unwrap();
    run(flush).unwrap();
    flushing.check(&["b"]);
}

#[test]
fn a_transaction_survives_a_flush_of_what_it_has_seen() {
    let flushing = Flushing::begin();
    let flusher = tree(Metered::new(flushing.memory.clone()));
    let mut flush = Some(flushing.fill(&flusher));
    for (read, runs_expected) in [("a", 1), ("d", 2)] {
        let mut runs = 0;
        run(flushing.other.transact(async |transaction| {
            runs += 1;
            let _ = transaction.get(read).await?;
            transaction.put("c", read);
            if let Some(flush) = flush.take() {
                flush.await?;
            } else if runs == 1 {
                put(&flusher, "d".into(), 10).await?;
            }
            Ok::<_, Error>(())
        }))
        .unwrap();
        assert_eq!(runs, runs_expected, "having read {read}");
    }
    flushing.check(&["a", "b", "c", "d"]);
}

#[test]
fn a_transaction_does_not_survive_a_flush_of_what_it_has_not_seen() {
    let memory = Memory::default();
    let (slow, fast) = (tree(memory.clone()), tree(memory.clone()));
    run(put(&fast, "counter".into(), 1)).unwrap();
    let mut runs = 0;
    run(slow.transact(async |transaction| {
        runs += 1;
        let seen = transaction.get("counter").await?.map_or(0, |value| value.len());
        if runs == 1 {
            // Changed, and out of the buffer before this one can see it there.
            put(&fast, "counter".into(), 2).await?;
            put(&fast, "large".into(), LARGE).await?;
        }
        transaction.put("counter", vec![1; seen + 1]);
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(runs, 2);
    let counter = run(run(slow.snapshot()).unwrap().get("counter")).unwrap();
    assert_eq!(counter.unwrap().len(), 3);
}

#[test]
fn a_crowded_head_waits_for_its_flush_but_not_forever() {
    for ends in [true, false] {
        let flushing = Flushing::begin();
        let flusher = tree(Metered::new(flushing.memory.clone()));
        let flush = flushing.fill(&flusher);
        run(put(&flushing.other, "c".into(), CROWDING)).unwrap();
        let before = flushing.other.kv().usage();
        let mut late =
            Box::pin(put(&flushing.other, "d".into(), 10)) as Task<'_, Result<(), Error>>;
        (0..20).for_each(|_| assert!(poll(&mut late).is_pending()));
        assert_eq!((flushing.other.kv().usage() - before).write_calls, 0, "it waits");
        if ends {
            run(flush).unwrap();
        }
        run(late).unwrap();
        flushing.check(&["a", "b", "c", "d"]);
    }
}

#[test]
fn a_commit_that_does_not_fit_waits_for_the_flush_too() {
    let flushing = Flushing::begin();
    let flusher = tree(Metered::new(flushing.memory.clone()));
    let flush = flushing.fill(&flusher);
    let before = flushing.other.kv().usage();
    let mut large =
        Box::pin(put(&flushing.other, "c".into(), 60_000)) as Task<'_, Result<(), Error>>;
    (0..20).for_each(|_| assert!(poll(&mut large).is_pending()));
    assert_eq!((flushing.other.kv().usage() - before).write_calls, 0, "it waits");
    run(flush).unwrap();
    run(large).unwrap();
    flushing.check(&["a", "b", "c"]);
}

/// A request is dropped, as by a client that has gone, after every number of steps: before its commit,
/// between that and the flush, in the flush, and when all is done.
#[test]
fn a_request_that_ends_while_it_flushes_blocks_nobody() {
    const REQUESTS: usize = 60;
    const STEPS: usize = 20;
    for has_others in [true, false] {
        let memory = Memory::default();
        if has_others {
            run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
            run(put(&tree(memory.clone()), "second".into(), 10)).unwrap();
        }
        let mut done = 0;
        for number in 0..REQUESTS {
            let (instance, before) = (tree(memory.clone()), memory.elapsed());
            let mut dropped: Task<'_, _> = Box::pin(put(&instance, format!("a/{number}"), HALF));
            done += usize::from((0..number % STEPS).any(|_| poll(&mut dropped).is_ready()));
            drop(dropped);
            run(put(&instance, format!("b/{number}"), HALF)).unwrap();
            let took = memory.elapsed() - before;
            assert!(took < Duration::from_secs(1), "{took:?} after {} steps", number % STEPS);
        }
        assert!(
            (REQUESTS / 6..REQUESTS - REQUESTS / 6).contains(&done),
            "{done} came to their end"
        );
        let fresh = tree(memory.clone());
        run(fresh.vacuum()).unwrap();
        assert_nothing_is_left_over(&memory);
        let model = run(read_all(&fresh)).unwrap();
        for number in 0..REQUESTS {
            assert!(model.contains_key(format!("b/{number}").as_bytes()), "{number}");
        }
    }
}

/// The value of a key as a number; 0 if it is absent.
async fn number(snapshot: &Snapshot<Metered<Memory>>, key: &str) -> Result<u8, Error> {
    Ok(snapshot.get(key).await?.map_or(0, |value| value[0]))
}

async fn set(tree: &Tree<Metered<Memory>>, key: &str, value: u8) -> Result<(), Error> {
    tree.transact(async |transaction| {
        transaction.put(key.to_owned(), vec![value]);
        Ok(())
    })
    .await
}

async fn delete(tree: &Tree<Metered<Memory>>, key: &str) -> Result<(), Error> {
    tree.transact(async |transaction| {
        transaction.delete(key.to_owned());
        Ok(())
    })
    .await
}

/// The key is 1 when the flush begins, 2 when it is read, 1 again when the flush ends. To write 3 would
/// lose an update.
#[test]
fn a_value_that_changes_and_changes_back_during_a_flush_has_changed() {
    let flushing = Flushing::begin();
    let other = &flushing.other;
    let (flusher, slow) =
        (tree(Metered::new(flushing.memory.clone())), tree(Metered::new(flushing.memory.clone())));
    run(set(other, "k", 1)).unwrap();
    let flush = flushing.fill(&flusher);
    run(set(other, "k", 2)).unwrap();
    let (mut flush, mut runs) = (Some(flush), 0);
    run(slow.transact(async |transaction| {
        runs += 1;
        let k = number(transaction, "k").await?;
        if let Some(mut flush) = flush.take() {
            set(other, "k", 1).await?;
            assert!(poll(&mut flush).is_pending());
            flush.await?;
        }
        transaction.put("k", vec![k + 1]);
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(run(number(&run(other.snapshot()).unwrap(), "k")).unwrap(), 2);
    assert_eq!(runs, 2);
}

/// A transaction counts a range while the only entry of it is deleted for a moment. In a tree without
/// pages, a deleted key leaves the buffer at once: it is neither in the buffer that the transaction began
/// with nor in the newest one.
#[test]
fn an_entry_that_is_deleted_for_a_moment_during_a_flush_was_missed() {
    for has_pages in [true, false] {
        let memory = Memory::default();
        let other = tree(Metered::new(memory.clone()));
        if has_pages {
            run(put(&other, "a".into(), LARGE)).unwrap();
        }
        run(put(&other, "i/referrer/1".into(), 0)).unwrap();
        run(put(&other, "a".into(), HALF)).unwrap();
        let flushing = Flushing { memory: memory.clone(), other };
        let other = &flushing.other;
        let flusher = tree(Metered::new(memory.clone()));
        let slow = tree(Metered::new(memory.clone()));
        let flush = flushing.fill(&flusher);
        run(delete(other, "i/referrer/1")).unwrap();
        let (mut flush, mut runs) = (Some(flush), 0);
        run(slow.transact(async |transaction| {
            runs += 1;
            let referrers = transaction.count(&KeyRange::prefix("i/referrer/")).await?;
            if let Some(flush) = flush.take() {
                put(other, "i/referrer/1".into(), 0).await?;
                flush.await?;
            }
            // Deletes a resource only where nothing refers to it.
            transaction.put(if referrers == 0 { "deleted" } else { "kept" }, "");
            Ok::<_, Error>(())
        }))
        .unwrap();
        assert_eq!(runs, 2);
        flushing.check(&["a", "b", "i/referrer/1", "kept"]);
    }
}
