//! What operations cost in calls to the store, at a size that a test can fill. `cargo xtask bench
//! store` measures the same at a million records.

mod common;

use std::time::Duration;

use common::{FLUSHED, LARGE, Write, commit, run, tree};
use kv_tree::{KeyRange, Kv, Memory, Metered, Order, Store, Tree, TreeName, Usage};

const RECORDS: u64 = 10_000;

/// A record of 1.5 kB and its 5 index entries.
fn record(number: u64) -> Vec<Write> {
    // Spreads index entries over their ranges.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let entry = |index: &str, value: u64| {
        Write::Put(format!("i/{index}/{value:020}/{number:036}").into(), vec![])
    };
    let record = Write::Put(format!("r/{number:036}").into(), vec![7; 1500]);
    let entries = [
        entry("kind", 1),
        entry("name", spread),
        entry("party", spread % (RECORDS / 20)),
        entry("state", 1),
        entry("updated", number),
    ];
    entries.into_iter().chain([record]).collect()
}

fn filled() -> Tree<Metered<Memory>> {
    let memory = Memory::default();
    let tree = tree(Metered::new(memory.clone()));
    run(async {
        for batch in 0..RECORDS / 500 {
            let writes: Vec<_> = (batch * 500..(batch + 1) * 500).flat_map(record).collect();
            commit(&tree, &writes).await.unwrap();
            memory.advance(Duration::from_secs(20));
        }
        tree.snapshot().await.unwrap();
    });
    tree
}

/// What `operation` costs.
fn cost(tree: &Tree<Metered<Memory>>, operation: impl Future<Output = ()>) -> Usage {
    let before = tree.kv().usage();
    run(operation);
    tree.kv().usage() - before
}

#[test]
fn reading_costs_a_call_per_level() {
    let tree = filled();
    let get = async |number: u64| {
        let snapshot = tree.snapshot().await.unwrap();
        assert_eq!(snapshot.get(format!("r/{number:036}")).await.unwrap().unwrap().len(), 1500);
    };
    for number in [0, 1, 77, RECORDS / 2, RECORDS - 1] {
        tree.forget_pages();
        assert!(cost(&tree, get(number)).read_calls <= 5);
        let warm = cost(&tree, get(number));
        assert_eq!((warm.read_calls, warm.write_calls), (1, 0), "{warm:?}");
    }

    // Twenty records that an index leads to, the exact count with them.
    tree.forget_pages();
    let page = cost(&tree, async {
        let snapshot = tree.snapshot().await.unwrap();
        let range = KeyRange::prefix(format!("i/party/{:020}/", 3));
        let total = snapshot.count(&range).await.unwrap();
        let mut scan = snapshot.scan(range, Order::Ascending).limit(20);
        let mut keys = Vec::new();
        while let Some((key, _)) = scan.next().await.unwrap() {
            keys.push([b"r/", &key[key.len() - 36..]].concat());
        }
        assert!(total >= keys.len() as u64 && keys.len() > 10, "{total}");
        let records = snapshot.get_many(&keys).await.unwrap();
        assert!(records.iter().all(Option::is_some));
    });
    assert!(page.read_calls <= 8, "{page:?}");

    // A page in the middle: entries before it are counted, not read.
    tree.forget_pages();
    let middle = cost(&tree, async {
        let snapshot = tree.snapshot().await.unwrap();
        let scan = snapshot.scan(KeyRange::prefix("r/"), Order::Descending);
        let mut scan = scan.offset(RECORDS / 2).limit(20);
        for number in (0..20).map(|n| RECORDS / 2 - 1 - n) {
            let (key, _) = scan.next().await.unwrap().unwrap();
            assert_eq!(key, format!("r/{number:036}"));
        }
        assert!(scan.next().await.unwrap().is_none());
    });
    assert!(middle.read_calls <= 8 && middle.bytes_read < 100 << 10, "{middle:?}");
}

