//! A vacuum takes what nobody needs, step by step, and nothing else, beside writers and readers with
//! every order of their calls.

mod common;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use common::scripted::{Call, Scripted};
use common::{
    FLUSHED, HALF, LARGE, Task, Write, assert_nothing_is_left_over, commit, interleave, put,
    read_all, run, tree, tree_of_nodes, unread_pages,
};
use kv_tree::{Kv, Memory, VacuumCursor, Vacuumed};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_vacuum_takes_nothing_that_is_needed(
        schedule in vec(0_usize..24, 0..1500),
        writes in vec(
            (0..12_u8, prop::sample::select(&[10, 3000, HALF, FLUSHED, LARGE][..])),
            6..30,
        ),
        waits in vec(0..25_u64, 0..12),
        node_bytes in prop::sample::select(&[200, 4096][..]),
    ) {
        const WRITERS: usize = 3;
        let memory = Memory::default();
        let new = || tree_of_nodes(memory.clone(), node_bytes);
        run(put(&new(), "first".into(), LARGE)).unwrap();
        let instances = [(); WRITERS].map(|()| new());
        let written = RefCell::new(BTreeSet::new());
        let writing = Cell::new(WRITERS);
        let (writes, waits, written, writing) = (&writes, &waits, &written, &writing);
        let mut tasks: Vec<Task<'_, ()>> = Vec::new();
        for (number, tree) in instances.iter().enumerate() {
            tasks.push(Box::pin(async move {
                for (key, size) in writes.iter().skip(number).step_by(WRITERS) {
                    put(tree, format!("key/{key:02}"), *size).await.unwrap();
                    written.borrow_mut().insert(*key);
                }
                writing.set(writing.get() - 1);
            }));
        }
        for _ in 0..2 {
            let tree = new();
            tasks.push(Box::pin(async move {
                while writing.get() > 0 {
                    tree.vacuum().await.unwrap();
                }
            }));
        }
        let (reader, clock) = (new(), memory.clone());
        tasks.push(Box::pin(async move {
            while writing.get() > 0 {
                let at_least = written.borrow().len();
                let begin = clock.now();
                reader.forget_pages();
                match read_all(&reader).await {
                    Ok(model) => assert!(model.len() > at_least, "{} entries", model.len()),
                    Err(kv_tree::Error::Expired { .. })
                        if clock.now() - begin >= Duration::from_secs(60) =>
                    {
                            return;
                        }
                    Err(error) => panic!("{error} after {:?}", clock.now() - begin),
                }
            }
        }));
        let clock = memory.clone();
        tasks.push(Box::pin(async move {
            for wait in waits {
                for _ in 0..20 {
                    clock.pause(Duration::ZERO).await;
                }
                clock.advance(Duration::from_secs(*wait));
            }
        }));
        interleave(tasks, &schedule);
        let fresh = new();
        let audit = run(fresh.audit()).unwrap();
        prop_assert_eq!(audit.entries, 1 + written.borrow().len() as u64);
        run(fresh.vacuum()).unwrap();
        assert_nothing_is_left_over(&memory);
    }
}

/// How many pages a step of a vacuum looks at.
const STEP: u64 = 1000;

/// Leaves so many pages and more in the store that nothing leads to: of flushes that crashed when they
/// had written their pages. Returns how many there are.
fn orphan(memory: &Memory, pages: u64) -> u64 {
    let before = memory.contents().len();
    let orphaned = || (memory.contents().len() - before) as u64;
    while orphaned() < pages {
        let mut has_crashed = false;
        let kv = Scripted::new(memory.clone()).failing_unless(move |call| {
            let works = !has_crashed;
            has_crashed |= matches!(call, Call::Put(_));
            works
        });
        let writes: Vec<_> = (0..600_u32)
            .map(|n| Write::Put(format!("never/{n:04}").into(), vec![1; 80]))
            .chain([Write::Put(b"own page".to_vec(), vec![1; FLUSHED])])
            .collect();
        run(commit(&tree_of_nodes(kv, 200), &writes)).unwrap_err();
    }
    orphaned()
}

/// A step of a vacuum in an instance that has just started, from and to a cursor that is kept as text.
/// With it, how many keys it has read.
async fn step(memory: &Memory, from: Option<String>) -> (Vacuumed, Option<String>, usize) {
    let read = Cell::new(0);
    let kv = Scripted::new(memory.clone()).failing_unless(|call| {
        if let Call::Read(keys) = call {
            read.set(read.get() + keys.len());
        }
        true
    });
    let from = from.map(|text| text.parse::<VacuumCursor>().unwrap());
    let (vacuumed, next) = tree_of_nodes(kv, 200).vacuum_step(from).await.unwrap();
    (vacuumed, next.map(|cursor| cursor.to_string()), read.get())
}

