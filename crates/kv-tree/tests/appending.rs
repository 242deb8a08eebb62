//! What appending costs, what keeps it from happening, and whom it concerns: nobody but those who have
//! read where the keys are.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::scripted::Scripted;
use common::watched::{LOGS, Watched, entries, numbers};
use common::{
    CROWDING, FLUSHED, LARGE, Task, assert_nothing_is_left_over, interleave, poll_to_write, put,
    run, tree,
};
use kv_tree::{
    Error, KeyRange, Kv, MAX_KEY_BYTES, MAX_VALUE_BYTES, Memory, Metered, Order, Swapped,
    Transaction, Tree, Usage,
};
use proptest::collection::vec;
use proptest::prelude::*;

const LOG: &str = LOGS[0];

/// Appends a value of `size`, having read nothing.
async fn append<K: Kv>(tree: &Tree<K>, size: usize) -> Result<(), Error> {
    tree.transact(async |transaction| {
        transaction.append(LOG, vec![1; size]);
        Ok(())
    })
    .await
}

/// The first key of the commit of that number.
fn key(commit: u64) -> String {
    format!("{LOG}{commit:016x}00000000")
}

#[test]
fn keys_have_the_number_of_the_commit_and_their_place_in_it() {
    let tree = tree(Memory::default());
    assert_eq!(run(tree.snapshot()).unwrap().commit(), 0);
    run(put(&tree, "first".into(), 1)).unwrap();
    let append = async |log: &'static str| {
        tree.transact(async |transaction| {
            transaction.append(log, "1");
            transaction.append(LOGS[1], "2");
            Ok::<_, Error>(())
        })
        .await
    };
    let tasks = [LOGS[0], LOGS[1]].map(|log| Box::pin(append(log)) as Task<Result<(), Error>>);
    interleave(tasks.into(), &[]).into_iter().for_each(|outcome| outcome.unwrap());
    let snapshot = run(tree.snapshot()).unwrap();
    assert_eq!(snapshot.commit(), 2, "they share a commit");
    let keys = LOGS.map(|log| {
        let entries = run(entries(&snapshot, log)).unwrap();
        entries.into_iter().map(|(key, _)| String::from_utf8(key.to_vec()).unwrap())
    });
    let keys: Vec<_> = keys.into_iter().flatten().collect();
    assert_eq!(
        keys,
        [
            "log/a/000000000000000200000000",
            "log/b/000000000000000200000001",
            "log/b/000000000000000200000002",
            "log/b/000000000000000200000003",
        ]
    );
}

#[test]
fn what_is_too_long_to_be_put_is_too_long_to_be_appended() {
    let tree = tree(Memory::default());
    let append = async |prefix: usize, value: usize| {
        tree.transact(async |transaction| {
            transaction.append(vec![b'p'; prefix], vec![1; value]);
            Ok::<_, Error>(())
        })
        .await
    };
    const LONGEST: usize = MAX_KEY_BYTES - 24;
    run(append(LONGEST, MAX_VALUE_BYTES)).unwrap();
    let key = run(append(LONGEST + 1, 1));
    assert!(matches!(key, Err(Error::TooLong { what: "key", .. })), "{key:?}");
    let value = run(append(1, MAX_VALUE_BYTES + 1));
    assert!(matches!(value, Err(Error::TooLong { what: "value", .. })), "{value:?}");
    assert_eq!(run(tree.audit()).unwrap().entries, 1);
}

proptest! {
    /// However many others append meanwhile.
    #[test]
    fn who_appends_runs_once(schedule in vec(0_usize..63, 0..1500)) {
        const INSTANCES: usize = 8;
        const COMMITS: usize = 5;
        let watched = Watched::new(Memory::default());
        run(put(&tree(watched.clone()), "first".into(), 1)).unwrap();
        let trees: Vec<_> = (0..INSTANCES).map(|_| tree(watched.clone())).collect();
        let runs = Cell::new(0);
        let tasks = trees.iter().map(|tree| {
            let runs = &runs;
            Box::pin(async move {
                for _ in 0..COMMITS {
                    let transaction = tree.transact(async |transaction| {
                        runs.set(runs.get() + 1);
                        transaction.append(LOG, "value");
                        Ok::<_, Error>(())
                    });
                    transaction.await.unwrap();
                }
            }) as Task<'_, ()>
        });
        interleave(tasks.collect(), &schedule);
        prop_assert_eq!(runs.get(), INSTANCES * COMMITS);
        prop_assert_eq!(watched.check().logs[0].len(), INSTANCES * COMMITS);
    }
}

