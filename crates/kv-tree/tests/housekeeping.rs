//! Finding: a page of the list of pages to delete that is missing or damaged makes the tree refuse
//! all writes, although nothing that anybody reads is damaged.
mod common;

use std::time::Duration;

use common::{Write, commit, put, run, tree};
use kv_tree::{KeyRange, Kv, Memory, Order};

#[test]
fn what_only_concerns_deleted_pages_does_not_stop_writers() {
    let memory = Memory::default();
    let writer = tree(memory.clone());
    for round in 0..8_u8 {
        let writes: Vec<_> = (0..100_u8).map(|n| Write::Put(vec![n], vec![round; 300])).collect();
        run(commit(&writer, &writes)).unwrap();
        memory.advance(Duration::from_secs(20));
    }
    let whole = memory.contents();
    let mut blocked = 0;
    for key in whole.keys().filter(|key| key.matches(':').count() == 2) {
        let copy = Memory::default();
        let values = whole.iter().filter(|(other, _)| *other != key);
        run(copy.put_many(values.map(|(key, value)| (key.clone(), value.to_vec())).collect()))
            .unwrap();
        let fresh = tree(copy.clone());
        let readable = run(async {
            let snapshot = fresh.snapshot().await?;
            let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending);
            while scan.next().await?.is_some() {}
            Ok::<_, kv_tree::Error>(())
        });
        if readable.is_err() {
            continue;
        }
        // All that anybody can read is there. Is it writable?
        let mut outcome = Ok(());
        for n in 0..40 {
            outcome = run(put(&fresh, format!("new/{n}"), 1000));
            if outcome.is_err() {
                break;
            }
        }
        if let Err(error) = outcome {
            blocked += 1;
            println!("{key}: {error}");
        }
    }
    assert_eq!(blocked, 0, "pages that nobody reads, without which nobody can write");
}
