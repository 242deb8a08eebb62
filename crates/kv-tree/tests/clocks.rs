//! Instances whose clocks differ, by minutes or hours, and are set back and forth. Nothing depends on
//! them but when pages that nobody needs are deleted.

mod common;

use std::time::Duration;

use common::{
    CROWDING, FLUSHED, HALF, LARGE, Model, Task, Write, assert_nothing_is_left_over, commit,
    poll_to_write, put, read, read_all, run, tree, tree_of_nodes, unread_pages, write,
};
use kv_tree::{Error, Kv, Memory, Metered};
use proptest::collection::vec;
use proptest::prelude::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// By how many seconds a clock is ahead.
const WRONG: [i64; 10] = [
    -24 * HOUR,
    -HOUR - 1,
    -10 * MINUTE,
    -MINUTE,
    -1,
    MINUTE,
    10 * MINUTE,
    HOUR,
    HOUR + 1,
    24 * HOUR,
];

/// What one of several instances does.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Write>),
    /// A commit that is a flush.
    Flush(u8),
    /// Keeps a snapshot, which later commits must not change.
    Hold,
    /// Lets time pass.
    Wait(u64),
    /// The instance's clock is set, so many seconds ahead of the right one.
    SetClock(i64),
    /// Loses what the instance has cached.
    Forget,
    Vacuum,
}

fn step() -> impl Strategy<Value = Step> {
    let minutes = -20 * MINUTE..20 * MINUTE;
    prop_oneof![
        5 => vec(write(), 1..30).prop_map(Step::Commit),
        4 => any::<u8>().prop_map(Step::Flush),
        2 => Just(Step::Hold),
        1 => (1..90_u64).prop_map(Step::Wait),
        3 => minutes.prop_map(Step::SetClock),
        1 => prop::sample::select(&WRONG[..]).prop_map(Step::SetClock),
        1 => Just(Step::SetClock(0)),
        1 => Just(Step::Forget),
        1 => Just(Step::Vacuum),
    ]
}

