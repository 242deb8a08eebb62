//! Vacuums beside writers and readers, with every order of their calls. (The crate's tests vacuum only
//! while nobody writes.) Passes on the crate as it is, also with 10,000 cases; kills the mutant
//! `vacuum-listed-first`, which survives the crate's own tests.
mod common;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use common::{Task, interleave, put, run, tree_of_nodes};
use kv_tree::{KeyRange, Kv, Memory, Order};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_vacuum_takes_nothing_that_is_needed(
        schedule in vec(0_usize..24, 0..1500),
        writers in vec((0..12_u8, prop::sample::select(&[10, 3000, 9000, 17_000, 80_000][..])), 6..30),
        waits in vec(0..25_u64, 0..12),
        node_bytes in prop::sample::select(&[200, 4096][..]),
    ) {
        let memory = Memory::default();
        let new = || tree_of_nodes(memory.clone(), node_bytes);
        run(put(&new(), "first".into(), 80_000)).unwrap();
        let instances = [new(), new(), new(), new()];
        let written = RefCell::new(BTreeSet::new());
        let writing = Cell::new(3);
        let (writers, waits, written, writing) = (&writers, &waits, &written, &writing);
        let mut tasks: Vec<Task<'_, ()>> = Vec::new();
        for number in 0..3 {
            let tree = &instances[number];
            tasks.push(Box::pin(async move {
                for (key, size) in writers.iter().skip(number).step_by(3) {
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
                let at_least = written.borrow().len() as u64;
                let begin = clock.now();
                let snapshot = reader.snapshot().await.unwrap();
                reader.forget_pages();
                let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending);
                let mut entries = 0;
                loop {
                    match scan.next().await {
                        Ok(Some(_)) => entries += 1,
                        Ok(None) => break,
                        Err(_) if clock.now() - begin > Duration::from_secs(30) => return,
                        Err(error) => panic!("{error} after {:?}", clock.now() - begin),
                    }
                }
                assert!(entries > at_least, "{entries} entries");
            }
        }));
        let clock = memory.clone();
        tasks.push(Box::pin(async move {
            for wait in waits {
                for _ in 0..20 { clock.pause(Duration::ZERO).await; }
                clock.advance(Duration::from_secs(*wait));
            }
        }));
        interleave(tasks, &schedule);
        let fresh = new();
        let audit = run(fresh.audit()).unwrap();
        prop_assert_eq!(audit.entries, 1 + written.borrow().len() as u64);
        run(fresh.vacuum()).unwrap();
        let mut used = run(fresh.audit()).unwrap().keys;
        used.insert("tenant.accounts".into());
        prop_assert_eq!(memory.contents().into_keys().collect::<BTreeSet<_>>(), used);
    }
}
