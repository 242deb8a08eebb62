//! What kv-tree needs of a store, asked of DynamoDB with the requests of Spin's provider.

mod kv;
mod stale;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use kv::DynamoKv;
use kv_tree::{Error, KeyRange, Kv, Order, Store, Swapped, Tree, TreeName};
use stale::Stale;
use store_servers::{Dynalite, Proxy};

/// How long a value can be: beside it there is room for the rest of a page.
const LONGEST: usize = 399_000 - 2048;

/// A server, and its table.
async fn start() -> (Dynalite, DynamoKv) {
    let server = Dynalite::start();
    let kv = DynamoKv::new(&server.url());
    kv.create_table().await;
    (server, kv)
}

fn tree<K: Kv>(kv: K) -> Tree<K> {
    named("acme", kv)
}

fn named<K: Kv>(name: &str, kv: K) -> Tree<K> {
    Store::new(kv).tree(TreeName::new(name).unwrap())
}

fn bytes(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn what_is_written_is_read() {
    let (_server, kv) = start().await;
    let [a, b, absent] = ["acme:1:a", "acme:1:b", "acme:1:c"].map(str::to_owned);
    assert_eq!(kv.get(&a).await.unwrap(), None);
    kv.put_many(vec![(a.clone(), b"1".to_vec()), (b.clone(), Vec::new())]).await.unwrap();
    assert_eq!(kv.get(&a).await.unwrap(), bytes("1"));
    let read = kv.get_many(&[b.clone(), absent.clone(), a.clone()]).await.unwrap();
    assert_eq!(read, [bytes(""), None, bytes("1")]);
    kv.delete_many(vec![a.clone(), b.clone(), absent]).await.unwrap();
    assert_eq!(kv.get_many(&[a, b]).await.unwrap(), [None, None]);
}

#[tokio::test]
async fn as_much_as_a_batch_can_have_is_written_and_read() {
    let (_server, kv) = start().await;
    let limits = kv.limits();
    // Not all of it comes with the first answer.
    let long = |n: usize| (format!("acme:1:long{n}"), vec![n as u8; limits.value_bytes]);
    let long: Vec<_> = (0..limits.write_batch).map(long).collect();
    kv.put_many(long.clone()).await.unwrap();
    let short = |n: usize| (format!("acme:1:short{n}"), vec![n as u8; 300]);
    let short: Vec<_> = (0..limits.read_batch).map(short).collect();
    for batch in short.chunks(limits.write_batch) {
        kv.put_many(batch.to_vec()).await.unwrap();
    }
    for entries in [&long, &short] {
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        let read = kv.get_many(&keys).await.unwrap();
        for ((key, written), read) in entries.iter().zip(read) {
            assert!(read.as_deref() == Some(&written[..]), "{key}");
        }
    }
    let mut keys = BTreeSet::new();
    kv.keys("acme:1:long", |key| _ = keys.insert(key.to_owned())).await.unwrap();
    assert_eq!(keys, long.into_iter().map(|(key, _)| key).collect());
}

/// A swap that was overtaken is not told from one that was throttled or not answered.
#[tokio::test]
async fn a_swap_replaces_only_what_was_seen() {
    let (_server, kv) = start().await;
    let number = |number: u8| [&[0; 9][..], &[number; 8], &[1; 100]].concat();
    for _ in 0..2 {
        kv.create_zero("acme").await.unwrap();
        assert_eq!(kv.get("acme").await.unwrap().as_deref(), Some(&[0; 8][..]));
    }
    let (_, first) = kv.watch("acme").await.unwrap();
    let (_, second) = kv.watch("acme").await.unwrap();
    assert_eq!(kv.swap(first, number(1)).await.unwrap(), Swapped::Done);
    assert_eq!(kv.swap(second, number(2)).await.unwrap(), Swapped::Refused);
    // It is not made anew.
    kv.create_zero("acme").await.unwrap();
    assert_eq!(kv.get("acme").await.unwrap().unwrap(), number(1));
    // What was seen came back, but is another version, unless it is seen again.
    let (_, late) = kv.watch("acme").await.unwrap();
    let (_, mut watch) = kv.watch("acme").await.unwrap();
    for value in [number(3), number(1)] {
        let (_, other) = kv.watch("acme").await.unwrap();
        assert_eq!(kv.swap(other, value).await.unwrap(), Swapped::Done);
    }
    assert_eq!(kv.swap(late, number(4)).await.unwrap(), Swapped::Refused);
    assert_eq!(kv.watch_again(&mut watch).await.unwrap().unwrap(), number(1));
    assert_eq!(kv.swap(watch, number(4)).await.unwrap(), Swapped::Done);
    // What is gone is not replaced.
    let (_, gone) = kv.watch("acme").await.unwrap();
    kv.delete_many(vec!["acme".to_owned()]).await.unwrap();
    assert_eq!(kv.swap(gone, number(7)).await.unwrap(), Swapped::Refused);
    assert_eq!(kv.get("acme").await.unwrap(), None);
}

/// Those who find nothing, but are not the first to bring the anchor into being, are refused; nobody notices.
#[tokio::test]
async fn several_create_a_tree_at_once() {
    let (_server, kv) = start().await;
    for round in 0..10 {
        let name = format!("tenant{round}");
        let writers = (0..6).map(|writer| {
            let tree = named(&name, kv.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(..10))).await;
                let put = tree.transact(async |transaction| {
                    transaction.put(format!("of/{writer}"), "x");
                    Ok::<_, Error>(())
                });
                put.await
            }
        });
        for outcome in join_all(writers).await {
            outcome.unwrap();
        }
        assert_eq!(keys_left_over(&named(&name, kv.clone())).await, (6, 0));
    }
}

