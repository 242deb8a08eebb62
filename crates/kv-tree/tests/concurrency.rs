//! Several requests, in one instance and in several, on one tree, with every order of their effects.

mod common;

use std::task::Poll;
use std::time::Duration;

use common::scripted::{Call, Scripted};
use common::{FLUSHED, HALF, Task, assert_nothing_is_left_over, interleave, put, run, tree};
use kv_tree::{Error, KeyRange, Memory, Metered, Order, Store, Tree, TreeName};
use proptest::collection::vec;
use proptest::prelude::*;

/// Appends `writer` to a log, at the place that the log's length says.
async fn append<K: kv_tree::Kv>(tree: &Tree<K>, writer: u8, size: usize) -> Result<(), Error> {
    tree.transact(async |transaction| {
        let place = transaction.count(&KeyRange::prefix("log/")).await?;
        transaction.put(format!("log/{place:04}"), vec![writer]);
        transaction.put(format!("record/{writer}"), vec![writer; size]);
        Ok(())
    })
    .await
}

proptest! {
    /// Every transaction sees all that were committed before it, on a tree that none of them found
    /// in existence, with commits in the head and commits to pages.
    #[test]
    fn transactions_are_serial(
        schedule in vec(0_usize..24, 0..600),
        writers in vec((0..3_usize, prop::sample::select(&[0, 700, 5000, HALF][..])), 1..24),
    ) {
        let memory = Memory::default();
        let instances = [0, 1, 2].map(|_| tree(memory.clone()));
        let tasks = writers.iter().zip(0..).map(|((instance, size), writer)| {
            Box::pin(append(&instances[*instance], writer, *size)) as Task<Result<(), Error>>
        }).collect();
        for outcome in interleave(tasks, &schedule) {
            outcome.unwrap();
        }
        let log = run(async {
            let snapshot = tree(memory.clone()).snapshot().await.unwrap();
            let mut scan = snapshot.scan(KeyRange::prefix("log/"), Order::Ascending);
            let mut log = Vec::new();
            while let Some((key, value)) = scan.next().await.unwrap() {
                assert_eq!(key, format!("log/{:04}", log.len()));
                log.push(usize::from(value[0]));
            }
            for (writer, (_, size)) in writers.iter().enumerate() {
                let record = snapshot.get(format!("record/{writer}")).await.unwrap();
                assert_eq!(record.unwrap().len(), *size);
            }
            log
        });
        let mut sorted = log.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..writers.len()).collect::<Vec<_>>());
        // Whoever lost a race has cleaned up.
        assert_nothing_is_left_over(&memory);
    }

    /// Nobody's count is lost, whoever else counts or writes something of any size meanwhile.
    #[test]
    fn counters_count_everybody(
        schedule in vec(0_usize..24, 0..600),
        writers in vec(
            (0..4_usize, 0..5_u8, prop::sample::select(&[0, 300, 3000, HALF, FLUSHED][..])),
            1..32,
        ),
    ) {
        let memory = Memory::default();
        let instances = [0, 1, 2, 3].map(|_| tree(memory.clone()));
        let tasks = writers.iter().zip(0..).map(|(&(instance, counter, size), writer)| {
            let tree = &instances[instance];
            Box::pin(tree.transact(async move |transaction| {
                let counter = format!("counter/{counter}");
                let count = transaction.get(&counter).await?.map_or(0, |value| value[0]);
                transaction.put(counter, vec![count + 1]);
                transaction.put(format!("own/{writer}"), vec![0; size]);
                transaction.delete(format!("own/{}", writer - 1));
                Ok(())
            })) as Task<Result<(), Error>>
        }).collect();
        for outcome in interleave(tasks, &schedule) {
            outcome.unwrap();
        }
        let fresh = tree(memory.clone());
        let snapshot = run(fresh.snapshot()).unwrap();
        for counter in 0..5 {
            let count = run(snapshot.get(format!("counter/{counter}"))).unwrap();
            let expected = writers.iter().filter(|writer| writer.1 == counter).count();
            prop_assert_eq!(count.map_or(0, |value| value[0]) as usize, expected);
        }
        assert_nothing_is_left_over(&memory);
    }

    /// Requests that end at any point, also while others count on them, hold nobody up.
    #[test]
    fn a_request_that_ends_early_holds_nobody_up(
        schedule in vec(0_usize..9, 0..200),
        lifetimes in vec(prop::option::of(0_usize..40), 1..9),
    ) {
        let memory = Memory::default();
        let instance = tree(memory.clone());
        let tasks = lifetimes.iter().zip(0..).map(|(lifetime, writer)| {
            let request = append(&instance, writer, 10);
            Box::pin(async move {
                match lifetime {
                    Some(polls) => drop_after(*polls, request).await,
                    None => Some(request.await),
                }
            }) as Task<Option<Result<(), Error>>>
        }).collect();
        let outcomes = interleave(tasks, &schedule);
        let snapshot = run(tree(memory).snapshot()).unwrap();
        for (writer, outcome) in outcomes.iter().enumerate() {
            let record = run(snapshot.get(format!("record/{writer}"))).unwrap();
            match outcome {
                Some(Ok(())) => prop_assert!(record.is_some()),
                // Nobody knows what came of a commit whose request ended.
                Some(Err(Error::OutcomeUnknown { .. })) | None => {}
                Some(Err(error)) => panic!("{error}"),
            }
        }
        let log = run(snapshot.count(&KeyRange::prefix("log/"))).unwrap();
        let records = run(snapshot.count(&KeyRange::prefix("record/"))).unwrap();
        prop_assert_eq!(log, records);
    }
}