proptest! {
    #[test]
    fn whatever_clocks_show_what_is_read_is_right(
        steps in vec((0..3_usize, step()), 0..50),
        node_bytes in prop::sample::select(&[200, 4096][..]),
    ) {
        let memory = Memory::default();
        let clocks = [0, 1, 2].map(|_| memory.with_own_clock());
        let instances = clocks.clone().map(|clock| tree_of_nodes(clock, node_bytes));
        let mut model = Model::new();
        let mut held = Vec::new();
        run(async {
            for (instance, step) in &steps {
                let tree = &instances[*instance];
                match step {
                    Step::Commit(writes) => {
                        commit(tree, writes).await.unwrap();
                        writes.iter().for_each(|write| write.apply_to(&mut model));
                    }
                    Step::Flush(byte) => {
                        let writes = [Write::Put(b"flush".to_vec(), vec![*byte; FLUSHED])];
                        commit(tree, &writes).await.unwrap();
                        writes[0].apply_to(&mut model);
                    }
                    Step::Hold => held.push((tree.snapshot().await.unwrap(), model.clone())),
                    Step::Wait(seconds) => memory.advance(Duration::from_secs(*seconds)),
                    Step::SetClock(seconds) => clocks[*instance].set_clock_ahead(*seconds),
                    Step::Forget => tree.forget_pages(),
                    Step::Vacuum => {
                        let vacuumed = tree.vacuum().await.unwrap();
                        assert_eq!((vacuumed.orphaned_pages, vacuumed.orphaned_heads), (0, 0));
                    }
                }
                let fresh = &instances[(instance + 1) % 3];
                assert_eq!(read(&fresh.snapshot().await.unwrap()).await.unwrap(), model);
            }
            instances.iter().for_each(kv_tree::Tree::forget_pages);
            for (snapshot, model) in &held {
                match read(snapshot).await {
                    Ok(read) => assert_eq!(read, *model),
                    Err(Error::Expired { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        if !memory.contents().is_empty() {
            assert_nothing_is_left_over(&memory);
        }
    }

    /// The minute for which a snapshot can be read is one by the clock of whoever deletes; clocks that
    /// differ, and stay as they are, do not make it shorter.
    #[test]
    fn clocks_that_differ_do_not_make_a_snapshot_expire_early(
        ahead in vec(-20 * MINUTE..20 * MINUTE, 3),
        steps in vec((0..3_usize, 0..3_u64), 1..25),
    ) {
        let memory = Memory::default();
        let clocks = [0, 1, 2].map(|_| memory.with_own_clock());
        clocks.iter().zip(&ahead).for_each(|(clock, ahead)| clock.set_clock_ahead(*ahead));
        let instances = clocks.map(tree);
        // Everybody has written since the clocks were set.
        for (n, instance) in instances.iter().enumerate() {
            run(put(instance, format!("first/{n}"), FLUSHED)).unwrap();
        }
        let snapshot = run(instances[0].snapshot()).unwrap();
        let model = run(read(&snapshot)).unwrap();
        for (instance, wait) in steps {
            run(put(&instances[instance], "first/0".into(), FLUSHED)).unwrap();
            run(instances[instance].vacuum()).unwrap();
            memory.advance(Duration::from_secs(wait));
        }
        instances[0].forget_pages();
        prop_assert_eq!(run(read(&snapshot)).unwrap(), model);
    }
}

#[test]
fn who_writes_alone_does_not_pause_whatever_the_clocks_show() {
    for other in WRONG {
        for own in WRONG {
            let memory = Memory::default();
            let clock = memory.with_own_clock();
            clock.set_clock_ahead(other);
            run(put(&tree(clock), "other".into(), HALF)).unwrap();
            memory.advance(Duration::from_secs(60));
            let clock = memory.with_own_clock();
            let alone = tree(clock.clone());
            let before = memory.elapsed();
            for (n, size) in [10, HALF, HALF, FLUSHED, LARGE, 10].into_iter().enumerate() {
                clock.set_clock_ahead(if n % 2 == 0 { own } else { -own });
                run(put(&alone, "own".into(), size)).unwrap();
            }
            assert_eq!(memory.elapsed(), before, "{own} s ahead, the other one {other} s");
        }
    }
}

#[test]
fn a_dead_flusher_is_waited_for_half_a_second_whatever_the_clocks_show() {
    for flusher_ahead in WRONG {
        for ahead in WRONG {
            let memory = Memory::default();
            let clock = memory.with_own_clock();
            clock.set_clock_ahead(flusher_ahead);
            let flusher = tree(Metered::new(clock));
            // It has seen that somebody else writes.
            run(put(&flusher, "b".into(), 1)).unwrap();
            run(put(&tree(memory.clone()), "a".into(), HALF)).unwrap();
            let mut task: Task<'_, _> = Box::pin(put(&flusher, "b".into(), HALF));
            poll_to_write(&mut task, flusher.kv());
            drop(task);
            let clock = memory.with_own_clock();
            let other = tree(clock.clone());
            clock.set_clock_ahead(ahead);
            run(put(&other, "c".into(), CROWDING)).unwrap();
            clock.set_clock_ahead(-ahead);
            let before = memory.elapsed();
            run(put(&other, "d".into(), 10)).unwrap();
            // It looks again every few milliseconds.
            let waited = memory.elapsed() - before;
            assert!(waited < Duration::from_millis(510), "{waited:?}, {ahead} s ahead");
            assert_eq!(run(read_all(&other)).unwrap().len(), 4);
        }
    }
}

#[test]
fn a_page_that_is_missing_is_damage_whatever_the_clocks_show() {
    for ahead in WRONG {
        let memory = Memory::default();
        let writer = tree(memory.clone());
        for size in [FLUSHED, LARGE] {
            run(put(&writer, "a".into(), size)).unwrap();
        }
        let clock = memory.with_own_clock();
        let reader = tree(clock.clone());
        let held = run(reader.snapshot()).unwrap();
        let unread = unread_pages(&memory);
        let pages: Vec<_> =
            memory.contents().into_keys().filter(|key| key.matches(':').count() == 2).collect();
        let missing = pages.iter().find(|key| !unread.contains(*key)).unwrap();
        run(memory.delete_many(vec![missing.clone()])).unwrap();
        clock.set_clock_ahead(ahead);
        // Commits that are not flushes change nothing.
        run(put(&reader, "b".into(), 10)).unwrap();
        memory.advance(Duration::from_secs(120));
        clock.set_clock_ahead(-ahead);
        for outcome in [run(read(&held)), run(read_all(&reader)), run(read_all(&tree(clock)))] {
            match outcome {
                Err(Error::Damaged { tree, key, .. }) => {
                    assert_eq!((&tree[..], &key), ("tenant.accounts", missing));
                }
                outcome => panic!("{outcome:?}"),
            }
        }
    }
}

/// A time that lies up to an hour ahead is believed: then pages stay until it has passed.
#[test]
fn once_clocks_agree_retired_pages_are_deleted() {
    for ahead in WRONG {
        for is_vacuumed in [true, false] {
            let memory = Memory::default();
            let clock = memory.with_own_clock();
            let (wrong, right) = (tree(clock.clone()), tree(memory.clone()));
            clock.set_clock_ahead(ahead);
            for round in 0..6 {
                for (n, instance) in [&wrong, &right].into_iter().enumerate() {
                    run(put(instance, format!("key/{n}"), FLUSHED + round)).unwrap();
                    memory.advance(Duration::from_secs(1));
                }
            }
            let retired = unread_pages(&memory);
            assert!(retired.len() > 5, "{retired:?}");
            clock.set_clock_ahead(0);
            // A few seconds have passed since the clock was an hour and a second ahead.
            let believed = if ahead <= HOUR + 1 { ahead.max(0) } else { 0 };
            memory.advance(Duration::from_secs(61 + believed.unsigned_abs()));
            for round in 0..if is_vacuumed { 2 } else { 10 } {
                let instance = if round % 2 == 0 { &right } else { &wrong };
                run(put(instance, "later".into(), FLUSHED)).unwrap();
                // A flush lists what the one before it has replaced.
                memory.advance(Duration::from_secs(61));
            }
            if is_vacuumed {
                run(wrong.vacuum()).unwrap();
                assert_nothing_is_left_over(&memory);
            }
            let contents = memory.contents();
            let left: Vec<_> = retired.iter().filter(|key| contents.contains_key(*key)).collect();
            assert!(left.is_empty(), "{ahead} s ahead, vacuumed: {is_vacuumed}; {left:?}");
            assert_eq!(run(read_all(&right)).unwrap().len(), 3);
        }
    }
}

#[test]
fn pages_that_a_wrong_clock_has_listed_are_deleted_from_a_tree_that_is_flushed_often() {
    let memory = Memory::default();
    let clock = memory.with_own_clock();
    let (wrong, right) = (tree(clock.clone()), tree(memory.clone()));
    let flush_often = || {
        for round in 0..100 {
            run(put(&right, "key".into(), FLUSHED + round)).unwrap();
            memory.advance(Duration::from_secs(5));
        }
    };
    flush_often();
    clock.set_clock_ahead(24 * HOUR);
    for round in 0..2 {
        run(put(&wrong, "key".into(), FLUSHED + round)).unwrap();
        memory.advance(Duration::from_secs(1));
    }
    clock.set_clock_ahead(0);
    let retired = unread_pages(&memory);
    assert!(retired.len() > 2, "{retired:?}");
    flush_often();
    run(right.vacuum()).unwrap();
    let contents = memory.contents();
    let left: Vec<_> = retired.iter().filter(|key| contents.contains_key(*key)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn who_writes_alone_does_not_gather_whatever_the_clocks_show() {
    for other in WRONG {
        for own in WRONG {
            let memory = Memory::default();
            let clock = memory.with_own_clock();
            clock.set_clock_ahead(other);
            run(put(&tree(clock), "other".into(), HALF)).unwrap();
            memory.advance(Duration::from_secs(60));
            let clock = memory.with_own_clock();
            clock.set_clock_ahead(own);
            let alone = tree(clock);
            run(put(&alone, "own".into(), 1)).unwrap();
            let before = memory.elapsed();
            run(alone.gather());
            assert_eq!(memory.elapsed(), before, "{own} s ahead, the other one {other} s");
        }
    }
}