/// How many entries a tree has, and how many keys of it are in the store that it does not need.
async fn keys_left_over<K: Kv>(tree: &Tree<K>) -> (u64, u32) {
    let audit = tree.audit().await.unwrap();
    let (name, _) = audit.keys.first().unwrap().split_once(':').unwrap();
    let mut left = 0;
    let visit = |key: &str| left += u32::from(!audit.keys.contains(key));
    tree.kv().keys(&format!("{name}:"), visit).await.unwrap();
    (audit.entries, left)
}

/// Random changes of a tree, by three with caches of their own, compared with a map.
#[tokio::test]
async fn a_tree_is_as_a_map() {
    let (_server, kv) = start().await;
    let trees = [tree(kv.clone()), tree(kv.clone()), tree(kv.clone())];
    let mut model = BTreeMap::new();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..300 {
        let changes: Vec<_> = (0..random.usize(1..8))
            .map(|_| {
                let key = format!("k/{:03}", random.u32(..300));
                let longest = if random.u8(..) < 4 { LONGEST } else { 3000 };
                let value = random.bool().then(|| vec![random.u8(..); random.usize(..longest)]);
                (key, value)
            })
            .collect();
        trees[round % 3]
            .transact(async |transaction| {
                for (key, value) in &changes {
                    match value {
                        Some(value) => transaction.put(key.clone(), value.clone()),
                        None => transaction.delete(key.clone()),
                    }
                }
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        for (key, value) in changes {
            match value {
                Some(value) => _ = model.insert(key, value),
                None => _ = model.remove(&key),
            }
        }
        let snapshot = trees[(round + 1) % 3].snapshot().await.unwrap();
        assert_eq!(snapshot.count(&KeyRange::all()).await.unwrap(), model.len() as u64);
    }
    let fresh = tree(kv.clone());
    fresh.vacuum().await.unwrap();
    let snapshot = fresh.snapshot().await.unwrap();
    let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending);
    for (key, value) in &model {
        let (found, stored) = scan.next().await.unwrap().unwrap();
        assert!((&found[..], &stored[..]) == (key.as_bytes(), &value[..]), "{key}");
    }
    assert!(scan.next().await.unwrap().is_none());
    assert_eq!(keys_left_over(&fresh).await, (model.len() as u64, 0));
}

#[tokio::test]
async fn what_an_item_cannot_have_is_refused() {
    let (_server, kv) = start().await;
    let tree = tree(kv);
    for (len, fits) in [(LONGEST, true), (LONGEST + 1, false), (409_600, false)] {
        let put = tree.transact(async |transaction| {
            transaction.put(len.to_string(), vec![7; len]);
            Ok::<_, Error>(())
        });
        match put.await {
            Ok(()) => assert!(fits, "{len}"),
            Err(Error::TooLong { what: "value", bytes, limit: LONGEST, .. }) if bytes == len => {
                assert!(!fits, "{len}");
            }
            Err(error) => panic!("{error}"),
        }
    }
    // A flush of more than a batch.
    tree.transact(async |transaction| {
        for n in 0..26 {
            transaction.put(format!("many/{n}"), vec![n; LONGEST]);
        }
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    let snapshot = tree.snapshot().await.unwrap();
    assert_eq!(snapshot.get("many/25").await.unwrap().unwrap().len(), LONGEST);
    assert_eq!(keys_left_over(&tree).await, (27, 0));
}

/// What came of the attempts to add to a sum.
#[derive(Default)]
struct Added {
    acknowledged: u64,
    unknown: u64,
}

/// Several add to a sum at once, so many times each, and write records that make the tree grow.
async fn add<K: Kv>(trees: Vec<Tree<K>>, times: u32, ended: &Cell<u32>) -> Added {
    let writers = trees.into_iter().enumerate().map(|(writer, tree)| async move {
        let mut added = Added::default();
        for _ in 0..times {
            let outcome = tree.transact(async |transaction| {
                let sum = transaction.get("sum").await?;
                let sum = sum.map_or(0, |sum| u64::from_le_bytes(sum[..].try_into().unwrap()));
                transaction.put("sum", (sum + 1).to_le_bytes().to_vec());
                transaction.put(format!("of/{writer}/{sum}"), vec![0; 1500]);
                Ok::<_, Error>(())
            });
            match outcome.await {
                Ok(()) => added.acknowledged += 1,
                Err(Error::OutcomeUnknown { .. }) => added.unknown += 1,
                // So that those who fail quickly do not come to an end before the others begin.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            ended.set(ended.get() + 1);
        }
        added
    });
    join_all(writers).await.into_iter().fold(Added::default(), |all, one| Added {
        acknowledged: all.acknowledged + one.acknowledged,
        unknown: all.unknown + one.unknown,
    })
}

/// Each one that was acknowledged counts, and none twice; nor is a page missing.
async fn assert_sum(kv: DynamoKv, added: &Added) {
    let tree = tree(kv);
    tree.vacuum().await.unwrap();
    let sum = tree.snapshot().await.unwrap().get("sum").await.unwrap().unwrap();
    let sum = u64::from_le_bytes(sum[..].try_into().unwrap());
    let Added { acknowledged, unknown } = added;
    assert!(
        (*acknowledged..=acknowledged + unknown).contains(&sum),
        "{sum} {acknowledged} {unknown}"
    );
    assert_eq!(keys_left_over(&tree).await, (sum + 1, 0));
}

#[tokio::test]
async fn nothing_is_lost_or_done_twice_where_connections_are_cut() {
    let (server, kv) = start().await;
    let proxy = Proxy::start(server.port(), Duration::from_millis(1)).await;
    let through = DynamoKv::new(&format!("http://127.0.0.1:{}/", proxy.port()));
    let trees = (0..4).map(|_| tree(through.clone())).collect();
    let ended = Cell::new(0);
    let cutting = async {
        let mut next = 5;
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if ended.get() >= next {
                next = ended.get() + fastrand::u32(5..20);
                tokio::time::sleep(Duration::from_micros(fastrand::u64(..5000))).await;
                proxy.cut();
            }
        }
    };
    let added = tokio::select! {
        added = add(trees, 60, &ended) => added,
        () = cutting => unreachable!("it goes on"),
    };
    assert!(added.acknowledged > 60, "{} of 240", added.acknowledged);
    assert_sum(kv, &added).await;
}

/// Without `consistent_read`, requests fail and show what was; what was acknowledged stays.
#[tokio::test]
async fn nothing_is_lost_where_reads_are_stale() {
    let (_server, kv) = start().await;
    let stale = Stale::new(kv.clone(), Duration::from_millis(300));
    let trees = (0..3).map(|_| tree(stale.clone())).collect();
    let ended = Cell::new(0);
    let vacuuming = async {
        let tree = tree(stale.clone());
        loop {
            tree.forget_pages();
            // It may miss pages, but removes none that is needed.
            _ = tree.vacuum().await;
        }
    };
    let added = tokio::select! {
        added = add(trees, 60, &ended) => added,
        () = vacuuming => unreachable!("it goes on"),
    };
    let stale = stale.count();
    assert!(added.acknowledged > 60 && stale > 0, "{} {stale}", added.acknowledged);
    assert_sum(kv, &added).await;
}
