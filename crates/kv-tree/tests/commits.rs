//! Which commits of others concern a transaction: those of what it has read, and no others. A body runs
//! again only for them, and nobody waits for others where there are none.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{LARGE, Task, Write, commit, interleave, put, run, tree};
use kv_tree::{Error, KeyRange, Kv, Memory, Order, Transaction, Tree};
use proptest::collection::vec;
use proptest::prelude::*;

/// A tree with the entries `k/00` to `k/19`, in pages or in the head.
fn filled(in_pages: bool) -> Memory {
    let memory = Memory::default();
    let writer = tree(memory.clone());
    let entries: Vec<_> =
        (0..20).map(|n| Write::Put(format!("k/{n:02}").into(), vec![1])).collect();
    run(commit(&writer, &entries)).unwrap();
    if in_pages {
        run(put(&writer, "filling".into(), LARGE)).unwrap();
    }
    memory
}

/// How another instance changes a key.
#[derive(Debug, Clone, Copy)]
enum Change {
    Put(&'static str),
    Delete(&'static str),
}

impl Change {
    async fn make<K: Kv>(self, tree: &Tree<K>) -> Result<(), Error> {
        let write = match self {
            Self::Put(key) => Write::Put(key.into(), vec![2]),
            Self::Delete(key) => Write::Delete(key.into()),
        };
        commit(tree, &[write]).await
    }
}

use Change::{Delete, Put};

/// Checks that each of the changes, made when a transaction has read what `read` reads, makes its body
/// run again if it `concerns` it, and does not otherwise.
fn check(
    read: impl AsyncFn(&Transaction<Memory>) -> Result<(), Error>,
    concerns: bool,
    changes: &[Change],
) {
    for in_pages in [true, false] {
        for change in changes {
            let memory = filled(in_pages);
            let (slow, fast) = (tree(memory.clone()), tree(memory.clone()));
            let mut runs = 0;
            run(slow.transact(async |transaction| {
                runs += 1;
                read(transaction).await?;
                if runs == 1 {
                    change.make(&fast).await?;
                }
                transaction.put("own", "");
                Ok::<_, Error>(())
            }))
            .unwrap();
            assert_eq!(runs == 2, concerns, "{change:?}, in pages: {in_pages}");
        }
    }
}

/// Reads a range to the end of a scan.
async fn scan(
    transaction: &Transaction<Memory>,
    order: Order,
    offset: u64,
    limit: u64,
) -> Result<Vec<String>, Error> {
    let mut scan = transaction.scan(KeyRange::prefix("k/"), order).offset(offset).limit(limit);
    let mut keys = Vec::new();
    while let Some((key, _)) = scan.next().await? {
        keys.push(String::from_utf8(key.to_vec()).unwrap());
    }
    Ok(keys)
}

#[test]
fn a_scan_with_a_limit_depends_on_the_keys_up_to_the_last_one() {
    let ascending = async |transaction: &Transaction<Memory>| {
        scan(transaction, Order::Ascending, 0, 5).await.map(drop)
    };
    check(ascending, true, &[Put("k/00"), Put("k/04"), Put("k/"), Put("k/03+"), Delete("k/02")]);
    check(ascending, false, &[Put("k/04+"), Put("k/05"), Delete("k/05"), Put("k/99"), Put("j")]);
    let descending = async |transaction: &Transaction<Memory>| {
        scan(transaction, Order::Descending, 0, 5).await.map(drop)
    };
    check(descending, true, &[Put("k/19"), Put("k/15"), Put("k/99"), Put("k/15+"), Delete("k/17")]);
    check(descending, false, &[Put("k/14+"), Put("k/14"), Delete("k/14"), Put("k/"), Put("l")]);
}

#[test]
fn a_scan_with_an_offset_depends_on_the_keys_that_it_skips() {
    let ascending = async |transaction: &Transaction<Memory>| {
        assert_eq!(scan(transaction, Order::Ascending, 3, 2).await?.len(), 2);
        Ok(())
    };
    check(ascending, true, &[Put("k/00+"), Delete("k/00"), Put("k/03"), Put("k/04")]);
    check(ascending, false, &[Put("k/04+"), Put("k/05"), Delete("k/19"), Put("j")]);
    let descending = async |transaction: &Transaction<Memory>| {
        assert_eq!(scan(transaction, Order::Descending, 3, 2).await?.len(), 2);
        Ok(())
    };
    check(descending, true, &[Put("k/18+"), Delete("k/19"), Put("k/16"), Put("k/15")]);
    check(descending, false, &[Put("k/14+"), Put("k/14"), Delete("k/00"), Put("l")]);
}

#[test]
fn a_scan_that_has_come_to_its_end_depends_on_its_range() {
    for order in [Order::Ascending, Order::Descending] {
        for (offset, limit) in [(0, u64::MAX), (0, 21), (15, 6), (20, 1), (100, 1)] {
            let read = async |transaction: &Transaction<Memory>| {
                scan(transaction, order, offset, limit).await.map(drop)
            };
            let within = [Put("k/"), Put("k/99"), Delete("k/00"), Delete("k/19"), Put("k/10+")];
            check(read, true, &within);
            check(read, false, &[Put("j"), Put("l"), Put("k")]);
        }
        // It has returned all that there is, and does not know it.
        let all = async |transaction: &Transaction<Memory>| {
            scan(transaction, order, 0, 20).await.map(drop)
        };
        let (before, behind) = match order {
            Order::Ascending => ("k/", "k/99"),
            Order::Descending => ("k/99", "k/"),
        };
        check(all, true, &[Put(before), Delete("k/10")]);
        check(all, false, &[Put(behind)]);
    }
}

#[test]
fn a_scan_of_nothing_depends_on_nothing() {
    let none = async |transaction: &Transaction<Memory>| {
        assert!(scan(transaction, Order::Ascending, 0, 0).await?.is_empty());
        let _ = transaction.scan(KeyRange::all(), Order::Ascending);
        Ok(())
    };
    check(none, false, &[Put("k/00"), Delete("k/19"), Put("j")]);
}

#[test]
fn a_count_depends_on_its_range() {
    let some = async |transaction: &Transaction<Memory>| {
        assert!(transaction.count(&KeyRange::prefix("k/1")).await? >= 9);
        Ok(())
    };
    check(some, true, &[Put("k/1"), Put("k/19+"), Delete("k/10")]);
    check(some, false, &[Put("k/09+"), Put("k/2"), Delete("k/00")]);
    let none = async |transaction: &Transaction<Memory>| {
        transaction.count(&KeyRange::prefix("none/")).await.map(drop)
    };
    check(none, true, &[Put("none/1")]);
    check(none, false, &[Put("none"), Put("k/00")]);
}

#[test]
fn a_get_depends_on_its_key_whether_it_is_there_or_not() {
    let read = async |transaction: &Transaction<Memory>| {
        transaction.get_many(["k/05", "none"]).await.map(drop)
    };
    check(read, true, &[Put("k/05"), Delete("k/05"), Put("none")]);
    check(read, false, &[Put("k/04"), Delete("k/06"), Put("none/1"), Put("non")]);
}

proptest! {
    /// However many others write, whose commits do not concern it.
    #[test]
    fn who_reads_a_key_that_nobody_changes_runs_once(schedule in vec(0_usize..63, 0..1500)) {
        const OTHERS: usize = 8;
        const COMMITS: u32 = 5;
        let memory = Memory::default();
        run(put(&tree(memory.clone()), "hot".into(), 1)).unwrap();
        let reader = tree(memory.clone());
        let runs = Cell::new(0);
        let others: Vec<_> = (0..OTHERS).map(|_| tree(memory.clone())).collect();
        let mut tasks: Vec<Task<'_, ()>> = Vec::new();
        for (number, other) in others.iter().enumerate() {
            tasks.push(Box::pin(async move {
                for n in 0..COMMITS {
                    put(other, format!("other/{number}/{n}"), 1).await.unwrap();
                }
            }));
        }
        tasks.push(Box::pin(async {
            for n in 0..COMMITS {
                let transaction = reader.transact(async |transaction| {
                    runs.set(runs.get() + 1);
                    assert!(transaction.get("hot").await?.is_some());
                    transaction.put(format!("own/{n}"), "");
                    Ok::<_, Error>(())
                });
                transaction.await.unwrap();
            }
        }));
        interleave(tasks, &schedule);
        prop_assert_eq!(runs.get(), COMMITS);
        let snapshot = run(reader.snapshot()).unwrap();
        let entries = run(snapshot.count(&KeyRange::all())).unwrap();
        prop_assert_eq!(entries, 1 + u64::from(COMMITS) * (1 + OTHERS as u64));
    }
}

/// How long an instance gathers.
fn gathering(memory: &Memory, tree: &Tree<Memory>) -> Duration {
    let before = memory.elapsed();
    run(tree.gather());
    memory.elapsed() - before
}

#[test]
fn who_has_committed_and_writes_alone_does_not_gather() {
    let memory = Memory::default();
    run(put(&tree(memory.clone()), "other".into(), 1)).unwrap();
    memory.advance(Duration::from_secs(2));
    let alone = tree(memory.clone());
    run(put(&alone, "own".into(), 1)).unwrap();
    for _ in 0..3 {
        assert_eq!(gathering(&memory, &alone), Duration::ZERO);
        run(put(&alone, "own".into(), 1)).unwrap();
    }
}

#[test]
fn who_has_committed_and_writes_alone_does_not_gather_when_the_clock_has_just_begun() {
    let memory = Memory::default();
    let alone = tree(memory.clone());
    run(put(&alone, "own".into(), 1)).unwrap();
    assert_eq!(gathering(&memory, &alone), Duration::ZERO);
}

#[test]
fn who_writes_beside_others_gathers_for_milliseconds() {
    let memory = Memory::default();
    memory.advance(Duration::from_secs(2));
    let (own, other) = (tree(memory.clone()), tree(memory.clone()));
    for n in 0..3 {
        run(put(&own, "own".into(), n)).unwrap();
        run(put(&other, "other".into(), n)).unwrap();
    }
    run(put(&own, "own".into(), 10)).unwrap();
    let gathered = gathering(&memory, &own);
    let milliseconds = Duration::from_millis(2)..=Duration::from_millis(16);
    assert!(milliseconds.contains(&gathered), "{gathered:?}");
    // The other one has not been about for long.
    memory.advance(Duration::from_secs(2));
    run(put(&own, "own".into(), 1)).unwrap();
    assert_eq!(gathering(&memory, &own), Duration::ZERO);
}

#[test]
fn requests_that_gather_share_a_commit() {
    let memory = Memory::default();
    memory.advance(Duration::from_secs(2));
    let instance = tree(kv_tree::Metered::new(memory.clone()));
    run(put(&instance, "first".into(), 1)).unwrap();
    let before = instance.kv().usage();
    let tasks = (0..16).map(|n| {
        let instance = &instance;
        Box::pin(async move {
            instance.gather().await;
            put(instance, format!("own/{n}"), 1).await
        }) as Task<'_, _>
    });
    for outcome in interleave::<Result<(), Error>>(tasks.collect(), &[]) {
        outcome.unwrap();
    }
    let usage = instance.kv().usage() - before;
    assert!(usage.write_calls <= 2, "{usage:?}");
}
