//! What kv-tree needs of a store, asked of real servers.

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use common::{on_each_engine, store, tree};
use futures_util::future::join_all;
use kv_tree::{Error, IDENTITY_BYTES, KeyRange, Kv, KvError, Metered, Order, Swapped, Tree};
use remote_store::Address;
use remote_store::native::RemoteKv;
use store_servers::{Postgres, Proxy, Redis};

fn bytes(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn what_is_written_is_read() {
    on_each_engine(async |address| {
        let kv = store(address);
        let [a, b, absent] = ["acme:1:a", "acme:1:b", "acme:1:c"].map(str::to_owned);
        assert_eq!(kv.get(&a).await.unwrap(), None);
        kv.put_many(vec![(a.clone(), b"1".to_vec()), (b.clone(), Vec::new())]).await.unwrap();
        assert_eq!(kv.get(&a).await.unwrap(), bytes("1"));
        // In the order of the keys, the same one twice.
        let read = kv.get_many(&[b.clone(), absent.clone(), a.clone()]).await.unwrap();
        assert_eq!(read, [bytes(""), None, bytes("1")]);
        let every_byte: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        kv.put_many(vec![(a.clone(), every_byte.clone()), (absent.clone(), vec![7])])
            .await
            .unwrap();
        assert_eq!(kv.get(&a).await.unwrap().unwrap(), every_byte);
        kv.delete_many(vec![a.clone(), b, a.clone()]).await.unwrap();
        assert_eq!(kv.get_many(&[a, absent]).await.unwrap(), [None, Some(vec![7].into())]);
        // Nothing is asked of nothing.
        kv.put_many(Vec::new()).await.unwrap();
        kv.delete_many(Vec::new()).await.unwrap();
        assert!(kv.get_many(&[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn as_much_as_a_batch_can_have_is_written_and_read() {
    on_each_engine(async |address| {
        let kv = store(address);
        let limits = kv.limits();
        let entry = |n: usize| (format!("acme:1:{n}"), n.to_string().repeat(800).into_bytes());
        let entries: Vec<_> = (0..limits.write_batch).map(entry).collect();
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        kv.put_many(entries.clone()).await.unwrap();
        let read = kv.get_many(&keys[..limits.read_batch]).await.unwrap();
        for ((key, written), read) in entries.iter().zip(read) {
            assert_eq!(read.as_deref(), Some(&written[..]), "{key}");
        }
        kv.delete_many(keys.clone()).await.unwrap();
        assert!(kv.get_many(&keys).await.unwrap().iter().all(Option::is_none));
    })
    .await;
}

#[tokio::test]
async fn a_swap_replaces_only_what_was_seen() {
    on_each_engine(async |address| {
        let kv = store(address);
        let number = |number: u8| [&[0; 9][..], &[number; 8], &[1; 100]].concat();
        kv.create_zero("acme").await.unwrap();
        assert_eq!(kv.get("acme").await.unwrap().as_deref(), Some(&[0; 8][..]));
        let (seen, first) = kv.watch("acme").await.unwrap();
        assert_eq!(seen.as_deref(), Some(&[0; 8][..]));
        let (_, second) = kv.watch("acme").await.unwrap();
        assert_eq!(kv.swap(first, number(1)).await.unwrap(), Swapped::Done);
        assert_eq!(kv.swap(second, number(2)).await.unwrap(), Swapped::Lost);
        // It is not made anew, and one that was seen can be seen again.
        kv.create_zero("acme").await.unwrap();
        let (seen, mut watch) = kv.watch("acme").await.unwrap();
        assert_eq!(seen.unwrap(), number(1));
        let (_, other) = kv.watch("acme").await.unwrap();
        assert_eq!(kv.swap(other, number(3)).await.unwrap(), Swapped::Done);
        assert_eq!(kv.watch_again(&mut watch).await.unwrap().unwrap(), number(3));
        assert_eq!(kv.swap(watch, number(4)).await.unwrap(), Swapped::Done);
        // What was written can be swapped; and Redis tells what is there instead of it.
        let (_, late) = kv.watch("acme").await.unwrap();
        let (_, first) = kv.watch("acme").await.unwrap();
        let (done, written) = kv.swap_and_watch(first, number(7)).await.unwrap();
        let (value, watch) = written.unwrap();
        assert_eq!((done, value.unwrap()), (Swapped::Done, number(7).into()));
        let (done, _) = kv.swap_and_watch(watch, number(8)).await.unwrap();
        assert_eq!(done, Swapped::Done);
        let (lost, told) = kv.swap_and_watch(late, number(9)).await.unwrap();
        assert_eq!(lost, Swapped::Lost);
        assert_eq!(told.is_some(), address.starts_with("redis"));
        if let Some((value, watch)) = told {
            assert_eq!(value.unwrap(), number(8));
            assert_eq!(kv.swap(watch, number(9)).await.unwrap(), Swapped::Done);
        }
        // What was absent is created once.
        let (seen, first) = kv.watch("acme:2").await.unwrap();
        let (_, second) = kv.watch("acme:2").await.unwrap();
        assert_eq!(seen, None);
        let (done, created) = kv.swap_and_watch(first, number(4)).await.unwrap();
        assert_eq!(done, Swapped::Done);
        assert_eq!(kv.swap(second, number(6)).await.unwrap(), Swapped::Lost);
        assert_eq!(kv.swap(created.unwrap().1, number(5)).await.unwrap(), Swapped::Done);
        // What is gone is not replaced.
        let (_, gone) = kv.watch("acme:2").await.unwrap();
        kv.delete_many(vec!["acme:2".to_owned()]).await.unwrap();
        assert_eq!(kv.swap(gone, number(7)).await.unwrap(), Swapped::Lost);
        assert_eq!(kv.get("acme:2").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn keys_are_those_that_begin_so() {
    on_each_engine(async |address| {
        let kv = store(address);
        let others = ["acme", "acme2:1", "Acme:1", "acme.x:1", "acm:1", "acme-:1", "acme_:1"];
        let own: Vec<_> = (0..2500).map(|n| format!("acme:{n:04}")).collect();
        let all = others.iter().map(|key| (*key).to_owned()).chain(own.iter().cloned());
        let entries: Vec<_> = all.map(|key| (key, vec![1])).collect();
        for batch in entries.chunks(1000) {
            kv.put_many(batch.to_vec()).await.unwrap();
        }
        for (prefix, expected) in
            [("acme:", &own[..]), ("acme:1", &own[1000..2000]), ("acme:9", &[]), ("b:", &[])]
        {
            let mut seen = std::collections::BTreeSet::new();
            kv.keys(prefix, |key| _ = seen.insert(key.to_owned())).await.unwrap();
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected, "{prefix}");
        }
        let (mut all, mut begin_so) = (0, 0);
        kv.keys("", |_| all += 1).await.unwrap();
        kv.keys("acme", |_| begin_so += 1).await.unwrap();
        assert!(all >= 2507 && (2505..all).contains(&begin_so), "{all} {begin_so}");
    })
    .await;
}

/// Several make the table of PostgreSQL at once, and nobody notices.
#[tokio::test]
async fn a_new_store_is_ready_whoever_comes_first() {
    on_each_engine(async |address| {
        let first = (0..16).map(|n| {
            let address = address.to_owned();
            async move {
                let kv = store(&address);
                kv.put_many(vec![(format!("acme:{n}"), vec![n])]).await
            }
        });
        for written in join_all(first).await {
            written.unwrap();
        }
    })
    .await;
}

/// Random changes of a tree, by two with caches of their own, compared with a map.
#[tokio::test]
async fn a_tree_is_as_a_map() {
    on_each_engine(async |address| {
        let trees = [tree(store(address)), tree(store(address))];
        let mut model = BTreeMap::new();
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..300 {
            let tree = &trees[round % 2];
            let changes: Vec<_> = (0..random.usize(1..8))
                .map(|_| {
                    let key = format!("k/{:03}", random.u32(..300));
                    let value = random.bool().then(|| vec![random.u8(..); random.usize(..3000)]);
                    (key, value)
                })
                .collect();
            tree.transact(async |transaction| {
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
            let snapshot = trees[(round + 1) % 2].snapshot().await.unwrap();
            assert_eq!(snapshot.count(&KeyRange::all()).await.unwrap(), model.len() as u64);
        }
        let fresh = tree(store(address));
        let snapshot = fresh.snapshot().await.unwrap();
        let mut scan = snapshot.scan(KeyRange::all(), Order::Ascending);
        for (key, value) in &model {
            let (found, stored) = scan.next().await.unwrap().unwrap();
            assert_eq!((&found[..], &stored[..]), (key.as_bytes(), &value[..]));
        }
        assert!(scan.next().await.unwrap().is_none());
        assert_eq!(fresh.audit().await.unwrap().entries, model.len() as u64);
        fresh.vacuum().await.unwrap();
        assert_eq!(fresh.audit().await.unwrap().entries, model.len() as u64);
    })
    .await;
}

/// Whatever is cut on its way, a number is as large as it was acknowledged, and no larger than it may be.
#[tokio::test]
async fn nothing_is_lost_or_done_twice_where_connections_are_cut() {
    on_each_engine(async |address| {
        let (before, after) = address.rsplit_once(':').unwrap();
        let (port, database) = after.split_once('/').unwrap();
        let proxy = Proxy::start(port.parse().unwrap(), Duration::from_millis(1)).await;
        let through = format!("{before}:{}/{database}", proxy.port());
        let (mut acknowledged, mut unknown) = (0_u64, 0);
        let ended = Cell::new(0);
        let writers = (0..4).map(|writer| {
            let (through, ended) = (&through, &ended);
            async move {
                let tree = tree(store(through));
                let (mut done, mut unknown) = (0, 0);
                for _ in 0..50 {
                    let added = tree.transact(async |transaction| {
                        let sum = transaction.get("sum").await?;
                        let sum =
                            sum.map_or(0, |sum| u64::from_le_bytes(sum[..].try_into().unwrap()));
                        transaction.put("sum", (sum + 1).to_le_bytes().to_vec());
                        transaction.put(format!("of/{writer}/{sum}"), vec![0; 300]);
                        Ok::<_, Error>(())
                    });
                    match added.await {
                        Ok(()) => done += 1,
                        Err(Error::OutcomeUnknown { .. }) => unknown += 1,
                        Err(Error::Store(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    ended.set(ended.get() + 1);
                }
                (done, unknown)
            }
        });
        // Again and again, in the middle of whatever is under way.
        let cutting = async {
            let mut random = fastrand::Rng::with_seed(11);
            let mut next = 5;
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if ended.get() >= next {
                    next = ended.get() + random.u32(5..20);
                    tokio::time::sleep(Duration::from_micros(random.u64(..5000))).await;
                    proxy.cut();
                }
            }
        };
        let counts = tokio::select! {
            counts = join_all(writers) => counts,
            () = cutting => Vec::new(),
        };
        for (done, doubtful) in counts {
            acknowledged += done;
            unknown += doubtful;
        }
        let sum = tree(store(address)).snapshot().await.unwrap().get("sum").await.unwrap().unwrap();
        let sum = u64::from_le_bytes(sum[..].try_into().unwrap());
        assert!(
            (acknowledged..=acknowledged + unknown).contains(&sum),
            "{sum} {acknowledged} {unknown}"
        );
        assert!(acknowledged > 50, "{acknowledged} of 200");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_stands_still_is_not_waited_for_for_ever() {
    let redis = Redis::start();
    let kv = store(&redis.address(0));
    kv.put_many(vec![("acme:1".to_owned(), vec![1])]).await.unwrap();
    redis.stop();
    let begin = std::time::Instant::now();
    let error = kv.get("acme:1").await.unwrap_err();
    assert!(error.message.contains("no answer within 10 s"), "{error}");
    assert!(begin.elapsed() < remote_store::PATIENCE + Duration::from_secs(5));
    redis.go_on();
    assert_eq!(kv.get("acme:1").await.unwrap(), Some(vec![1].into()));
}

/// It was not sent, so it had no effect, and a tree says so.
#[tokio::test]
async fn a_server_that_is_not_there_leaves_no_doubt() {
    let mut redis = Redis::start();
    let kv = store(&redis.address(0));
    kv.put_many(vec![("acme:1".to_owned(), vec![1])]).await.unwrap();
    redis.kill();
    // The connection breaks with the first call.
    kv.get("acme:1").await.unwrap_err();
    let KvError { is_without_effect, message, .. } =
        kv.put_many(vec![("acme:1".to_owned(), vec![2])]).await.unwrap_err();
    assert!(is_without_effect && message.contains("there is no connection"), "{message}");
    redis.restart();
    assert_eq!(kv.get("acme:1").await.unwrap(), Some(vec![1].into()));
}

#[tokio::test]
async fn what_redis_refuses_has_no_effect() {
    let redis = Redis::start_with(&["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"]);
    let kv = store(&redis.address(0));
    let mut refused = None;
    for n in 0..100 {
        if let Err(error) = kv.put_many(vec![(format!("acme:{n}"), vec![1; 100_000])]).await {
            refused = Some(error);
            break;
        }
    }
    let error = refused.expect("memory does not end");
    assert!(error.is_without_effect, "{error}");
    // The connection can still be used.
    assert!(kv.get("acme:0").await.unwrap().is_some());

    let replica = redis.replica();
    let read_only = store(&replica.address(0));
    let error = read_only.create_zero("acme:new").await.unwrap_err();
    assert!(error.is_without_effect, "{error}");
}

/// A write counts only when replicas have it; until then nobody is told what came of it who decides by it.
#[tokio::test]
async fn replicas_vouch_for_what_is_acknowledged() {
    let redis = Redis::start();
    let replica = redis.replica();
    let kv = || RemoteKv::new(&Address::parse(&redis.address(0)).unwrap(), 1);
    let put = async |tree: &Tree<RemoteKv>, value: u8| {
        tree.transact(async |transaction| {
            transaction.put("key", vec![value]);
            Ok::<_, Error>(())
        })
        .await
    };
    let writer = tree(kv());
    // It takes a moment until the replica follows.
    let mut first = put(&writer, 1).await;
    for _ in 0..20 {
        if first.is_ok() {
            break;
        }
        first = put(&writer, 1).await;
    }
    first.unwrap();
    let follower = tree(store(&replica.address(0)));
    let seen = follower.snapshot().await.unwrap().get("key").await.unwrap();
    assert_eq!(seen, Some(vec![1].into()));
    // It stands still between reading and writing: what came of that nobody knows, nor is anybody told who
    // asks, until it goes on.
    let mut number = vec![0; IDENTITY_BYTES];
    kv().put_many(vec![("acme:1".to_owned(), number.clone())]).await.unwrap();
    let first = kv();
    let (_, watch) = first.watch("acme:1").await.unwrap();
    replica.stop();
    number[0] = 1;
    let error = first.swap(watch, number.clone()).await.unwrap_err();
    assert!(!error.is_without_effect && error.message.contains("store_replicas"), "{error}");
    let known = Bytes::from(vec![0; IDENTITY_BYTES]);
    for asking in [first, kv()] {
        let error = asking.watch("acme:1").await.unwrap_err();
        assert!(error.message.contains("store_replicas"), "{error}");
        let error = asking.watch_knowing("acme:1", &known).await.unwrap_err();
        assert!(error.message.contains("store_replicas"), "{error}");
    }
    // Nothing is begun meanwhile.
    assert!(matches!(put(&writer, 2).await, Err(Error::Store(_))));
    replica.go_on();
    assert_eq!(kv().watch("acme:1").await.unwrap().0.unwrap(), number);
    put(&writer, 3).await.unwrap();
}

/// A role that may not make the table is told who has to, and how.
#[tokio::test]
async fn who_may_not_make_the_table_is_told_the_statements() {
    let postgres = Postgres::start();
    let owner = postgres.address("postgres");
    let (client, connection) =
        tokio_postgres::connect(&owner, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE ROLE guest LOGIN").await.unwrap();
    let guest = owner.replace("accounts@", "guest@");
    let error = store(&guest).put_many(vec![("acme:1".into(), vec![1])]).await.unwrap_err();
    assert!(error.is_without_effect, "{error}");
    for statement in remote_store::SCHEMA {
        assert!(error.message.contains(statement), "{error}");
        client.batch_execute(statement).await.unwrap();
    }
    client.batch_execute("GRANT ALL ON account_store TO guest").await.unwrap();
    store(&guest).put_many(vec![("acme:1".into(), vec![1])]).await.unwrap();
}

/// Round trips: of a read that is warm one, of a commit two at most (one where the server counts as far, and its
/// writer is alone), and of one that flushes four at most beside reading what it changes.
#[tokio::test]
async fn a_commit_is_two_calls_at_most() {
    on_each_engine(async |address| {
        let tree = tree(Metered::new(store(address)));
        let put = async |n: u32| {
            let before = tree.kv().usage();
            tree.transact(async |transaction| {
                transaction.put(format!("k/{n:06}"), vec![1; 700]);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
            tree.kv().usage() - before
        };
        put(0).await;
        let (mut commits, mut flushes) = (0, 0);
        for n in 1..200 {
            let usage = put(n).await;
            match usage.write_calls {
                1 => {
                    commits += 1;
                    assert!(usage.read_calls <= 1, "{usage:?}");
                }
                _ => {
                    flushes += 1;
                    // Where it counts as far, the head is read while pages are written, after a commit.
                    let beside = u64::from(usage.write_calls == 3);
                    assert!(usage.read_calls + usage.write_calls - beside <= 4, "{usage:?}");
                }
            }
        }
        assert!(commits > 150 && flushes > 3, "{commits} {flushes}");
        tree.snapshot_for("k/000100").await.unwrap().get("k/000100").await.unwrap().unwrap();
        let before = tree.kv().usage();
        tree.snapshot_for("k/000100").await.unwrap().get("k/000100").await.unwrap().unwrap();
        assert_eq!((tree.kv().usage() - before).read_calls, 1);
    })
    .await;
}
