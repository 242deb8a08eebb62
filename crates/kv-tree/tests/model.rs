//! A tree against `BTreeMap`: the same writes, the same answers.

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::task::Poll;
use std::time::Duration;

use common::scripted::{Call, Scripted};
use common::{
    FLUSHED, Model, Task, Write, at_least, commit, key, poll, run, tree, tree_of_nodes, write,
};
use kv_tree::{Error, KeyRange, Kv, Memory, Order, Scan, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;

/// What one of several instances does.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Write>),
    /// A transaction that fails after its writes.
    Abort(Vec<Write>),
    /// Keeps a snapshot, which later commits must not change.
    Hold,
    /// Lets time pass.
    Wait(u64),
    /// Loses what the instance has cached.
    Forget,
    Vacuum,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => vec(write(), 1..30).prop_map(Step::Commit),
        2 => vec((300..400_u32).prop_map(|n| Write::Delete(format!("i/name/{n:05}").into_bytes())), 1..90)
            .prop_map(Step::Commit),
        1 => vec(write(), 1..9).prop_map(Step::Abort),
        2 => Just(Step::Hold),
        1 => (1..50_u64).prop_map(Step::Wait),
        1 => Just(Step::Forget),
        1 => Just(Step::Vacuum),
    ]
}

/// What a snapshot is asked.
#[derive(Debug, Clone)]
struct Question {
    range: KeyRange,
    order: Order,
    offset: u64,
    limit: u64,
    keys: Vec<Vec<u8>>,
}

fn question() -> impl Strategy<Value = Question> {
    let bound = || {
        prop_oneof![
            Just(Bound::Unbounded),
            key().prop_map(Bound::Included),
            key().prop_map(Bound::Excluded),
        ]
    };
    let range = prop_oneof![
        Just(KeyRange::all()),
        key().prop_map(KeyRange::prefix),
        (bound(), bound()).prop_map(|(start, end)| KeyRange::between(start, end)),
    ];
    let order = prop::sample::select(&[Order::Ascending, Order::Descending][..]);
    let limit = prop_oneof![0..40_u64, Just(u64::MAX)];
    (range, order, 0..60_u64, limit, vec(key(), 0..6)).prop_map(
        |(range, order, offset, limit, keys)| Question { range, order, offset, limit, keys },
    )
}

/// Checks the answers of a snapshot.
async fn ask(snapshot: &Snapshot<Memory>, model: &Model, question: &Question) -> Result<(), Error> {
    let Question { range, order, offset, limit, keys } = question;
    let within = model.iter().filter(|(key, _)| range.contains(key));
    assert_eq!(snapshot.count(range).await?, within.clone().count() as u64);

    let mut expected: Vec<_> = within.collect();
    if *order == Order::Descending {
        expected.reverse();
    }
    let limit_here = usize::try_from(*limit).unwrap_or(usize::MAX);
    let expected = expected.into_iter().skip(*offset as usize).take(limit_here);
    let mut scan = snapshot.scan(range.clone(), *order).offset(*offset).limit(*limit);
    for (key, value) in expected {
        let (scanned_key, scanned_value) = scan.next().await?.expect("the scan ended early");
        assert_eq!((&scanned_key[..], &scanned_value[..]), (&key[..], &value[..]));
    }
    assert_eq!(scan.next().await?, None);
    assert_eq!(scan.next().await?, None, "a finished scan stays finished");

    let values = snapshot.get_many(keys).await?;
    let expected: Vec<_> = keys.iter().map(|key| model.get(key).cloned().map(Into::into)).collect();
    assert_eq!(values, expected);
    Ok(())
}

