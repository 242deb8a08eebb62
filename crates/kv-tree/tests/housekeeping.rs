//! What fails behind the scenes fails no transaction and is told to `Kv::observe`; once the store works
//! again, a vacuum leaves nothing over.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::scripted::{Call, Scripted};
use common::{
    FLUSHED, HALF, LARGE, Task, Write, assert_nothing_is_left_over, commit, copy, poll, put,
    read_all, run, tree, tree_of_nodes, unread_pages,
};
use kv_tree::{Error, Kv, Memory, Tree};

/// A store whose tree has been written anew several times: there are pages on a list of several pages
/// that are to be deleted.
fn with_retired_pages() -> Memory {
    let memory = Memory::default();
    let writer = tree_of_nodes(memory.clone(), 200);
    for round in 0..8_u8 {
        let mut writes: Vec<_> = (0..20_u8).map(|n| Write::Put(vec![n], vec![round; 30])).collect();
        writes.push(Write::Put(b"filling".to_vec(), vec![round; FLUSHED]));
        run(commit(&writer, &writes)).unwrap();
        memory.advance(Duration::from_secs(20));
    }
    memory
}

/// Writes so much that the tree is flushed several times, and retired pages come due.
fn write_much<K: Kv>(tree: &Tree<K>, memory: &Memory) -> Result<(), Error> {
    for n in 0..20 {
        run(put(tree, format!("new/{}", n % 4), FLUSHED))?;
        memory.advance(Duration::from_secs(20));
    }
    Ok(())
}

/// Checks that with a vacuum, all is as if nothing had ever failed.
fn assert_a_vacuum_cleans_up(memory: &Memory) {
    memory.advance(Duration::from_secs(120));
    let fresh = tree(memory.clone());
    run(fresh.vacuum()).unwrap();
    assert_nothing_is_left_over(memory);
    // What the list still has is due by then.
    memory.advance(Duration::from_secs(120));
    write_much(&fresh, memory).unwrap();
    memory.advance(Duration::from_secs(120));
    run(fresh.vacuum()).unwrap();
    assert_nothing_is_left_over(memory);
    let retired = unread_pages(memory);
    // The last flushes of the vacuum itself leave something to be listed.
    assert!(retired.len() <= 10, "{retired:?}");
}

#[test]
fn pages_that_nobody_reads_stop_no_writer_whatever_becomes_of_them() {
    let whole = with_retired_pages();
    let unread = unread_pages(&whole);
    assert!(unread.len() > 50, "{} pages", unread.len());
    let mut reported = 0;
    for key in &unread {
        let value = whole.contents()[key].to_vec();
        let mut changed = value.clone();
        changed[value.len() / 2] ^= 1;
        let mut newer = value.clone();
        newer[0] = 4;
        for damage in [None, Some(changed), Some(newer), Some(vec![])] {
            let memory = copy(&whole);
            match &damage {
                None => run(memory.delete_many(vec![key.clone()])).unwrap(),
                Some(damage) => {
                    run(memory.put_many(vec![(key.clone(), damage.clone())])).unwrap();
                }
            }
            let writer = tree(Scripted::new(memory.clone()));
            for n in 0..6 {
                run(put(&writer, format!("new/{n}"), FLUSHED)).unwrap();
                memory.advance(Duration::from_secs(20));
            }
            let failures = writer.kv().take_failures();
            for failure in &failures {
                assert_eq!(failure.tree, "tenant.accounts");
                assert!(
                    ["deleting retired pages", "listing retired pages"].contains(&failure.task)
                );
                match &failure.error {
                    Error::Damaged { key: named, .. } | Error::Newer { key: named, .. } => {
                        assert_eq!(named, key);
                    }
                    error => panic!("{error}"),
                }
            }
            // The first flush does without what is damaged, and the others know nothing of it.
            assert!(failures.len() <= 2, "{failures:?}");
            reported += usize::from(!failures.is_empty());
            if damage.is_some() && memory.contents().contains_key(key) {
                run(memory.put_many(vec![(key.clone(), value.clone())])).unwrap();
            }
            assert_eq!(run(read_all(&tree(memory.clone()))).unwrap().len(), 27);
            memory.advance(Duration::from_secs(120));
            run(tree(memory.clone()).vacuum()).unwrap();
            assert_nothing_is_left_over(&memory);
        }
    }
    assert!(reported >= 4, "some of the pages are of the list");
}