/// How often a transaction runs that appends, and then reads as `read` does, where another instance
/// commits `commits` times before it can.
fn runs(
    commits: usize,
    read: impl AsyncFn(&Transaction<Watched>, String) -> Result<(), Error>,
) -> usize {
    let watched = Watched::new(Memory::default());
    let (own, other) = (tree(watched.clone()), tree(watched.clone()));
    run(append(&other, 1)).unwrap();
    let mut runs = 0;
    run(own.transact(async |transaction| {
        runs += 1;
        transaction.append(LOG, "own");
        read(transaction, key(transaction.commit() + 1 + commits as u64)).await?;
        if runs == 1 {
            for _ in 0..commits {
                put(&other, "other".into(), 1).await?;
            }
        }
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(watched.check().logs[0].len(), 2);
    runs
}

#[test]
fn who_has_read_what_it_appends_runs_again_where_others_commit_first() {
    let all = async |transaction: &Transaction<Watched>, _| {
        assert_eq!(entries(transaction, LOG).await?.len(), 2);
        Ok(())
    };
    let own = async |transaction: &Transaction<Watched>, _| {
        let key = key(transaction.commit() + 1);
        assert_eq!(transaction.get(key).await?, Some("own".into()));
        Ok(())
    };
    // Nothing is there yet, but would be in the end.
    let later = async |transaction: &Transaction<Watched>, key: String| {
        let _ = transaction.get(key).await?;
        Ok(())
    };
    let first = async |transaction: &Transaction<Watched>, _| {
        let mut scan = transaction.scan(KeyRange::prefix(LOG), Order::Ascending).limit(1);
        assert!(scan.next().await?.is_some());
        Ok(())
    };
    for commits in [1, 3] {
        assert_eq!([runs(commits, all), runs(commits, own), runs(commits, later)], [2, 2, 2]);
        assert_eq!(runs(commits, first), 1, "it has not come to where it appends");
    }
    assert_eq!([runs(0, all), runs(0, own), runs(0, later), runs(0, first)], [1, 1, 1, 1]);
}

/// A key of another instance's commit is deleted by one who has seen it there, in a group that was about
/// to append the same key.
#[test]
fn who_deletes_what_another_instance_has_appended_deletes_nothing_else() {
    for appends_first in [true, false] {
        let watched = Watched::new(Memory::default());
        let (own, other) = (tree(watched.clone()), tree(watched.clone()));
        run(put(&other, "first".into(), 1)).unwrap();
        let has_begun = Cell::new(false);
        let meanwhile = async || match has_begun.replace(true) {
            true => Ok(()),
            false => append(&other, 1).await,
        };
        let appending = own.transact(async |transaction| {
            meanwhile().await?;
            transaction.append(LOG, "own");
            Ok(())
        });
        let deleting = own.transact(async |transaction| {
            meanwhile().await?;
            transaction.delete(key(2));
            Ok(())
        });
        let mut tasks: [Task<'_, Result<(), Error>>; 2] = [Box::pin(appending), Box::pin(deleting)];
        if !appends_first {
            tasks.reverse();
        }
        interleave(tasks.into(), &[]).into_iter().for_each(|outcome| outcome.unwrap());
        let log = run(async { entries(&other.snapshot().await?, LOG).await }).unwrap();
        assert_eq!(log, [(key(3).into(), "own".into())], "appends first: {appends_first}");
    }
}

/// A commit that needs pages writes them before its swap. The keys in them have its number all the same,
/// and nothing is written a second time.
#[test]
fn a_flush_is_written_once_however_much_others_commit_meanwhile() {
    for commits in [0, 1, 100] {
        let watched = Watched::new(Memory::default());
        let (own, other) = (tree(Metered::new(watched.clone())), tree(watched.clone()));
        run(append(&other, 1)).unwrap();
        let runs = Cell::new(0);
        let mut large: Task<'_, Result<(), Error>> = Box::pin(own.transact(async |transaction| {
            runs.set(runs.get() + 1);
            transaction.append(LOG, vec![1; LARGE]);
            transaction.append(LOG, "small");
            Ok(())
        }));
        // An announcement, and the pages.
        for _ in 0..2 {
            poll_to_write(&mut large, own.kv());
            (0..commits).for_each(|_| run(append(&other, 1)).unwrap());
        }
        run(large).unwrap();
        assert_eq!(own.kv().usage().write_calls, 3, "{commits}");
        assert_eq!(runs.get(), 1);
        let log = &watched.check().logs[0];
        assert_eq!(log.len(), 2 * commits + 3);
        assert!(log.is_sorted_by_key(|(_, value)| value.len() > 1), "it is the last one");
        assert_nothing_is_left_over(&watched.kv);
    }
}

#[test]
fn a_flush_that_more_commits_come_before_than_it_has_reckoned_with_is_written_anew() {
    let watched = Watched::new(Memory::default());
    let (own, other) = (tree(Metered::new(watched.kv.clone())), tree(watched.kv.clone()));
    run(put(&other, "o".into(), 0)).unwrap();
    let mut large: Task<'_, Result<(), Error>> = Box::pin(append(&own, LARGE));
    (0..2).for_each(|_| poll_to_write(&mut large, own.kv()));
    (0..4200).for_each(|_| run(put(&other, "o".into(), 0)).unwrap());
    run(large).unwrap();
    let snapshot = run(other.snapshot()).unwrap();
    let log = run(entries(&snapshot, LOG)).unwrap();
    assert_eq!((log.len(), numbers(&log[0].0).0), (1, snapshot.commit()));
    assert_nothing_is_left_over(&watched.kv);
}

/// It was going to be a flush, whose number is not the next one. Then another flush has made room for it.
#[test]
fn a_commit_that_does_not_need_its_flush_any_more_is_right_too() {
    let watched = Watched::new(Memory::default());
    let [own, other] = [0, 1].map(|_| tree(Metered::new(watched.clone())));
    run(append(&own, 1)).unwrap();
    run(append(&other, 1)).unwrap();
    let mut slow: Task<'_, Result<(), Error>> = Box::pin(append(&other, CROWDING));
    poll_to_write(&mut slow, other.kv());
    // It sees the flush that the other one has announced, but does not wait for it any longer.
    run(append(&own, 1)).unwrap();
    watched.kv.advance(Duration::from_millis(600));
    let mut large: Task<'_, Result<(), Error>> = Box::pin(append(&own, CROWDING));
    // An announcement, and the pages.
    (0..2).for_each(|_| poll_to_write(&mut large, own.kv()));
    run(slow).unwrap();
    run(large).unwrap();
    let log = &watched.check().logs[0];
    let numbers: Vec<_> = log.iter().map(|(key, _)| numbers(key).0).collect();
    assert_eq!(numbers[..4], [1, 2, 3, 4]);
    assert!(numbers[4] > 1000, "it has kept the number that it had for the flush");
    assert_eq!(log.len(), 5);
    assert_nothing_is_left_over(&watched.kv);
}

/// Its keys cannot get another number, so it is not written before the number that it has is the next one.
#[test]
fn a_flush_by_one_who_has_read_what_it_appends_is_right_too() {
    for commits in 0..3 {
        let watched = Watched::new(Memory::default());
        let (own, other) = (tree(Metered::new(watched.clone())), tree(watched.clone()));
        run(append(&other, 1)).unwrap();
        let seen = Cell::new(0);
        let mut large: Task<'_, Result<(), Error>> = Box::pin(own.transact(async |transaction| {
            transaction.append(LOG, vec![1; LARGE]);
            seen.set(entries(transaction, LOG).await?.len());
            Ok(())
        }));
        for _ in 0..commits {
            poll_to_write(&mut large, own.kv());
            run(append(&other, 1)).unwrap();
        }
        run(large).unwrap();
        assert_eq!(seen.get(), 2 + commits);
        assert_eq!(watched.check().logs[0].len(), seen.get());
        assert_nothing_is_left_over(&watched.kv);
    }
}

