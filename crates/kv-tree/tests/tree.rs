//! A tree against `BTreeMap`, and several requests on one tree with every order of their effects.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use kv_tree::{Error, KeyRange, Kv, MAX_HEAD_BYTES, Memory, Order, Snapshot, Tree, TreeName};
use proptest::collection::vec;
use proptest::prelude::*;

/// A tree with a name of its own, so that nothing is remembered from another test.
fn tree(kv: &Memory, name: &str) -> Tree<Memory> {
    Tree::open(kv.clone(), TreeName::new(name).unwrap())
}

/// Commits one entry.
async fn put(tree: &Tree<Memory>, key: &'static str, value: &'static str) -> Result<(), Error> {
    tree.transact(async |transaction| {
        transaction.put(key, value);
        Ok(())
    })
    .await
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// Polls `futures` in the order that `schedule` chooses until all are done.
fn interleave<T>(
    mut futures: Vec<Pin<Box<dyn Future<Output = T> + '_>>>,
    schedule: &[usize],
) -> Vec<T> {
    let mut done = Vec::new();
    let mut step = 0;
    while !futures.is_empty() {
        let choice = schedule.get(step).copied().unwrap_or(step) % futures.len();
        step += 1;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(value) = futures[choice].as_mut().poll(&mut context) {
            drop(futures.swap_remove(choice));
            done.push(value);
        }
    }
    done
}

async fn collect(
    snapshot: &Snapshot,
    range: &KeyRange,
    order: Order,
    offset: u64,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut scan = snapshot.scan(range.clone(), order, offset);
    let mut entries = Vec::new();
    while let Some((key, value)) = scan.next().await.unwrap() {
        entries.push((key.to_vec(), value.to_vec()));
    }
    assert!(scan.next().await.unwrap().is_none(), "a finished scan stays finished");
    entries
}

#[derive(Debug, Clone)]
enum Write {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(&[0_u8, 1, b'a', b'b', 254, 255][..]), 0..4)
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => (key(), vec(any::<u8>(), 0..9)).prop_map(|(key, value)| Write::Put(key, value)),
        1 => key().prop_map(Write::Delete),
    ]
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        Just(Bound::Unbounded),
        key().prop_map(Bound::Included),
        key().prop_map(Bound::Excluded),
    ]
}