#[test]
fn a_list_that_cannot_be_read_for_a_while_is_kept() {
    let whole = with_retired_pages();
    let unread = unread_pages(&whole);
    let memory = copy(&whole);
    let works = Cell::new(false);
    let kv = Scripted::new(memory.clone()).failing_unless(|call| {
        let is_of_list = |key: &&str| unread.contains(*key);
        works.get() || !matches!(call, Call::Read(keys) if keys.iter().any(is_of_list))
    });
    let writer = tree(kv);
    run(put(&writer, "new".into(), FLUSHED)).unwrap();
    let failures = writer.kv().take_failures();
    assert!(!failures.is_empty());
    for failure in failures {
        assert!(matches!(failure.error, Error::Store(_)), "{}", failure.error);
    }
    works.set(true);
    assert_nothing_is_left_over(&memory);
    write_much(&writer, &memory).unwrap();
    assert!(writer.kv().take_failures().is_empty());
    let contents = memory.contents();
    let left: Vec<_> = unread.iter().filter(|key| contents.contains_key(*key)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn retired_pages_that_cannot_be_deleted_stop_no_writer() {
    let memory = with_retired_pages();
    let works = Cell::new(false);
    let kv = Scripted::new(memory.clone())
        .failing_unless(|call| works.get() || !matches!(call, Call::Delete(_)));
    let writer = tree(kv);
    write_much(&writer, &memory).unwrap();
    let failures = writer.kv().take_failures();
    assert!(!failures.is_empty());
    for failure in failures {
        assert_eq!(
            (&failure.tree[..], failure.task),
            ("tenant.accounts", "deleting retired pages")
        );
        assert!(matches!(failure.error, Error::Store(_)), "{}", failure.error);
    }
    works.set(true);
    write_much(&writer, &memory).unwrap();
    assert!(writer.kv().take_failures().is_empty());
    assert_a_vacuum_cleans_up(&memory);
}

#[test]
fn a_vacuum_that_cannot_delete_fails_and_loses_nothing() {
    let memory = with_retired_pages();
    memory.advance(Duration::from_secs(120));
    let kv = Scripted::new(memory.clone()).failing_unless(|call| !matches!(call, Call::Delete(_)));
    let before = unread_pages(&memory);
    let failed = run(tree(kv).vacuum());
    assert!(matches!(failed, Err(Error::Store(_))), "{failed:?}");
    assert!(unread_pages(&memory).is_superset(&before));
    assert_a_vacuum_cleans_up(&memory);
}

/// A tree whose buffer is filled by one instance, beside another one, when pages cannot be written.
/// The one, and the switch that lets its store write pages again.
fn failing_to_flush_behind<'t>(memory: &Memory, works: &'t Cell<bool>) -> Tree<Scripted<'t>> {
    run(put(&tree(memory.clone()), "a".into(), HALF)).unwrap();
    let kv = Scripted::new(memory.clone())
        .failing_unless(|call| works.get() || !matches!(call, Call::Put(_)));
    let flusher = tree(kv);
    // It is acknowledged.
    run(put(&flusher, "b".into(), HALF)).unwrap();
    let failures = flusher.kv().take_failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!((&failures[0].tree[..], failures[0].task), ("tenant.accounts", "flushing"));
    assert!(matches!(failures[0].error, Error::Store(_)), "{}", failures[0].error);
    assert_eq!(run(read_all(&tree(memory.clone()))).unwrap().len(), 2);
    assert_eq!(pages(memory), 0);
    flusher
}

fn pages(memory: &Memory) -> usize {
    memory.contents().keys().filter(|key| key.matches(':').count() == 2).count()
}

#[test]
fn who_fails_to_flush_behind_a_commit_flushes_with_a_later_one() {
    let (memory, works) = (Memory::default(), Cell::new(false));
    let flusher = failing_to_flush_behind(&memory, &works);
    works.set(true);
    let before = memory.elapsed();
    run(put(&flusher, "c".into(), 10)).unwrap();
    assert!(pages(&memory) > 0);
    assert_eq!(memory.elapsed(), before, "it does not wait for itself");
    assert_eq!(run(read_all(&tree(memory.clone()))).unwrap().len(), 3);
    assert_a_vacuum_cleans_up(&memory);
}