/// A swap that the store answers with "refused" although it has been done.
#[test]
fn a_commit_that_is_found_out_about_late_has_appended_once() {
    for (size, refused) in [(10, 1), (FLUSHED, 1), (LARGE, 1), (LARGE, 2)] {
        let memory = Memory::default();
        let other = tree(memory.clone());
        // Two write to the tree.
        run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
        run(append(&other, 1)).unwrap();
        let swaps = Cell::new(0);
        let kv = Scripted::new(memory.clone()).answering_swaps(|answer| {
            swaps.set(swaps.get() + 1);
            if swaps.get() != refused {
                return answer;
            }
            assert_eq!(answer, Swapped::Done, "it is done, but the answer is lost");
            run(append(&other, 1)).unwrap();
            Swapped::Refused
        });
        run(append(&tree(kv), size)).unwrap();
        assert!(swaps.get() >= refused);
        let log = run(async { entries(&other.snapshot().await?, LOG).await }).unwrap();
        let lens: Vec<_> = log.iter().map(|(_, value)| value.len()).collect();
        // What was announced, and not more, is done before the other one's.
        let expected = if refused == 1 && size == LARGE { [1, 1, size] } else { [1, size, 1] };
        assert_eq!(lens, expected);
        assert!(log.is_sorted_by_key(|(key, _)| numbers(key)));
        assert_nothing_is_left_over(&memory);
    }
}

/// What commits of values of the size cost that are appended, and that are put at keys which are as long.
fn costs(size: usize, has_others: bool) -> [Usage; 2] {
    [true, false].map(|appends| {
        let memory = Memory::default();
        let (own, other) = (tree(Metered::new(memory.clone())), tree(memory.clone()));
        run(put(&other, "other".into(), 1)).unwrap();
        memory.advance(Duration::from_secs(2));
        for number in 0..100 {
            let key = format!("{LOG}{number:024x}");
            match appends {
                true => run(append(&own, size)).unwrap(),
                false => run(put(&own, key, size)).unwrap(),
            }
            if has_others {
                run(put(&other, "other".into(), 1)).unwrap();
            }
            memory.advance(Duration::from_millis(100));
        }
        own.kv().usage()
    })
}

#[test]
fn appending_costs_no_more_calls_than_putting() {
    for (size, has_others) in
        [(10, false), (10, true), (2000, false), (2000, true), (FLUSHED, false), (LARGE, true)]
    {
        let [appended, put] = costs(size, has_others);
        assert!(appended.write_calls <= put.write_calls, "{size}: {appended:?}, {put:?}");
        assert!(appended.read_calls <= put.read_calls, "{size}: {appended:?}, {put:?}");
        let bytes = put.bytes_written + put.bytes_written / 20;
        assert!(appended.bytes_written <= bytes, "{size}: {appended:?}, {put:?}");
    }
}
