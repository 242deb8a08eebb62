//! Four processes change the same keys of a tree on a server that several hosts share: some order of their
//! transactions explains what each has read, whatever happens to the server and to connections.
//!
//! The check knows nothing of trees. Every value is given once, and whoever gives a key a value has read
//! the one before, so it is known which value followed which. From that follows which transaction came
//! before which; a circle of those is what no order explains.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::Duration;

use black_box_tests::store::at_port;
use remote_store::Address;
use remote_store::native::RemoteKv;
use store_servers::{Postgres, Proxy, Redis};

const WRITERS: u32 = 4;
const TRANSACTIONS: u32 = 250;

/// What a transaction has read and written, by key.
#[derive(Debug)]
struct Transaction {
    is_certain: bool,
    reads: BTreeMap<String, String>,
    writes: BTreeMap<String, String>,
}

impl Transaction {
    fn parse(line: &str) -> Self {
        let (outcome, rest) = line.split_once(' ').unwrap();
        let (reads, writes) = rest.split_once('>').unwrap();
        let pairs = |text: &str| {
            let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        let is_certain = outcome == "done";
        Self { is_certain, reads: pairs(reads), writes: pairs(writes) }
    }
}

/// Why no order explains the transactions, if none does. `end` is what the keys have at last.
fn fault(all: &[Transaction], end: &BTreeMap<String, String>) -> Option<String> {
    let mut writer = BTreeMap::new();
    for (number, transaction) in all.iter().enumerate() {
        for pair in &transaction.writes {
            writer.insert(pair, number);
        }
    }
    // One that nobody was told of has happened if somebody has seen it.
    let mut has_happened: BTreeSet<usize> = BTreeSet::new();
    let certain = all.iter().enumerate().filter(|(_, transaction)| transaction.is_certain);
    let mut open: Vec<usize> = certain.map(|(number, _)| number).collect();
    open.extend(end.iter().filter_map(|pair| writer.get(&pair)).copied());
    while let Some(number) = open.pop() {
        if has_happened.insert(number) {
            open.extend(all[number].reads.iter().filter_map(|pair| writer.get(&pair)).copied());
        }
    }
    // Who replaced a value.
    let mut successor: BTreeMap<(&String, &String), usize> = BTreeMap::new();
    for number in &has_happened {
        for key in all[*number].writes.keys() {
            let pair = (key, &all[*number].reads[key]);
            if let Some(other) = successor.insert(pair, *number) {
                return Some(format!(
                    "{:?} and {:?} both replace {pair:?}",
                    all[other], all[*number]
                ));
            }
        }
    }
    for (key, value) in end {
        if let Some(number) = successor.get(&(key, value)) {
            return Some(format!("{key} ends with {value}, which {:?} has replaced", all[*number]));
        }
    }
    for number in &has_happened {
        for pair in &all[*number].writes {
            if !successor.contains_key(&pair) && end.get(pair.0) != Some(pair.1) {
                return Some(format!("{pair:?} of {:?} is lost", all[*number]));
            }
        }
    }
    // A transaction is behind those whose values it has read, and before those that replaced these.
    let mut before: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for number in &has_happened {
        for pair in &all[*number].reads {
            if let Some(other) = writer.get(&pair) {
                before.entry(*number).or_default().insert(*other);
            } else if pair.1 != "-" {
                return Some(format!("nobody wrote {pair:?}"));
            }
            if let Some(other) = successor.get(&pair).filter(|other| *other != number) {
                before.entry(*other).or_default().insert(*number);
            }
        }
    }
    let mut left: BTreeSet<_> = has_happened;
    loop {
        let free: Vec<_> = left
            .iter()
            .filter(|number| {
                before.get(number).is_none_or(|others| others.iter().all(|it| !left.contains(it)))
            })
            .copied()
            .collect();
        if free.is_empty() {
            let of_circle = left.iter().take(6).map(|number| &all[*number]).collect::<Vec<_>>();
            return (!left.is_empty()).then(|| format!("a circle among {of_circle:#?}"));
        }
        free.iter().for_each(|number| _ = left.remove(number));
    }
}

/// Lets the processes write through `address`, does something meanwhile, and checks what is there.
async fn write_and_check(through: &str, direct: &str, meanwhile: impl AsyncFnOnce()) {
    let start = |number: u32| {
        let mut writer = Command::new(env!("CARGO_BIN_EXE_tree-writer"));
        writer.args([through, &number.to_string(), &TRANSACTIONS.to_string()]);
        writer.stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut writers: Vec<_> = (0..WRITERS).map(start).collect();
    meanwhile().await;
    let is_writing = writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none());
    assert!(is_writing, "all had ended before");
    let mut all = Vec::new();
    for writer in writers {
        let output =
            tokio::task::spawn_blocking(move || writer.wait_with_output()).await.unwrap().unwrap();
        assert!(output.status.success());
        all.extend(String::from_utf8(output.stdout).unwrap().lines().map(Transaction::parse));
    }
    let kv = RemoteKv::new(&Address::parse(direct).unwrap(), 0);
    let tree = kv_tree::Store::new(kv).tree(kv_tree::TreeName::new("acme").unwrap());
    let snapshot = tree.snapshot().await.unwrap();
    let mut end = BTreeMap::new();
    for key in 0..8 {
        if let Some(value) = snapshot.get(format!("k/{key}")).await.unwrap() {
            end.insert(key.to_string(), String::from_utf8(value.to_vec()).unwrap());
        }
    }
    let certain = all.iter().filter(|transaction| transaction.is_certain).count();
    eprintln!(
        "{certain} of {} are certain, {} are not",
        WRITERS * TRANSACTIONS,
        all.len() - certain
    );
    assert!(certain > (WRITERS * TRANSACTIONS / 2) as usize, "{certain}");
    if let Some(fault) = fault(&all, &end) {
        panic!("{fault}");
    }
    tree.audit().await.unwrap();
    tree.vacuum().await.unwrap();
    tree.audit().await.unwrap();
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Cuts connections, and lets the server stand still and die.
macro_rules! disturb {
    ($server:expr, $proxy:expr) => {
        for _ in 0..3 {
            pause(300).await;
            $proxy.cut();
        }
        $server.stop();
        pause(500).await;
        $server.go_on();
        pause(300).await;
        $server.kill();
        $server.restart();
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn some_order_explains_all_on_redis() {
    let mut redis = Redis::start();
    let proxy = Proxy::start(redis.port(), Duration::from_millis(1)).await;
    let direct = redis.address(0);
    write_and_check(&at_port(&direct, proxy.port()), &direct, async || {
        disturb!(redis, proxy);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn some_order_explains_all_on_postgresql() {
    let mut postgres = Postgres::start();
    let proxy = Proxy::start(postgres.port(), Duration::from_millis(1)).await;
    let direct = postgres.address("postgres");
    write_and_check(&at_port(&direct, proxy.port()), &direct, async || {
        disturb!(postgres, proxy);
    })
    .await;
}

#[test]
fn what_no_order_explains_is_found() {
    let parse =
        |lines: &[&str]| lines.iter().map(|line| Transaction::parse(line)).collect::<Vec<_>>();
    let end = |pairs: &[(&str, &str)]| {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect::<BTreeMap<_, _>>()
    };
    let fine =
        parse(&["done 1=- > 1=a", "done 1=a 2=- > 2=b", "unknown 2=b > 2=c", "unknown 1=a > 1=d"]);
    assert_eq!(fault(&fine, &end(&[("1", "a"), ("2", "c")])), None);
    for (lines, last, words) in [
        // An update that is lost, in either way.
        (&["done 1=- > 1=a", "done 1=- > 1=b"][..], &[("1", "b")][..], "both replace"),
        (&["done 1=- > 1=a"], &[], "is lost"),
        (&["done 1=- > 1=a", "done 1=a > 1=b"], &[("1", "a")], "has replaced"),
        // Two who each have not seen what the other did.
        (&["done 1=- 2=- > 1=a", "done 1=- 2=- > 2=b"], &[("1", "a"), ("2", "b")], "a circle"),
        (&["done 1=x > 1=a"], &[("1", "a")], "nobody wrote"),
    ] {
        let found = fault(&parse(lines), &end(last)).unwrap();
        assert!(found.contains(words), "{found}");
    }
}