/// Polls `future` up to `polls` times, and then drops it.
async fn drop_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    let mut polled = 0;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if polled == polls => Poll::Ready(None),
        Poll::Pending => {
            polled += 1;
            Poll::Pending
        }
    })
    .await
}

/// As DynamoDB, which refuses to bring the anchor into being where somebody else just has.
#[test]
fn a_store_may_fail_for_those_who_are_not_the_first_to_create_a_tree() {
    for first_at in [1, 2] {
        let memory = Memory::default();
        let mut failures = 0;
        let kv = Scripted::new(memory.clone()).failing_unless(|call| {
            if let Call::Create = call {
                failures += 1;
                // Somebody else creates it meanwhile; before that, nobody has.
                if failures == first_at {
                    run(put(&tree(memory.clone()), "first".into(), 1)).unwrap();
                }
                return false;
            }
            true
        });
        run(put(&tree(kv), "second".into(), 1)).unwrap();
        assert_eq!(run(tree(memory.clone()).audit()).unwrap().entries, 2);
        assert_eq!(failures, first_at);
        assert_nothing_is_left_over(&memory);
    }
}

#[test]
fn a_tree_that_the_store_does_not_let_be_created_is_not() {
    let memory = Memory::default();
    let mut failures = 0;
    let kv = Scripted::new(memory.clone()).failing_unless(|call| {
        let fails = matches!(call, Call::Create);
        failures += u32::from(fails);
        !fails
    });
    let outcome = run(put(&tree(kv), "key".into(), 1));
    assert!(matches!(outcome, Err(Error::Store(_))), "{outcome:?}");
    assert_eq!(failures, 3);
    assert!(memory.contents().is_empty());
    // Where it is certain that nothing was done, nobody else was first.
    let mut failures = 0;
    let kv = Scripted::new(memory.clone()).saying_so().failing_unless(|call| {
        let fails = matches!(call, Call::Create);
        failures += u32::from(fails);
        !fails
    });
    let outcome = run(put(&tree(kv), "key".into(), 1));
    assert!(matches!(outcome, Err(Error::Store(_))), "{outcome:?}");
    assert_eq!(failures, 1);
}

#[test]
fn requests_of_one_instance_share_a_commit() {
    let kv = Metered::new(Memory::default());
    let store = Store::new(kv);
    let instance = store.tree(TreeName::new("tenant.accounts").unwrap());
    run(append(&instance, 99, 10)).unwrap();
    let before = store.kv().usage();
    let tasks = (0..16).map(|writer| Box::pin(append(&instance, writer, 10)) as Task<_>).collect();
    for outcome in interleave::<Result<(), Error>>(tasks, &[]) {
        outcome.unwrap();
    }
    let usage = store.kv().usage() - before;
    // The first in line may be alone; all others are there by the time it is done.
    assert!(usage.write_calls <= 2, "{usage:?}");
    assert_eq!(
        run(run(instance.snapshot()).unwrap().count(&KeyRange::prefix("log/"))).unwrap(),
        17
    );
}

#[test]
fn a_failing_request_does_not_fail_those_it_shares_a_commit_with() {
    let instance = tree(Memory::default());
    run(append(&instance, 99, 10)).unwrap();
    let refuse = async {
        instance
            .transact(async |transaction| {
                transaction.put("refused", "1");
                let _ = transaction.get("log/0000").await?;
                Err::<(), _>(Error::Name("refused".into()))
            })
            .await
    };
    let too_long = async {
        instance
            .transact(async |transaction| {
                transaction.put(vec![b'k'; 2000], "1");
                Ok::<_, Error>(())
            })
            .await
    };
    let tasks: Vec<Task<Result<(), Error>>> = vec![
        Box::pin(append(&instance, 1, 10)),
        Box::pin(refuse),
        Box::pin(append(&instance, 2, 10)),
        Box::pin(too_long),
        Box::pin(append(&instance, 3, 10)),
    ];
    let outcomes = interleave(tasks, &[]);
    assert!(matches!(outcomes[1], Err(Error::Name(_))));
    assert!(matches!(outcomes[3], Err(Error::TooLong { what: "key", bytes: 2000, .. })));
    for appended in [0, 2, 4] {
        outcomes[appended].as_ref().unwrap();
    }
    let snapshot = run(instance.snapshot()).unwrap();
    assert_eq!(run(snapshot.get("refused")).unwrap(), None);
    assert_eq!(run(snapshot.count(&KeyRange::all())).unwrap(), 8);
}

