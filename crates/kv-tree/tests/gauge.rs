//! What is told of how large a tree is: exact where it is small, near enough where it is large, and
//! never dear.

mod common;

use std::time::Duration;

use common::{
    FLUSHED, Write, commit, put, read_all, run, tree, tree_of_nodes, unread_pages, write,
};
use kv_tree::audit::Gauge;
use kv_tree::{Memory, Metered};
use proptest::collection::vec;
use proptest::prelude::*;

/// The keys and lengths of the pages in the store.
fn stored_pages(memory: &Memory) -> Vec<(String, usize)> {
    let contents = memory.contents().into_iter().map(|(key, value)| (key, value.len()));
    contents.filter(|(key, _)| key.matches(':').count() == 2).collect()
}

fn gauge_of(memory: &Memory) -> Gauge {
    run(tree(memory.clone()).gauge()).unwrap()
}

#[test]
fn a_tree_that_does_not_exist_has_nothing() {
    assert_eq!(gauge_of(&Memory::default()), Gauge::default());
}

proptest! {
    #[test]
    fn of_a_small_tree_all_is_exact(commits in vec(vec(write(), 1..7), 1..6)) {
        let memory = Memory::default();
        let writer = tree(memory.clone());
        for writes in &commits {
            run(commit(&writer, writes)).unwrap();
        }
        prop_assert_eq!(gauge_of(&memory).entries, run(read_all(&writer)).unwrap().len() as u64);
        // Nothing is buffered any more, so that what the head leads to is read.
        run(put(&writer, "last".into(), FLUSHED)).unwrap();
        let gauge = gauge_of(&memory);
        prop_assert_eq!(gauge.entries, run(read_all(&writer)).unwrap().len() as u64);
        prop_assert_eq!(gauge.commit, run(writer.snapshot()).unwrap().commit());
        let unread = unread_pages(&memory);
        let read: Vec<_> =
            stored_pages(&memory).into_iter().filter(|(key, _)| !unread.contains(key)).collect();
        prop_assert_eq!(gauge.pages, read.len() as u64);
        // The keys beside values in pages of their own count for nothing.
        let bytes = read.iter().map(|(_, len)| *len as u64).sum::<u64>();
        prop_assert!(gauge.bytes <= bytes, "{} of {}", gauge.bytes, bytes);
        prop_assert!(gauge.bytes + 32 * gauge.pages >= bytes, "{} of {}", gauge.bytes, bytes);
        run(put(&writer, "buffered".into(), 100)).unwrap();
        let buffered = gauge_of(&memory);
        prop_assert_eq!(buffered.pages, gauge.pages);
        prop_assert!((100..200).contains(&(buffered.bytes - gauge.bytes)), "{:?}", buffered);
    }
}

#[test]
fn what_is_retired_is_told_until_it_is_deleted() {
    let memory = Memory::default();
    let writer = tree(memory.clone());
    let gauge = |writes: usize| {
        (0..writes).for_each(|_| run(put(&writer, "key".into(), FLUSHED)).unwrap());
        gauge_of(&memory)
    };
    assert_eq!((gauge(1).flushes, gauge(0).retired_pages), (1, 0));
    assert_eq!((gauge(1).flushes, gauge(0).retired_pages), (2, 2), "a leaf and its value");
    // From the third flush on, the list has a node, which each flush replaces too.
    for _ in 0..10 {
        assert_eq!(gauge(1).retired_pages + 1, unread_pages(&memory).len() as u64);
    }
    // More than are read are estimated from those, which are older: the list had fewer nodes then.
    let (many, all) = (gauge(200).retired_pages, unread_pages(&memory).len() as u64);
    assert!(many.abs_diff(all) <= all / 5, "{many} of {all}");
    memory.advance(Duration::from_secs(100));
    run(writer.vacuum()).unwrap();
    let left = gauge_of(&memory).retired_pages;
    assert!(left < many / 2, "{left} of {many} are left");
}

#[test]
fn of_a_large_tree_it_is_near_enough_and_costs_little() {
    let memory = Memory::default();
    let writer = tree_of_nodes(memory.clone(), 400);
    run(async {
        for batch in 0..40_u32 {
            let entries = (batch * 500..(batch + 1) * 500).map(|number| {
                // Of every ten entries nine are short, as those of indexes are, and lie together.
                let kind = if number % 10 == 0 { "record" } else { "index" };
                let len = if number % 10 == 0 { 300 } else { 3 };
                Write::Put(format!("{kind}/{number:08}").into(), vec![1; len])
            });
            commit(&writer, &entries.collect::<Vec<_>>()).await.unwrap();
            memory.advance(Duration::from_secs(100));
            writer.vacuum().await.unwrap();
        }
    });
    let metered = tree(Metered::new(memory.clone()));
    let gauge = run(metered.gauge()).unwrap();
    let usage = metered.kv().usage();
    assert_eq!(gauge.entries, 20_000);
    let pages = stored_pages(&memory);
    let (count, bytes) = (pages.len() as u64, pages.iter().map(|(_, len)| *len as u64).sum());
    assert!(count > 1000, "{count} pages");
    // Some of them are retired.
    assert!(gauge.pages.abs_diff(count) <= count / 10, "{gauge:?}, of {count} pages");
    assert!(gauge.bytes.abs_diff(bytes) <= bytes / 10, "{gauge:?}, of {bytes} bytes");
    assert!(usage.read_calls <= 12, "{usage:?}");
    assert!(usage.bytes_read <= bytes / 10 && usage.write_calls == 0, "{usage:?} of {bytes} bytes");
}
