//! A store that can take little at a time, as DynamoDB, which writes 25 items and reads 100 by a call.

mod common;

use common::scripted::{Call, Scripted};
use common::{Write, commit, put, run, tree};
use kv_tree::{Error, KeyRange, Limits, Memory, Tree};

const LIMITS: Limits = Limits { read_batch: 100, write_batch: 25, value_bytes: 400_000 };

/// A record of 700 bytes and its five index entries.
fn record(number: u64) -> Vec<Write> {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let entry = |(index, value): (&str, u64)| {
        Write::Put(format!("i/{index}/{value:020}/{number:036}").into(), vec![])
    };
    let entries = [
        ("kind", 1),
        ("name", spread),
        ("party", spread % 1000),
        ("state", 1),
        ("updated", number),
    ];
    let record = Write::Put(format!("r/{number:036}").into(), vec![7; 700]);
    entries.map(entry).into_iter().chain([record]).collect()
}

#[test]
fn flushes_of_many_pages_are_written_in_batches() {
    const RECORDS: u64 = 1500;
    let memory = Memory::default();
    let mut largest = 0;
    let kv = Scripted::new(memory.clone()).with_limits(LIMITS).failing_unless(|call| {
        if let Call::Put(keys) = call {
            largest = largest.max(*keys);
        }
        true
    });
    let tree = tree(kv);
    for number in 0..RECORDS {
        run(commit(&tree, &record(number))).unwrap();
    }
    run(async {
        tree.forget_pages();
        assert_eq!(tree.audit().await.unwrap().entries, 6 * RECORDS);
        tree.vacuum().await.unwrap();
        assert!(tree.kv().take_failures().is_empty());
    });
    drop(tree);
    assert_eq!(largest, LIMITS.write_batch, "a flush writes more pages than fit in a batch");
    common::assert_nothing_is_left_over(&memory);
}

#[test]
fn a_value_that_the_store_cannot_take_is_refused() {
    let memory = Memory::default();
    let tree: Tree<Scripted<'_>> = tree(Scripted::new(memory.clone()).with_limits(LIMITS));
    // A page has a few bytes beside its value.
    run(put(&tree, "fits".into(), LIMITS.value_bytes - 100)).unwrap();
    let refused = run(put(&tree, "too long".into(), LIMITS.value_bytes));
    let limit = LIMITS.value_bytes;
    assert!(
        matches!(refused, Err(Error::TooLong { what: "value", limit: l, .. }) if l == limit),
        "{refused:?}"
    );
    run(put(&tree, "later".into(), 10)).unwrap();
    let snapshot = run(tree.snapshot()).unwrap();
    assert_eq!(run(snapshot.count(&KeyRange::all())).unwrap(), 2);
    common::assert_nothing_is_left_over(&memory);
}

#[test]
fn a_head_stays_as_short_as_the_store_can_take() {
    let memory = Memory::default();
    let limits = Limits { value_bytes: 6000, ..LIMITS };
    let tree = tree(Scripted::new(memory.clone()).with_limits(limits));
    for number in 0..100 {
        run(put(&tree, format!("{number:03}"), 1000)).unwrap();
    }
    assert_eq!(run(tree.audit()).unwrap().entries, 100);
    assert!(memory.contents().values().all(|value| value.len() <= limits.value_bytes));
}