#[test]
fn an_error_waits_for_the_commit_of_what_it_may_have_come_of() {
    let instance = tree(Memory::default());
    run(append(&instance, 99, 10)).unwrap();
    let runs = std::cell::Cell::new(0);
    let create = async {
        instance
            .transact(async |transaction| {
                runs.set(runs.get() + 1);
                transaction.put("created", "1");
                Ok(())
            })
            .await
    };
    let refuse = async {
        instance
            .transact(async |transaction| match transaction.get("created").await? {
                Some(_) => Err(Error::Name("created".into())),
                None => Ok(()),
            })
            .await
    };
    let outcomes = interleave::<Result<(), Error>>(vec![Box::pin(create), Box::pin(refuse)], &[]);
    outcomes[0].as_ref().unwrap();
    assert!(matches!(outcomes[1], Err(Error::Name(_))));
    assert_eq!(runs.get(), 1);
}

#[test]
fn who_writes_alone_does_not_pause() {
    let memory = Memory::default();
    let instance = tree(memory.clone());
    for writer in 0..20 {
        run(append(&instance, writer, 3000)).unwrap();
    }
    assert_eq!(kv_tree::Kv::elapsed(&memory), Duration::ZERO);
}

#[test]
fn a_transaction_runs_once_where_others_change_what_it_has_not_read() {
    let memory = Memory::default();
    let (slow, fast) = (tree(memory.clone()), tree(memory.clone()));
    run(append(&fast, 0, 10)).unwrap();
    let mut runs = 0;
    run(slow.transact(async |transaction| {
        runs += 1;
        assert_eq!(transaction.get("own").await?, None);
        append(&fast, 1, 10).await?;
        transaction.put("own", "1");
        transaction.put("record/1", "own");
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(runs, 1);
    let snapshot = run(fast.snapshot()).unwrap();
    assert_eq!(run(snapshot.get("record/1")).unwrap(), Some("own".into()), "it was last");
    assert_eq!(run(snapshot.count(&KeyRange::prefix("log/"))).unwrap(), 2);
}

#[test]
fn a_value_that_is_put_again_is_written_after_others() {
    let memory = Memory::default();
    let (slow, fast) = (tree(memory.clone()), tree(memory.clone()));
    run(put(&fast, "key".into(), 1)).unwrap();
    let mut is_first = true;
    run(slow.transact(async |transaction| {
        if std::mem::take(&mut is_first) {
            put(&fast, "key".into(), 2).await?;
        }
        transaction.put("key", vec![1; 1]);
        Ok::<_, Error>(())
    }))
    .unwrap();
    let value = run(run(fast.snapshot()).unwrap().get("key")).unwrap();
    assert_eq!(value.unwrap().len(), 1);
}

#[test]
fn who_deletes_without_reading_is_last() {
    let memory = Memory::default();
    let (slow, fast) = (tree(memory.clone()), tree(memory.clone()));
    run(put(&fast, "other".into(), 1)).unwrap();
    let mut runs = 0;
    run(slow.transact(async |transaction| {
        runs += 1;
        if runs == 1 {
            put(&fast, "key".into(), 1).await?;
        }
        transaction.delete("key");
        transaction.put("own", "1");
        Ok::<_, Error>(())
    }))
    .unwrap();
    assert_eq!(runs, 1);
    assert_eq!(run(run(fast.snapshot()).unwrap().get("key")).unwrap(), None);
}

#[test]
fn a_writer_that_is_always_too_late_gives_up() {
    let memory = Memory::default();
    let (slow, fast) = (tree(memory.clone()), tree(memory.clone()));
    run(append(&fast, 0, 10)).unwrap();
    let mut attempts = 0;
    let outcome = run(slow.transact(async |transaction| {
        attempts += 1;
        let _ = transaction.get("record/1").await?;
        append(&fast, 1, attempts % 7).await?;
        transaction.put("late", "1");
        Ok::<_, Error>(())
    }));
    assert!(matches!(outcome, Err(Error::Contended { attempts: 100, .. })), "{outcome:?}");
    assert_eq!(attempts, 100);
    let snapshot = run(fast.snapshot()).unwrap();
    assert_eq!(run(snapshot.get("late")).unwrap(), None);
    assert_eq!(run(snapshot.count(&KeyRange::prefix("log/"))).unwrap(), 101);
    // Pauses are random, but they become longer.
    assert!(kv_tree::Kv::elapsed(&memory) > Duration::from_millis(500));
}
