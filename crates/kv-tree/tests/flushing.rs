//! Instances that write to a tree while one of them flushes what they have written.

mod common;

use common::{Task, poll, poll_to_write, put, run, tree};
use kv_tree::{Error, KeyRange, Memory, Metered, Tree};

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
        run(put(&other, "a".into(), 8_000)).unwrap();
        Self { memory, other }
    }

    /// The commit that makes the buffer full, up to where it has taken effect.
    fn fill<'t>(&self, flusher: &'t Tree<Metered<Memory>>) -> Task<'t, Result<(), Error>> {
        let mut task = Box::pin(put(flusher, "b".into(), 9_000)) as Task<'_, Result<(), Error>>;
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
        let mut used = run(fresh.audit()).unwrap().keys;
        used.insert("tenant.accounts".into());
        assert!(self.memory.contents().keys().eq(used.iter()));
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
    let delete = flushing.other.transact(async |transaction| {
        transaction.delete("a");
        Ok::<_, Error>(())
    });
    run(delete).unwrap();
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
            put(&fast, "large".into(), 80_000).await?;
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
        run(put(&flushing.other, "c".into(), 33_000)).unwrap();
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
