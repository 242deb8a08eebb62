//! A store that can take little at a time, as DynamoDB, which writes 25 items and reads 100 by a call.

mod common;

use common::scripted::{Call, Scripted};
use common::{Task, Write, commit, interleave, put, run, tree};
use kv_tree::{Error, KeyRange, Limits, Memory, Metered, Tree};

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

/// Beside the longest value there is room for the rest of a page, or of a head.
const LONGEST: usize = LIMITS.value_bytes - 2048;

#[test]
fn a_value_that_the_store_cannot_take_is_refused() {
    let memory = Memory::default();
    let tree: Tree<Scripted<'_>> = tree(Scripted::new(memory.clone()).with_limits(LIMITS));
    run(put(&tree, "fits".into(), LONGEST)).unwrap();
    for bytes in [LONGEST + 1, LIMITS.value_bytes, LIMITS.value_bytes + 1] {
        let before = memory.contents();
        assert_too_long(&run(put(&tree, "too long".into(), bytes)), bytes);
        assert_eq!(memory.contents(), before, "it is refused before anything is written");
    }
    run(put(&tree, "later".into(), 10)).unwrap();
    let snapshot = run(tree.snapshot()).unwrap();
    assert_eq!(run(snapshot.get("fits")).unwrap().unwrap().len(), LONGEST);
    assert_eq!(run(snapshot.count(&KeyRange::all())).unwrap(), 2);
    common::assert_nothing_is_left_over(&memory);
}

#[test]
fn a_value_that_the_store_cannot_take_fails_nobody_else_in_the_group() {
    for bytes in [LONGEST + 1, LIMITS.value_bytes, LIMITS.value_bytes + 1] {
        for refused in 0..3 {
            let memory = Memory::default();
            run(put(&tree(memory.clone()), "first".into(), 10)).unwrap();
            let tree = tree(Metered::new(Scripted::new(memory.clone()).with_limits(LIMITS)));
            let size = |number| if number == refused { bytes } else { 10 };
            let requests = (0..3).map(|number| {
                Box::pin(put(&tree, number.to_string(), size(number))) as Task<'_, _>
            });
            let outcomes = interleave(requests.collect(), &[]);
            for (number, outcome) in outcomes.iter().enumerate() {
                match number == refused {
                    true => assert_too_long(outcome, bytes),
                    false => assert!(outcome.is_ok(), "{number}: {outcome:?}"),
                }
            }
            assert_eq!(tree.kv().usage().write_calls, 1, "they share a commit");
            assert_eq!(run(tree.audit()).unwrap().entries, 3);
            common::assert_nothing_is_left_over(&memory);
        }
    }
}

fn assert_too_long(outcome: &Result<(), Error>, len: usize) {
    assert!(
        matches!(outcome, Err(Error::TooLong { tree, what: "value", bytes, limit: LONGEST })
            if tree == "tenant.accounts" && *bytes == len),
        "{outcome:?}"
    );
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