proptest! {
    #![proptest_config(at_least(200))]

    #[test]
    fn several_instances_read_and_write_as_one_map(
        steps in vec((0..3_usize, step()), 0..40),
        node_bytes in prop::sample::select(&[100, 200, 1000, 4096][..]),
        questions in vec(question(), 8),
    ) {
        let memory = Memory::default();
        let instances = [0, 1, 2].map(|_| tree_of_nodes(memory.clone(), node_bytes));
        let mut model = Model::new();
        let mut held = Vec::new();
        let mut clock = 0;
        run(async {
            for (instance, step) in &steps {
                let tree = &instances[*instance];
                match step {
                    Step::Commit(writes) => {
                        commit(tree, writes).await.unwrap();
                        writes.iter().for_each(|write| write.apply_to(&mut model));
                    }
                    Step::Abort(writes) => {
                        let outcome = tree.transact(async |transaction| {
                            writes.iter().for_each(|write| write.apply(transaction));
                            Err::<(), _>(Error::Name("no".into()))
                        }).await;
                        assert!(matches!(outcome, Err(Error::Name(_))));
                    }
                    Step::Hold => held.push((tree.snapshot().await.unwrap(), model.clone(), clock)),
                    Step::Wait(seconds) => {
                        memory.advance(Duration::from_secs(*seconds));
                        clock += seconds;
                    }
                    Step::Forget => tree.forget_pages(),
                    Step::Vacuum => {
                        let vacuumed = tree.vacuum().await.unwrap();
                        assert_eq!((vacuumed.orphaned_pages, vacuumed.orphaned_heads), (0, 0));
                    }
                }
            }
            let newest = instances[0].snapshot().await.unwrap();
            for question in &questions {
                ask(&newest, &model, question).await.unwrap();
            }
            for (snapshot, model, taken) in &held {
                for question in &questions {
                    match ask(snapshot, model, question).await {
                        Ok(()) => {}
                        Err(Error::Expired { .. }) if clock - taken > 30 => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            let audit = instances[1].audit().await.unwrap();
            assert_eq!(audit.entries, model.len() as u64);
            let stored: BTreeSet<_> = memory.contents().into_keys().collect();
            let mut used = audit.keys;
            used.extend((!stored.is_empty()).then(|| "tenant.accounts".to_owned()));
            assert_eq!(stored, used);
            for (key, value) in memory.contents() {
                assert!(key.contains(":") == (key != "tenant.accounts"));
                assert!(key.matches(':').count() != 1 || value.len() <= 16 << 10, "{} bytes", value.len());
            }
        });
    }
}

#[test]
fn any_part_of_a_tree_can_be_deleted_and_written_again() {
    let key = |number: usize, suffix: &str| format!("key/{number:04}{suffix}").into_bytes();
    // Too long for the head, so that each commit is a flush.
    let flush = || Write::Put(b"later".to_vec(), vec![0; FLUSHED]);
    for (start, end) in [(0, 1), (0, 9), (0, 200), (150, 300), (299, 300), (0, 300)] {
        let tree = tree_of_nodes(Memory::default(), 200);
        let mut model = Model::new();
        let all = (0..300).map(|n| Write::Put(key(n, ""), vec![1; 20]));
        let part_deleted = (start..end).map(|n| Write::Delete(key(n, "")));
        let again = (start..end)
            .flat_map(|n| ["", "/a", "/b"].map(|suffix| Write::Put(key(n, suffix), vec![2; 30])));
        let commits: [Vec<Write>; 3] = [all.collect(), part_deleted.collect(), again.collect()];
        run(async {
            for mut writes in commits {
                writes.push(flush());
                commit(&tree, &writes).await.unwrap();
                writes.iter().for_each(|write| write.apply_to(&mut model));
                assert_eq!(tree.audit().await.unwrap().entries, model.len() as u64);
            }
            let snapshot = tree.snapshot().await.unwrap();
            for (key, value) in &model {
                assert_eq!(snapshot.get(key).await.unwrap().as_deref(), Some(&value[..]));
            }
        });
    }
}

/// A tree of several levels with so many keys, which takes several batches to scan.
fn many(keys: u32) -> Memory {
    let memory = Memory::default();
    let writes: Vec<_> =
        (0..keys).map(|n| Write::Put(format!("{n:05}").into(), vec![0; 20])).collect();
    run(commit(&tree_of_nodes(memory.clone(), 512), &writes)).unwrap();
    memory
}

/// Scans of so many keys: in either order, of everything and of a part.
fn scans(keys: u32) -> impl Iterator<Item = (Order, u64, u64, Vec<String>)> {
    let (offset, limit) = (100, 700);
    let orders = [Order::Ascending, Order::Descending].into_iter();
    orders.flat_map(move |order| {
        let mut all: Vec<_> = (0..keys).map(|n| format!("{n:05}")).collect();
        if order == Order::Descending {
            all.reverse();
        }
        let part = all[offset..offset + limit].to_vec();
        [(order, 0, u64::MAX, all), (order, offset as u64, limit as u64, part)]
    })
}

/// The key of the next entry.
async fn next_key<K: Kv>(scan: &mut Scan<'_, K>) -> Result<Option<String>, Error> {
    let entry = scan.next().await?;
    Ok(entry.map(|(key, _)| String::from_utf8(key.to_vec()).unwrap()))
}

#[test]
fn a_scan_that_goes_on_after_an_error_leaves_nothing_out() {
    const KEYS: u32 = 1000;
    let memory = many(KEYS);
    for (order, offset, limit, expected) in scans(KEYS) {
        for failing in 0.. {
            let reads = Cell::new(0);
            let kv = Scripted::new(memory.clone()).failing_unless(|call| {
                let number = reads.get();
                reads.set(number + u32::from(matches!(call, Call::Read(_))));
                number != failing || !matches!(call, Call::Read(_))
            });
            let reader = tree(kv);
            let snapshot = loop {
                match run(reader.snapshot()) {
                    Ok(snapshot) => break snapshot,
                    Err(error) => assert!(matches!(error, Error::Store(_)), "{error}"),
                }
            };
            let mut scan = snapshot.scan(KeyRange::all(), order).offset(offset).limit(limit);
            let mut keys = Vec::new();
            loop {
                match run(next_key(&mut scan)) {
                    Ok(Some(key)) => keys.push(key),
                    Ok(None) => break,
                    Err(error) => assert!(matches!(error, Error::Store(_)), "{error}"),
                }
            }
            assert_eq!(keys, expected, "read {failing} failed");
            if reads.get() <= failing {
                assert!(failing > 5, "{failing} reads");
                break;
            }
        }
    }
}

/// As where the caller's time is up, and it asks again.
#[test]
fn a_scan_whose_next_entry_was_given_up_leaves_nothing_out() {
    const KEYS: u32 = 1000;
    let memory = many(KEYS);
    for (order, offset, limit, expected) in scans(KEYS) {
        let mut given_up = 0;
        for patience in 1..8 {
            let reader = tree(memory.clone());
            let snapshot = run(reader.snapshot()).unwrap();
            let mut scan = snapshot.scan(KeyRange::all(), order).offset(offset).limit(limit);
            let mut keys = Vec::new();
            loop {
                reader.forget_pages();
                let mut next: Task<'_, _> = Box::pin(next_key(&mut scan));
                let in_time = (0..patience).find_map(|_| match poll(&mut next) {
                    Poll::Ready(key) => Some(key),
                    Poll::Pending => None,
                });
                drop(next);
                let key = in_time.unwrap_or_else(|| {
                    given_up += 1;
                    run(next_key(&mut scan))
                });
                match key.unwrap() {
                    Some(key) => keys.push(key),
                    None => break,
                }
            }
            assert_eq!(keys, expected, "given up after {patience} steps");
        }
        assert!(given_up > 0);
    }
}
