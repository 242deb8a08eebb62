//! A commit that is held can be read whole as long as it is, whatever is written, deleted and vacuumed
//! meanwhile; and afterwards nothing of it is left.

mod common;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use common::chaos::Chaotic;
use common::{
    FLUSHED, LARGE, Model, Task, Write, assert_nothing_is_left_over, commit, interleave, put, read,
    read_all, run, tree, tree_of_nodes, write,
};
use kv_tree::{Error, HoldId, Kv, Memory, Store, TreeName};
use proptest::collection::vec;
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

/// The keys that were appended.
fn log_of(model: &Model) -> Vec<Vec<u8>> {
    model.keys().filter(|key| key.starts_with(b"log/")).cloned().collect()
}

/// The version of the tree's head.
fn version_of_head(memory: &Memory) -> u8 {
    let contents = memory.contents();
    contents.iter().find(|(key, _)| key.matches(':').count() == 1).unwrap().1[0]
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Write>),
    /// A commit that is a flush.
    Flush(u8),
    /// For so many seconds.
    Hold(u64),
    /// One of those that are held, for so many seconds more.
    HoldLonger(prop::sample::Index, u64),
    Release(prop::sample::Index),
    Wait(u64),
    Forget,
    Vacuum,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => vec(write(), 1..30).prop_map(Step::Commit),
        4 => any::<u8>().prop_map(Step::Flush),
        3 => (1..600_u64).prop_map(Step::Hold),
        1 => (any::<prop::sample::Index>(), 1..600_u64)
            .prop_map(|(which, seconds)| Step::HoldLonger(which, seconds)),
        1 => any::<prop::sample::Index>().prop_map(Step::Release),
        3 => (1..200_u64).prop_map(Step::Wait),
        1 => Just(Step::Forget),
        1 => Just(Step::Vacuum),
    ]
}

/// What is known of a commit that is held.
struct Expected {
    id: HoldId,
    commit: u64,
    model: Model,
    until: Duration,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_held_is_read_as_it_was_until_it_ends(
        steps in vec((0..3_usize, step()), 0..60),
        node_bytes in prop::sample::select(&[200, 4096][..]),
    ) {
        let memory = Memory::default();
        let instances = [(); 3].map(|()| tree_of_nodes(memory.clone(), node_bytes));
        let (mut model, mut held) = (Model::new(), Vec::<Expected>::new());
        run(put(&instances[0], "first".into(), 1)).unwrap();
        model.insert(b"first".to_vec(), vec![1]);
        for (instance, step) in steps {
            let tree = &instances[instance];
            let (now, newest) = (memory.elapsed(), run(tree.snapshot()).unwrap().commit());
            held.retain(|held| now < held.until);
            match step {
                Step::Commit(writes) => {
                    run(commit(tree, &writes)).unwrap();
                    writes.iter().for_each(|write| write.apply_to(&mut model));
                }
                Step::Flush(byte) => {
                    let write = Write::Put(b"flush".to_vec(), vec![byte; FLUSHED]);
                    run(commit(tree, std::slice::from_ref(&write))).unwrap();
                    write.apply_to(&mut model);
                }
                Step::Hold(seconds) => match run(tree.hold(Duration::from_secs(seconds))) {
                    Ok(id) => held.push(Expected {
                        id: id.unwrap(),
                        commit: newest,
                        model: model.clone(),
                        until: now + Duration::from_secs(seconds),
                    }),
                    Err(Error::TooManyHeld { limit, .. }) => {
                        prop_assert_eq!((limit, held.len()), (2, 2));
                    }
                    Err(error) => panic!("{error}"),
                },
                Step::HoldLonger(which, seconds) if !held.is_empty() => {
                    let held = which.get_mut(&mut held);
                    prop_assert!(run(tree.hold_longer(held.id, Duration::from_secs(seconds))).unwrap());
                    // Where more than half of it is left, nothing is written.
                    if held.until < now + Duration::from_secs(seconds) / 2 {
                        held.until = now + Duration::from_secs(seconds);
                    }
                }
                Step::Release(which) if !held.is_empty() => {
                    let Expected { id, .. } = held.remove(which.index(held.len()));
                    prop_assert!(run(tree.release(id)).unwrap());
                    prop_assert!(!run(tree.release(id)).unwrap());
                    prop_assert!(run(tree.held(id)).unwrap().is_none());
                }
                Step::HoldLonger(..) | Step::Release(_) => {}
                Step::Wait(seconds) => memory.advance(Duration::from_secs(seconds)),
                Step::Forget => tree.forget_pages(),
                Step::Vacuum => {
                    let vacuumed = run(tree.vacuum()).unwrap();
                    prop_assert_eq!((vacuumed.orphaned_pages, vacuumed.unknown_pages), (0, 0));
                }
            }
            for Expected { id, commit, model, until } in &held {
                match run(tree.held(*id)).unwrap() {
                    Some(snapshot) => {
                        prop_assert_eq!(&run(read(&snapshot)).unwrap(), model);
                        // To say that a flush begins is a commit, too.
                        prop_assert!(snapshot.commit() >= *commit);
                    }
                    None => prop_assert!(memory.elapsed() >= *until, "it ended too early"),
                }
            }
            prop_assert_eq!(run(read_all(tree)).unwrap(), model.clone());
        }
        held.retain(|held| memory.elapsed() < held.until);
        for Expected { id, .. } in held {
            prop_assert!(run(instances[0].release(id)).unwrap());
        }
        // What was listed last is deleted by a flush that comes a minute later, and so on.
        for _ in 0..20 {
            memory.advance(2 * MINUTE);
            run(put(&instances[0], "flush".into(), LARGE)).unwrap();
            run(instances[0].vacuum()).unwrap();
        }
        let contents = memory.contents().len();
        let audit = run(tree(memory.clone()).gauge()).unwrap();
        assert_nothing_is_left_over(&memory);
        prop_assert_eq!(audit.held, 0);
        prop_assert!((contents as u64) < 40 + 2 * audit.pages, "{} of {:?}", contents, audit);
        prop_assert_eq!(version_of_head(&memory), 3);
    }

