//! What of a head travels to and from real servers.

mod common;

use bytes::Bytes;
use common::{on_each_engine, store, tree};
use kv_tree::{Error, Kv, Metered, Swapped, is_known};
use store_servers::Redis;

/// A value that begins as no other of the number.
fn head(number: u8) -> Bytes {
    Bytes::from([&[0; 9][..], &[number; 8], &[1; 20_000]].concat())
}

/// Whether it is the very value that was known, and was not sent.
fn is_the_known(value: &Option<Bytes>, known: &Bytes) -> bool {
    is_known(value.as_ref().unwrap(), known)
}

#[tokio::test]
async fn what_is_known_is_not_read_again() {
    on_each_engine(async |address| {
        let kv = store(address);
        let keys = ["acme:1", "acme:1:a", "acme:1:absent"].map(str::to_owned);
        let (known, other, nothing) = (head(1), head(2), Bytes::new());
        // What is absent is absent, whatever is known.
        assert_eq!(kv.get_knowing(&keys, &known).await.unwrap(), [None, None, None]);
        assert!(kv.get_knowing(&[], &known).await.unwrap().is_empty());
        // Of the first key, and of no other one, even where that begins the same.
        let entries = [&keys[0], &keys[1]].map(|key| (key.clone(), head(1).to_vec()));
        kv.put_many(entries.into()).await.unwrap();
        let read = kv.get_knowing(&keys, &known).await.unwrap();
        assert!(is_the_known(&read[0], &known) && !is_the_known(&read[1], &known));
        assert_eq!(read, [Some(head(1)), Some(head(1)), None]);
        assert!(is_the_known(&kv.get_knowing(&keys[..1], &known).await.unwrap()[0], &known));
        for known in [&other, &nothing] {
            assert_eq!(kv.get_knowing(&keys, known).await.unwrap(), read);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_known_is_not_watched_again() {
    on_each_engine(async |address| {
        let kv = store(address);
        let key = "acme:1";
        let (known, other) = (head(1), head(2));
        assert_eq!(kv.watch_knowing(key, &known).await.unwrap().0, None);
        kv.put_many(vec![(key.to_owned(), head(1).to_vec())]).await.unwrap();
        let (value, mut first) = kv.watch_knowing(key, &known).await.unwrap();
        assert!(is_the_known(&value, &known));
        assert!(is_the_known(&kv.watch_again(&mut first).await.unwrap(), &known));
        for unlike in [&other, &Bytes::new()] {
            let (value, second) = kv.watch_knowing(key, unlike).await.unwrap();
            assert_eq!(value.unwrap(), known);
            assert_eq!(second, kv.watch(key).await.unwrap().1);
        }
        // It can be swapped, once, and is seen when it is another one.
        let (_, second) = kv.watch_knowing(key, &known).await.unwrap();
        assert_eq!(kv.swap(first, other.to_vec()).await.unwrap(), Swapped::Done);
        assert_eq!(kv.swap(second, head(3).to_vec()).await.unwrap(), Swapped::Lost);
        let (value, mut late) = kv.watch_knowing(key, &known).await.unwrap();
        assert_eq!(value.unwrap(), other);
        let (_, third) = kv.watch(key).await.unwrap();
        assert_eq!(kv.swap(third, head(4).to_vec()).await.unwrap(), Swapped::Done);
        assert_eq!(kv.watch_again(&mut late).await.unwrap().unwrap(), head(4));
        assert_eq!(kv.swap(late, head(5).to_vec()).await.unwrap(), Swapped::Done);
    })
    .await;
}

#[tokio::test]
async fn a_tree_that_has_not_changed_costs_no_head() {
    on_each_engine(async |address| {
        let tree = tree(Metered::new(store(address)));
        tree.transact(async |transaction| {
            transaction.put("key", vec![1; 1000]);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
        let before = tree.kv().usage();
        assert!(tree.snapshot().await.unwrap().get("key").await.unwrap().is_some());
        let usage = tree.kv().usage() - before;
        assert_eq!((usage.read_calls, usage.bytes_read), (1, 0), "{usage:?}");
    })
    .await;
}

/// Heads whose log grows, loses its beginning, or moves, one after the other.
#[tokio::test]
async fn of_a_new_head_only_what_is_new_is_sent() {
    on_each_engine(async |address| {
        let kv = store(address);
        let mut random = fastrand::Rng::with_seed(3);
        let mut head = |number: u8, rest: &[u8]| {
            // Mostly as long as the one before.
            let len = if random.u8(..4) == 0 { random.usize(100..400) } else { 300 };
            let fixed: Vec<u8> = (0..len).map(|_| random.u8(..)).collect();
            [&[number; 17][..], &fixed, rest].concat()
        };
        let log: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
        let logs = [&log[..60_000], &log[..61_000], &log[..90_000], &log[..70_000]];
        let cut = [&log[30_000..95_000], &log[30_000..], &log[..500], &log[..2_000], &log[..]];
        kv.put_many(vec![("acme:1".to_owned(), head(0, &log[..50_000]))]).await.unwrap();
        let (_, mut watch) = kv.watch("acme:1").await.unwrap();
        for (number, rest) in (1..).zip([&logs[..], &cut, &logs].concat()) {
            let (_, late) = kv.watch("acme:1").await.unwrap();
            let new = head(number, rest);
            let (done, written) = kv.swap_and_watch(watch, new.clone()).await.unwrap();
            assert_eq!(done, Swapped::Done);
            assert!(kv.get("acme:1").await.unwrap().unwrap() == new, "{number}");
            // Who comes too late changes nothing.
            let other = head(number + 100, rest);
            assert_eq!(kv.swap(late, other).await.unwrap(), Swapped::Lost);
            assert!(kv.get("acme:1").await.unwrap().unwrap() == new, "{number}");
            // The next one begins with what was written, or with what was read.
            watch = written.unwrap().1;
            if number % 2 == 0 {
                watch = kv.watch("acme:1").await.unwrap().1;
            }
        }
    })
    .await;
}

/// How many bytes a Redis has received and sent.
fn traffic(redis: &Redis) -> [u64; 2] {
    let statistics = redis.run(&["INFO", "stats"]);
    ["total_net_input_bytes:", "total_net_output_bytes:"].map(|name| {
        let number = statistics.lines().find_map(|line| line.strip_prefix(name));
        number.unwrap().trim().parse().unwrap()
    })
}

#[tokio::test]
async fn of_a_long_head_redis_receives_and_sends_only_what_is_new() {
    let redis = Redis::start();
    let kv = store(&redis.address(0));
    let log: Vec<u8> = (0..25_000_u32).flat_map(u32::to_be_bytes).collect();
    let head = |number: u8, log: &[u8]| Bytes::from([&[number; 300], log].concat());
    let (known, longer) = (head(0, &log), head(1, &[&log[..], &[8; 1000]].concat()));
    kv.put_many(vec![("acme:1".to_owned(), known.to_vec())]).await.unwrap();
    let [_, before] = traffic(&redis);
    let (_, watch) = kv.watch_knowing("acme:1", &known).await.unwrap();
    kv.get_knowing(&["acme:1".to_owned()], &known).await.unwrap();
    // What INFO itself says is a part of it.
    let [before_swap, sent] = traffic(&redis);
    assert!(sent - before < 20_000, "{sent} {before}");
    assert_eq!(kv.swap(watch, longer.to_vec()).await.unwrap(), Swapped::Done);
    let [received, _] = traffic(&redis);
    assert!(received - before_swap < 4000, "{received} {before_swap}");
    assert_eq!(kv.get("acme:1").await.unwrap().unwrap(), longer);
}