#[test]
fn many_pages_are_removed_step_by_step() {
    let memory = Memory::default();
    let writer = tree(memory.clone());
    run(put(&writer, "first".into(), LARGE)).unwrap();
    let orphans = orphan(&memory, 5 * STEP);
    let (mut removed, mut steps, mut cursor) = (0, 0, None);
    loop {
        let (vacuumed, next, read) = run(step(&memory, cursor));
        // It also reads the head, and the way to what it looks for.
        assert!(read as u64 <= STEP + 100, "{read} keys read by a step");
        assert!(vacuumed.orphaned_pages <= STEP, "{vacuumed:?}");
        assert_eq!(vacuumed.unknown_pages, 0);
        removed += vacuumed.orphaned_pages;
        steps += 1;
        if next.is_none() {
            break;
        }
        cursor = next;
    }
    assert_eq!((removed, steps), (orphans, orphans / STEP + 1));
    assert_nothing_is_left_over(&memory);
}

#[test]
fn many_pages_are_removed_step_by_step_beside_writers() {
    for seed in 0..4 {
        let memory = Memory::default();
        run(put(&tree(memory.clone()), "first".into(), LARGE)).unwrap();
        let orphans = orphan(&memory, 3 * STEP);
        let (has_ended, removed) = (&Cell::new(false), &Cell::new(0));
        let mut tasks: Vec<Task<'_, ()>> = Vec::new();
        for number in 0..2 {
            let (writer, clock) = (tree_of_nodes(memory.clone(), 200), memory.clone());
            tasks.push(Box::pin(async move {
                for n in (0..).take_while(|n| !has_ended.get() || *n < 10) {
                    let size = [10, HALF, FLUSHED, LARGE][n % 4];
                    put(&writer, format!("key/{number}/{}", n % 10), size).await.unwrap();
                    clock.advance(Duration::from_secs(3));
                }
            }));
        }
        let vacuuming = memory.clone();
        tasks.push(Box::pin(async move {
            let (mut cursor, mut steps) = (None, 0);
            loop {
                let (vacuumed, next, _) = step(&vacuuming, cursor).await;
                removed.set(removed.get() + vacuumed.orphaned_pages);
                steps += 1;
                assert!(steps < 100, "writers write faster than a vacuum looks");
                if next.is_none() {
                    break;
                }
                cursor = next;
            }
            has_ended.set(true);
        }));
        let schedule: Vec<_> = (0..2000).map(|n| n * n / (seed + 1) % 7).collect();
        interleave(tasks, &schedule);
        // Some may be of flushes of the writers that were overtaken.
        assert!(removed.get() >= orphans, "{} of {orphans}", removed.get());
        assert_eq!(run(read_all(&tree(memory.clone()))).unwrap().len(), 21);
        run(tree(memory.clone()).vacuum()).unwrap();
        assert_nothing_is_left_over(&memory);
    }
}

#[test]
fn a_step_goes_on_where_the_cursor_says_even_if_the_page_is_gone() {
    let memory = Memory::default();
    run(put(&tree(memory.clone()), "first".into(), LARGE)).unwrap();
    orphan(&memory, 2 * STEP);
    let (_, cursor, _) = run(step(&memory, None));
    let cursor = cursor.unwrap();
    // A whole vacuum in between.
    run(tree(memory.clone()).vacuum()).unwrap();
    assert_nothing_is_left_over(&memory);
    let (vacuumed, next, _) = run(step(&memory, Some(cursor)));
    assert_eq!((vacuumed, next), (Vacuumed::default(), None));
    assert_nothing_is_left_over(&memory);
}

#[test]
fn what_is_no_cursor_is_refused() {
    for text in ["", "1", "1.2", "1.2.3.4", "x.0000000000000001.0", "1.2.-3"] {
        assert!(text.parse::<VacuumCursor>().is_err(), "{text:?}");
    }
}

/// Heads of attempts to create the tree that crashed are removed, and told of.
#[test]
fn heads_that_nobody_needs_are_removed() {
    let memory = Memory::default();
    let mut creators = Vec::new();
    for _ in 0..3 {
        // Each crashes when it has written its head.
        let mut has_crashed = false;
        let kv = Scripted::new(memory.clone()).failing_unless(move |call| {
            let works = !has_crashed;
            has_crashed |= matches!(call, Call::Put(_));
            works
        });
        creators.push(run(put(&tree(kv), "never".into(), 10)));
    }
    assert!(creators.iter().all(Result::is_err));
    run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
    let vacuumed = run(tree(memory.clone()).vacuum()).unwrap();
    assert_eq!(vacuumed, Vacuumed { orphaned_heads: 3, ..Vacuumed::default() });
    assert_nothing_is_left_over(&memory);
    assert!(unread_pages(&memory).is_empty());
}