    /// Writers add one to a number of their own and to the sum of all. Somebody holds commits meanwhile, with a
    /// store that does anything a store may do: what is held adds up, has all that was acknowledged before, and
    /// is the same however often it is read.
    #[test]
    fn what_is_held_is_one_commit_whoever_writes(
        schedule in vec(0_usize..24, 0..1500),
        sizes in vec(prop::sample::select(&[10, 3000, FLUSHED, LARGE][..]), 4..24),
        seed in 1..u64::MAX,
        of in prop::sample::select(&[12_u64, 40, 1000][..]),
        node_bytes in prop::sample::select(&[200, 4096][..]),
    ) {
        const WRITERS: usize = 3;
        let memory = Memory::default();
        let chaotic = |number: u64| Chaotic::new(memory.clone(), seed.wrapping_add(number) | 1, of);
        run(put(&tree_of_nodes(memory.clone(), node_bytes), "value".into(), LARGE)).unwrap();
        let acknowledged = RefCell::new([0_u32; WRITERS]);
        let commits = RefCell::new(Vec::new());
        let writing = Cell::new(WRITERS);
        let (acknowledged, commits, writing, sizes) = (&acknowledged, &commits, &writing, &sizes);
        let mut tasks: Vec<Task<'_, ()>> = Vec::new();
        for number in 0..WRITERS {
            let tree = tree_of_nodes(chaotic(number as u64), node_bytes);
            tasks.push(Box::pin(async move {
                for size in sizes {
                    let added = tree
                        .transact(async |transaction| {
                            let own = format!("own/{number}");
                            for key in ["sum".to_owned(), own] {
                                let before = transaction.get(&key).await?;
                                let before = before.map_or(0, |value| value[0]);
                                transaction.put(key, vec![before + 1]);
                            }
                            transaction.put(format!("value/{number}"), vec![1; *size]);
                            transaction.append("log/", vec![1]);
                            Ok::<_, Error>(())
                        })
                        .await;
                    match added {
                        Ok(()) => acknowledged.borrow_mut()[number] += 1,
                        Err(Error::OutcomeUnknown { .. } | Error::Store(_) | Error::Contended { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                writing.set(writing.get() - 1);
            }));
        }
        let (holder, clock) = (tree_of_nodes(chaotic(7), node_bytes), memory.clone());
        let fresh = || tree_of_nodes(memory.clone(), node_bytes);
        tasks.push(Box::pin(async move {
            let mut held = Vec::new();
            while writing.get() > 0 {
                let at_least = *acknowledged.borrow();
                if let Ok(Some(id)) = holder.hold(1000 * MINUTE).await {
                    let snapshot = fresh().held(id).await.unwrap().unwrap();
                    let model = read(&snapshot).await.unwrap();
                    let number = |key: String| model.get(key.as_bytes()).map_or(0, |value| u32::from(value[0]));
                    let own: Vec<_> = (0..WRITERS).map(|n| number(format!("own/{n}"))).collect();
                    assert_eq!(own.iter().sum::<u32>(), number("sum".into()), "{own:?}");
                    assert!(own.iter().zip(at_least).all(|(own, least)| *own >= least), "{own:?} {at_least:?}");
                    commits.borrow_mut().push((snapshot.commit(), log_of(&model)));
                    held.push((id, model));
                }
                clock.advance(2 * MINUTE);
                // It may find it contended.
                let _ = fresh().vacuum().await;
                for (id, model) in &held {
                    let snapshot = fresh().held(*id).await.unwrap().unwrap();
                    assert_eq!(read(&snapshot).await.unwrap(), *model);
                }
                if held.len() == 2 {
                    let (id, _) = held.remove(0);
                    while fresh().release(id).await.unwrap() {}
                }
            }
        }));
        interleave(tasks, &schedule);
        // It is of the commit that it says: there is all up to that, and nothing later.
        let log = log_of(&run(read_all(&tree_of_nodes(memory.clone(), node_bytes))).unwrap());
        for (commit, held) in commits.take() {
            let end = format!("log/{:016x}", commit + 1).into_bytes();
            let until: Vec<_> = log.iter().filter(|key| **key < end).cloned().collect();
            prop_assert_eq!(held, until, "commit {}", commit);
        }
    }

    /// Clocks decide when a hold ends, never what is read.
    #[test]
    fn whatever_clocks_show_what_is_held_is_right_or_has_expired(
        ahead in vec(-7200..7200_i64, 2),
        steps in vec((0..2_usize, 1..400_u64), 1..25),
    ) {
        let memory = Memory::default();
        let clocks = [0, 1].map(|_| memory.with_own_clock());
        clocks.iter().zip(&ahead).for_each(|(clock, ahead)| clock.set_clock_ahead(*ahead));
        let instances = clocks.map(tree);
        run(put(&instances[0], "value".into(), FLUSHED)).unwrap();
        let id = run(instances[0].hold(10 * MINUTE)).unwrap().unwrap();
        let model = run(read_all(&instances[0])).unwrap();
        for (instance, wait) in steps {
            run(put(&instances[instance], "value".into(), LARGE)).unwrap();
            run(instances[instance].vacuum()).unwrap();
            memory.advance(Duration::from_secs(wait));
            let fresh = &instances[1 - instance];
            fresh.forget_pages();
            if let Some(snapshot) = run(fresh.held(id)).unwrap() {
                match run(read(&snapshot)) {
                    Ok(read) => prop_assert_eq!(&read, &model),
                    Err(Error::Expired { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

#[test]
fn a_tree_that_does_not_exist_has_nothing_to_hold() {
    let tree = tree(Memory::default());
    assert_eq!(run(tree.hold(MINUTE)).unwrap(), None);
    let unknown: HoldId = "00000000000000ff".parse().unwrap();
    assert!(run(tree.held(unknown)).unwrap().is_none());
    assert!(
        !run(tree.release(unknown)).unwrap() && !run(tree.hold_longer(unknown, MINUTE)).unwrap()
    );
}

#[test]
fn a_name_is_read_as_it_is_written_and_nothing_else_is_one() {
    for text in ["0000000000000000", "00000000000000ff", "ffffffffffffffff"] {
        assert_eq!(text.parse::<HoldId>().unwrap().to_string(), text);
    }
    for text in ["", "ff", "+0000000000000ff", "00000000000000FF", "000000000000000ff", "….."] {
        let error = text.parse::<HoldId>().unwrap_err().to_string();
        assert!(error.contains("16 hexadecimal digits"), "{error}");
    }
}

/// A program that does not know what is held would delete its pages.
#[test]
fn an_earlier_program_is_told_as_long_as_something_is_held() {
    let memory = Memory::default();
    let tree = tree(memory.clone());
    run(put(&tree, "a".into(), 1)).unwrap();
    assert_eq!(version_of_head(&memory), 3);
    let first = run(tree.hold(MINUTE)).unwrap().unwrap();
    let second = run(tree.hold(MINUTE)).unwrap().unwrap();
    run(put(&tree, "a".into(), 1)).unwrap();
    assert_eq!((version_of_head(&memory), run(tree.gauge()).unwrap().held), (4, 2));
    assert!(run(tree.release(first)).unwrap());
    assert_eq!(version_of_head(&memory), 4);
    assert!(run(tree.release(second)).unwrap());
    assert_eq!(version_of_head(&memory), 3);
    // One that nobody releases ends with the first flush behind its time.
    run(tree.hold(MINUTE)).unwrap().unwrap();
    memory.advance(MINUTE);
    run(put(&tree, "a".into(), FLUSHED)).unwrap();
    assert_eq!(version_of_head(&memory), 3);
}

#[test]
fn a_copy_holds_nothing() {
    let memory = Memory::default();
    let original = tree(memory.clone());
    run(put(&original, "a".into(), FLUSHED)).unwrap();
    let id = run(original.hold(MINUTE)).unwrap().unwrap();
    run(put(&original, "a".into(), LARGE)).unwrap();
    let (copy, name) = (Memory::default(), TreeName::new("tenant.accounts").unwrap());
    let store = Store::new(copy.clone());
    run(original.copy_to(&store, |_| {})).unwrap();
    assert_eq!(run(read_all(&store.tree(name))).unwrap(), run(read_all(&original)).unwrap());
    assert!(run(tree(copy.clone()).held(id)).unwrap().is_none());
    assert_eq!((version_of_head(&memory), version_of_head(&copy)), (4, 3));
    // One that is complete already is the same, whatever is held.
    assert_eq!(run(original.copy_to(&store, |_| {})).unwrap().pages, 0);
    let only: BTreeMap<_, _> = memory
        .contents()
        .into_iter()
        .filter(|(key, _)| !copy.contents().contains_key(key))
        .collect();
    assert!(!only.is_empty(), "what is held is the original's");
}

/// What is held is there, or the store has lost it: to read it again later does not help.
#[test]
fn a_page_of_what_is_held_that_is_missing_is_damage() {
    let memory = Memory::default();
    let writer = tree_of_nodes(memory.clone(), 200);
    for number in 0..40 {
        run(put(&writer, format!("key/{number:02}"), 300)).unwrap();
    }
    let id = run(writer.hold(10 * MINUTE)).unwrap().unwrap();
    let pages: Vec<_> =
        memory.contents().into_keys().filter(|key| key.matches(':').count() == 2).collect();
    run(put(&writer, "later".into(), LARGE)).unwrap();
    let mut needed = 0;
    for page in pages {
        let value = memory.contents()[&page].to_vec();
        run(memory.delete_many(vec![page.clone()])).unwrap();
        let fresh = tree_of_nodes(memory.clone(), 200);
        let snapshot = run(fresh.held(id)).unwrap().unwrap();
        match run(read(&snapshot)) {
            Ok(_) => {}
            Err(Error::Damaged { key, .. }) => {
                assert_eq!(key, page);
                needed += 1;
            }
            Err(error) => panic!("{error}"),
        }
        run(memory.put_many(vec![(page, value)])).unwrap();
    }
    assert!(needed > 40, "{needed}");
    // Where it is not held any more, whoever still reads it is told so.
    let snapshot = run(writer.held(id)).unwrap().unwrap();
    assert!(run(writer.release(id)).unwrap());
    for _ in 0..40 {
        memory.advance(2 * MINUTE);
        run(put(&writer, "later".into(), LARGE)).unwrap();
        run(writer.vacuum()).unwrap();
    }
    writer.forget_pages();
    assert!(matches!(run(read(&snapshot)), Ok(_) | Err(Error::Expired { .. })));
}