proptest! {
    #[test]
    fn reads_and_writes_as_a_map_does(
        transactions in vec(vec(write(), 0..6), 0..8),
        aborted in vec(write(), 0..4),
        (start, end, prefix) in (bound(), bound(), key()),
        offset in 0_u64..6,
    ) {
        let tree = tree(&Memory::default(), "model");
        let mut model = BTreeMap::new();
        run(async {
            for writes in &transactions {
                tree.transact(async |transaction| {
                    for write in writes {
                        match write.clone() {
                            Write::Put(key, value) => transaction.put(key, value),
                            Write::Delete(key) => transaction.delete(key),
                        }
                    }
                    Ok::<_, Error>(())
                }).await.unwrap();
                for write in writes {
                    match write.clone() {
                        Write::Put(key, value) => { model.insert(key, value); }
                        Write::Delete(key) => { model.remove(&key); }
                    }
                }
            }
            let refused = tree.transact(async |transaction| {
                for write in &aborted {
                    if let Write::Put(key, value) = write.clone() {
                        transaction.put(key, value);
                    }
                }
                Err::<(), _>(Error::Name("refused".into()))
            }).await;
            assert!(refused.is_err());

            let snapshot = tree.snapshot().await.unwrap();
            for range in [KeyRange::all(), KeyRange::prefix(prefix), KeyRange::between(start, end)] {
                let within: Vec<_> = model.iter()
                    .filter(|(key, _)| range.contains(key))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                assert_eq!(snapshot.count(&range).await.unwrap(), within.len() as u64);
                let skipped = offset as usize;
                let forward: Vec<_> = within.iter().skip(skipped).cloned().collect();
                let backward: Vec<_> = within.iter().rev().skip(skipped).cloned().collect();
                assert_eq!(collect(&snapshot, &range, Order::Ascending, offset).await, forward);
                assert_eq!(collect(&snapshot, &range, Order::Descending, offset).await, backward);
            }
            for (key, value) in &model {
                assert_eq!(snapshot.get(key).await.unwrap().as_deref(), Some(&value[..]));
            }
        });
    }

    /// Every writer's commit survives, on a tree that none of them found in existence.
    #[test]
    fn concurrent_first_commits_lose_nothing(schedule in vec(0_usize..8, 0..200)) {
        let kv = Memory::default();
        let name = "created-at-once";
        // Each writer opens the store as an instance of its own would.
        let writers = (0..4_u8).map(|writer| {
            let tree = tree(&kv, name);
            Box::pin(async move {
                tree.transact(async |transaction| {
                    transaction.put(vec![writer], vec![]);
                    let count = transaction.get("count").await?.map_or(0, |count| count[0]);
                    transaction.put("count", vec![count + 1]);
                    Ok::<_, Error>(())
                }).await
            }) as Pin<Box<dyn Future<Output = Result<(), Error>>>>
        }).collect();
        for outcome in interleave(writers, &schedule) {
            outcome.unwrap();
        }
        let snapshot = run(tree(&kv, name).snapshot()).unwrap();
        prop_assert_eq!(run(snapshot.count(&KeyRange::all())).unwrap(), 5);
        prop_assert_eq!(&run(snapshot.get("count")).unwrap().unwrap()[..], &[4_u8][..]);
        // One root and one head; the heads that lost the race are gone.
        prop_assert_eq!(kv.contents().len(), 2);
    }
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let tree = tree(&Memory::default(), "snapshot");
    run(async {
        put(&tree, "a", "1").await.unwrap();
        let before = tree.snapshot().await.unwrap();
        put(&tree, "a", "2").await.unwrap();
        assert_eq!(before.get("a").await.unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(
            tree.snapshot().await.unwrap().get("a").await.unwrap().as_deref(),
            Some(&b"2"[..])
        );
    });
}

#[test]
fn reading_and_deleting_nothing_creates_nothing() {
    let kv = Memory::default();
    let tree = tree(&kv, "absent");
    run(async {
        assert_eq!(tree.snapshot().await.unwrap().count(&KeyRange::all()).await.unwrap(), 0);
        tree.transact(async |t| {
            t.delete("a");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    });
    assert!(kv.contents().is_empty());
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let tree = tree(&Memory::default(), "full");
    run(async {
        put(&tree, "kept", "1").await.unwrap();
        let outcome = tree
            .transact(async |t| {
                t.put("small", "1");
                t.put("large", vec![0; MAX_HEAD_BYTES]);
                Ok::<_, Error>(())
            })
            .await;
        assert!(matches!(outcome, Err(Error::Full { bytes, .. }) if bytes > MAX_HEAD_BYTES));
        assert_eq!(tree.snapshot().await.unwrap().count(&KeyRange::all()).await.unwrap(), 1);
    });
}

#[test]
fn a_store_that_was_replaced_is_read_anew() {
    // The generation that is remembered for the name belongs to the first store.
    let first = tree(&Memory::default(), "replaced");
    let second = tree(&Memory::default(), "replaced");
    run(async {
        put(&first, "a", "first").await.unwrap();
        first.snapshot().await.unwrap();
        assert_eq!(second.snapshot().await.unwrap().get("a").await.unwrap(), None);
        put(&second, "a", "second").await.unwrap();
        assert_eq!(
            first.snapshot().await.unwrap().get("a").await.unwrap().as_deref(),
            Some(&b"first"[..])
        );
    });
}

#[test]
fn damage_is_reported_with_its_key() {
    let kv = Memory::default();
    let tree = tree(&kv, "damaged");
    run(async {
        put(&tree, "a", "1").await.unwrap();
        let head = kv.contents().into_keys().find(|key| key.starts_with("damaged:")).unwrap();
        kv.put_many(vec![(head.clone(), vec![1, 2, 3])]).await.unwrap();
        let Err(Error::Damaged { tree: name, key, .. }) = tree.snapshot().await else {
            panic!("the damage went unnoticed");
        };
        assert_eq!((name.as_str(), key), ("damaged", head.clone()));
        kv.put_many(vec![(head.clone(), vec![200])]).await.unwrap();
        assert!(matches!(tree.snapshot().await, Err(Error::Newer { version: 200, .. })));
        kv.delete_many(vec![head]).await.unwrap();
        assert!(matches!(tree.snapshot().await, Err(Error::Damaged { .. })));
    });
}

#[test]
fn names_are_checked() {
    assert!(TreeName::new("acme.billingAccount-1_x").is_ok());
    for name in ["", "a:b", "a/b", "ä", &"x".repeat(129)] {
        assert!(matches!(TreeName::new(name), Err(Error::Name(_))), "{name}");
    }
}
