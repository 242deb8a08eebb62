//! Finding 1: a transaction keeps a stale read when a key goes A -> B -> A around a flush.
mod common;

use common::{Task, poll, poll_to_write, put, run, tree};
use kv_tree::{Error, KeyRange, Memory, Metered, Tree};

fn number(value: Option<bytes::Bytes>) -> u8 {
    value.map_or(0, |value| value[0])
}

async fn set(tree: &Tree<Metered<Memory>>, key: &str, value: Option<u8>) -> Result<(), Error> {
    tree.transact(async |transaction| {
        match value {
            Some(value) => transaction.put(key.to_owned(), vec![value]),
            None => transaction.delete(key.to_owned()),
        }
        Ok(())
    })
    .await
}

/// A lost update. k is 1 when a flush begins; somebody makes it 2; T reads 2; somebody makes it 1
/// again; the flush ends; T writes 2 + 1. Serial orders end with 1 or 2, never 3.
#[test]
fn a_lost_update() {
    let memory = Memory::default();
    let other = tree(Metered::new(memory.clone()));
    let flusher = tree(Metered::new(memory.clone()));
    let slow = tree(Metered::new(memory.clone()));
    run(put(&other, "filling".into(), 8_000)).unwrap();
    run(set(&other, "k", Some(1))).unwrap();
    // The commit that makes the buffer full, up to where it has taken effect: k = 1 is what the
    // flush is going to write.
    let mut flush = Box::pin(put(&flusher, "b".into(), 9_000)) as Task<'_, Result<(), Error>>;
    poll_to_write(&mut flush, flusher.kv());
    run(set(&other, "k", Some(2))).unwrap();
    let mut flush = Some(flush);
    let mut runs = 0;
    let mut seen = Vec::new();
    run(slow.transact(async |transaction| {
        runs += 1;
        let k = number(transaction.get("k").await?);
        seen.push(k);
        if let Some(mut flush) = flush.take() {
            set(&other, "k", Some(1)).await?;
            assert!(poll(&mut flush).is_pending());
            flush.await?;
        }
        transaction.put("k", vec![k + 1]);
        Ok::<_, Error>(())
    }))
    .unwrap();
    let k = number(run(run(other.snapshot()).unwrap().get("k")).unwrap());
    assert_eq!((k, runs), (2, 2), "k = {k} after reading {seen:?}");
}

/// A phantom: T counts a range while an entry of it is deleted for a moment.
#[test]
fn a_phantom() {
    let memory = Memory::default();
    let other = tree(Metered::new(memory.clone()));
    let flusher = tree(Metered::new(memory.clone()));
    let slow = tree(Metered::new(memory.clone()));
    run(put(&other, "filling".into(), 80_000)).unwrap(); // so that there are pages
    run(put(&other, "i/referrer/1".into(), 0)).unwrap();
    run(put(&other, "filling".into(), 7_000)).unwrap();
    let mut flush = Box::pin(put(&flusher, "b".into(), 9_900)) as Task<'_, Result<(), Error>>;
    poll_to_write(&mut flush, flusher.kv());
    run(set(&other, "i/referrer/1", None)).unwrap();
    let mut flush = Some(flush);
    let mut runs = 0;
    run(slow.transact(async |transaction| {
        runs += 1;
        let referrers = transaction.count(&KeyRange::prefix("i/referrer/")).await?;
        if let Some(flush) = flush.take() {
            put(&other, "i/referrer/1".into(), 0).await?;
            flush.await?;
        }
        // Deletes the resource only where nothing refers to it.
        if referrers == 0 {
            transaction.put("deleted", "although it is referred to");
        } else {
            transaction.put("kept", "");
        }
        Ok::<_, Error>(())
    }))
    .unwrap();
    let snapshot = run(other.snapshot()).unwrap();
    assert_eq!(run(snapshot.count(&KeyRange::prefix("i/referrer/"))).unwrap(), 1);
    let deleted = run(snapshot.get("deleted")).unwrap();
    assert_eq!((deleted, runs), (None, 2));
}

/// The same in a tree that has no pages yet, where a deleted key leaves the buffer at once: the key
/// is neither in the buffer that T began with nor in the newest one.
#[test]
fn a_phantom_at_the_first_flush() {
    let memory = Memory::default();
    let other = tree(Metered::new(memory.clone()));
    let flusher = tree(Metered::new(memory.clone()));
    let slow = tree(Metered::new(memory.clone()));
    run(put(&other, "i/referrer/1".into(), 0)).unwrap();
    run(put(&other, "filling".into(), 8_000)).unwrap();
    let mut flush = Box::pin(put(&flusher, "b".into(), 9_000)) as Task<'_, Result<(), Error>>;
    poll_to_write(&mut flush, flusher.kv());
    run(set(&other, "i/referrer/1", None)).unwrap();
    let mut flush = Some(flush);
    let mut runs = 0;
    run(slow.transact(async |transaction| {
        runs += 1;
        let referrers = transaction.count(&KeyRange::prefix("i/referrer/")).await?;
        if let Some(flush) = flush.take() {
            put(&other, "i/referrer/1".into(), 0).await?;
            flush.await?;
        }
        transaction.put(if referrers == 0 { "deleted" } else { "kept" }, "");
        Ok::<_, Error>(())
    }))
    .unwrap();
    let snapshot = run(other.snapshot()).unwrap();
    assert_eq!(run(snapshot.count(&KeyRange::prefix("i/referrer/"))).unwrap(), 1);
    assert_eq!((run(snapshot.get("deleted")).unwrap(), runs), (None, 2));
}