#[test]
fn another_writer_takes_over_from_one_who_fails_to_flush_behind() {
    let (memory, works) = (Memory::default(), Cell::new(false));
    failing_to_flush_behind(&memory, &works);
    let other = tree(memory.clone());
    let before = memory.elapsed();
    // It sees the announcement, and has seen it for long enough when it writes again.
    run(put(&other, "c".into(), 10)).unwrap();
    assert_eq!((pages(&memory), memory.elapsed()), (0, before), "it need not wait");
    memory.advance(Duration::from_millis(500));
    run(put(&other, "d".into(), 10)).unwrap();
    assert!(pages(&memory) > 0);
    assert_eq!(run(read_all(&other)).unwrap().len(), 4);
    assert_a_vacuum_cleans_up(&memory);
}

#[test]
fn pages_of_an_overtaken_flush_that_cannot_be_deleted_are_left_to_a_vacuum() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    run(put(&other, "read".into(), 1)).unwrap();
    let has_written = Cell::new(false);
    let kv = Scripted::new(memory.clone()).failing_unless(|call| {
        has_written.set(has_written.get() || matches!(call, Call::Put(_)));
        !matches!(call, Call::Delete(_))
    });
    let large = tree(kv);
    let mut task: Task<'_, Result<(), Error>> = Box::pin(large.transact(async |transaction| {
        let _ = transaction.get("read").await?;
        transaction.put("large", vec![1; LARGE]);
        Ok(())
    }));
    while !has_written.get() {
        assert!(poll(&mut task).is_pending());
    }
    assert!(poll(&mut task).is_pending());
    run(put(&other, "read".into(), 2)).unwrap();
    run(task).unwrap();
    let failures = large.kv().take_failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].task, "deleting the pages of a flush that was overtaken");
    assert!(matches!(failures[0].error, Error::Store(_)), "{}", failures[0].error);
    let vacuumed = run(tree(memory.clone()).vacuum()).unwrap();
    assert!(vacuumed.orphaned_pages > 0, "{vacuumed:?}");
    assert_a_vacuum_cleans_up(&memory);
}

#[test]
fn a_flush_behind_whose_outcome_is_unknown_is_told() {
    let memory = Memory::default();
    run(put(&tree(memory.clone()), "a".into(), HALF)).unwrap();
    // From the swap that leads to the pages on, the store is out of reach.
    let (has_pages, is_gone) = (Cell::new(false), Cell::new(false));
    let kv = Scripted::new(memory.clone()).failing_unless(|call| {
        has_pages.set(has_pages.get() || matches!(call, Call::Put(_)));
        is_gone.set(is_gone.get() || (has_pages.get() && matches!(call, Call::Swap)));
        !is_gone.get()
    });
    let flusher = tree(kv);
    run(put(&flusher, "b".into(), HALF)).unwrap();
    assert!(is_gone.get());
    let failures = flusher.kv().take_failures();
    assert!(!failures.is_empty(), "it went untold");
    assert_a_vacuum_cleans_up(&memory);
}

#[test]
fn a_head_of_a_creator_that_was_too_late_and_cannot_delete_it_is_told() {
    let memory = Memory::default();
    let other = tree(memory.clone());
    // Another instance creates the tree when this one has written its head.
    let kv = Scripted::new(memory.clone()).failing_unless(|call| {
        if matches!(call, Call::Swap) && pages_and_heads(&memory) == 1 {
            run(put(&other, "other".into(), 1)).unwrap();
        }
        !matches!(call, Call::Delete(_))
    });
    let creator = tree(kv);
    run(put(&creator, "own".into(), 1)).unwrap();
    assert_eq!(pages_and_heads(&memory), 2, "its head could not be deleted");
    assert!(!creator.kv().take_failures().is_empty(), "it went untold");
    assert_a_vacuum_cleans_up(&memory);
}

fn pages_and_heads(memory: &Memory) -> usize {
    memory.contents().keys().filter(|key| key.contains(':')).count()
}

#[test]
fn a_vacuum_of_a_tree_that_nobody_writes_to_does_without_a_damaged_list() {
    let whole = with_retired_pages();
    for key in unread_pages(&whole) {
        let memory = copy(&whole);
        run(memory.put_many(vec![(key.clone(), vec![3; 100])])).unwrap();
        memory.advance(Duration::from_secs(120));
        run(tree(memory.clone()).vacuum()).unwrap();
        assert_eq!(run(read_all(&tree(memory.clone()))).unwrap().len(), 21);
    }
}