#[test]
fn a_key_that_is_said_beforehand_comes_with_the_head() {
    let tree = filled();
    let get = async |number: u64| {
        let key = format!("r/{number:036}");
        let snapshot = tree.snapshot_for(&key).await.unwrap();
        assert_eq!(snapshot.get(key).await.unwrap().unwrap().len(), 1500);
    };
    tree.forget_pages();
    // The nodes above the leaves are the same for many keys.
    run(async {
        for number in (0..RECORDS).step_by(100) {
            get(number).await;
        }
    });
    for number in [1, 77, RECORDS / 2 + 13, RECORDS - 2] {
        assert_eq!(cost(&tree, get(number)).read_calls, 1, "{number}");
    }
    // What was expected may not be what is needed any more.
    let other = Store::new(Metered::new(tree.kv().inner().clone()));
    let other = other.tree(TreeName::new("tenant.accounts").unwrap());
    let key = format!("r/{:036}", RECORDS / 2 + 50);
    let large =
        [Write::Put(b"large".to_vec(), vec![1; FLUSHED]), Write::Delete(key.clone().into())];
    run(commit(&other, &large)).unwrap();
    run(async {
        assert_eq!(tree.snapshot_for(&key).await.unwrap().get(&key).await.unwrap(), None);
    });
}

#[test]
fn an_insert_is_one_write_call_in_at_least_seven_of_eight() {
    const INSERTS: u64 = 400;
    let tree = filled();
    let (mut one_call, mut total) = (0, Usage::default());
    for number in RECORDS..RECORDS + INSERTS {
        let usage = cost(&tree, async { commit(&tree, &record(number)).await.unwrap() });
        one_call += u64::from(usage.write_calls == 1);
        total.write_calls += usage.write_calls;
        total.bytes_written += usage.bytes_written;
        run(tree.kv().pause(Duration::from_secs(2)));
    }
    assert!(one_call * 8 >= INSERTS * 7, "{one_call} of {INSERTS}");
    assert!(total.write_calls * 10 <= INSERTS * 13, "{total:?}");
    assert!(total.bytes_written <= INSERTS * (64 << 10), "{total:?}");
}

#[test]
fn nodes_that_are_written_in_order_are_full() {
    let memory = Memory::default();
    let tree = tree(memory.clone());
    run(async {
        for number in 0..2000_u32 {
            let entries = ["a", "m", "z"]
                .map(|group| Write::Put(format!("{group}/{number:08}").into(), vec![1; 100]));
            commit(&tree, &entries).await.unwrap();
            memory.advance(Duration::from_secs(20));
        }
        memory.advance(Duration::from_secs(100));
        tree.vacuum().await.unwrap();
    });
    let stored: usize = memory.contents().values().map(bytes::Bytes::len).sum();
    // 6000 entries of 100 bytes and what is not shared of their keys.
    assert!(stored < 6000 * 110 * 10 / 8, "{stored} bytes: less than 80 % full");
}

#[test]
fn nodes_that_become_small_are_joined() {
    let memory = Memory::default();
    let tree = tree(memory.clone());
    run(async {
        let key = |number: usize| format!("{number:05}").into_bytes();
        let all: Vec<_> = (0..5000).map(|n| Write::Put(key(n), vec![1; 100])).collect();
        commit(&tree, &all).await.unwrap();
        // One in 50 stays; the others are deleted in several flushes. Then flushes of nothing else
        // delete what those replaced.
        for part in 0..8 {
            let deletes = (0..5000).filter(|n| n % 50 != 0 && n % 5 == part);
            let mut writes: Vec<_> = deletes.map(|n| Write::Delete(key(n))).collect();
            writes.push(Write::Put(b"flush".to_vec(), vec![0; FLUSHED]));
            commit(&tree, &writes).await.unwrap();
            memory.advance(Duration::from_secs(100));
            tree.vacuum().await.unwrap();
        }
        assert_eq!(tree.audit().await.unwrap().entries, 101);
    });
    // 100 entries of 100 bytes fit in three nodes; there were about 140.
    let pages = memory.contents().keys().filter(|key| key.matches(':').count() == 2).count();
    assert!(pages < 25, "{pages} pages");
}

#[test]
fn what_a_flush_costs() {
    for (size, where_others_write) in [
        (FLUSHED, "the commit, the pages, and a head that leads to them"),
        (LARGE, "an announcement, the pages, and the commit that leads to them"),
    ] {
        let memory = Memory::default();
        let (own, other) = (tree(Metered::new(memory.clone())), tree(memory.clone()));
        let small = [Write::Put(b"small".to_vec(), vec![1])];
        let cost_of_a_flush = || {
            let before = own.kv().usage();
            run(commit(&own, &[Write::Put(b"large".to_vec(), vec![1; size])])).unwrap();
            (own.kv().usage() - before).write_calls
        };
        run(commit(&other, &small)).unwrap();
        assert_eq!(cost_of_a_flush(), 3, "{where_others_write}");
        memory.advance(Duration::from_secs(10));
        assert_eq!(cost_of_a_flush(), 2, "nobody else has written for long");
    }
}
