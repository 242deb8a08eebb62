//! Whatever becomes of the bytes in a store, whoever needs them is told which key is damaged. Nobody
//! reads a wrong value, and what does not need the damaged key is read as before.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use common::{FLUSHED, LARGE, Model, Write, commit, read_all, run, tree, tree_of_nodes};
use kv_tree::{Error, Kv, Memory};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const ANCHOR: &str = "tenant.accounts";

type Contents = BTreeMap<String, Bytes>;

/// A store with a tree of several levels, values in pages of their own, retired pages and a list of
/// them, and a buffer.
struct Whole {
    contents: Contents,
    head_key: String,
    /// The commits of the tree, the newest last.
    commits: Vec<Commit>,
    /// What an instance that has just started cannot find without each of the keys in the store.
    paths: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

/// A commit of a tree. The store has it as long as there are the pages that later ones have retired.
struct Commit {
    head: Bytes,
    model: Model,
    /// The keys in the store that it takes to read it.
    needs: BTreeSet<String>,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(Whole::new);

impl Whole {
    fn new() -> Self {
        let memory = Memory::default();
        let tree = tree_of_nodes(memory.clone(), 200);
        let mut model = Model::new();
        let mut commits = Vec::new();
        let mut write = |writes: Vec<Write>| {
            run(commit(&tree, &writes)).unwrap();
            writes.iter().for_each(|write| write.apply_to(&mut model));
            memory.advance(Duration::from_secs(1));
            let contents = memory.contents();
            let head = contents.keys().find(|key| is_head(key)).unwrap();
            let (head, model) = (contents[head].clone(), model.clone());
            commits.push(Commit { head, model, needs: BTreeSet::new() });
        };
        let put = |key: String, size: usize, byte: u8| Write::Put(key.into(), vec![byte; size]);
        for round in 0..4_u8 {
            let mut writes: Vec<_> = (round..50)
                .step_by(1 + usize::from(round))
                // Many are as long as others, so that pages can take each other's place.
                .map(|n| put(format!("key/{n:02}"), usize::from(n.min(25)), n ^ round))
                .collect();
            writes.push(put(format!("paged/{}", round % 3), 3000, round));
            writes.push(put("paged/3".into(), 3000, round + 100));
            writes.push(put("filling".into(), FLUSHED, round));
            write(writes);
        }
        write(vec![put("key/30".into(), 9, 9), put("new".into(), 9, 9)]);
        write(vec![Write::Delete("key/31".into()), Write::Delete("paged/1".into())]);

        let contents = memory.contents();
        let head_key = contents.keys().find(|key| is_head(key)).unwrap().clone();
        let mut whole = Self { contents, head_key, commits, paths: BTreeMap::new() };
        for key in whole.contents.keys() {
            let mut lacking = whole.contents.clone();
            lacking.remove(key);
            for index in 0..whole.commits.len() {
                let read = whole.read(index, &lacking);
                let commit = &mut whole.commits[index];
                if *key == whole.head_key || read.ok().as_ref() != Some(&commit.model) {
                    commit.needs.insert(key.clone());
                }
            }
            let lacking = store(&lacking);
            let is_lost = |key: &&Vec<u8>| !matches!(get(&lacking, key), Ok(Some(_)));
            let path = whole.newest().model.keys().filter(is_lost).cloned().collect();
            whole.paths.insert(key.clone(), path);
        }
        whole
    }

    /// The store with the values of two keys in each other's place.
    fn swapped(&self, one: &str, other: &str) -> Contents {
        let mut contents = self.contents.clone();
        contents.insert(one.to_owned(), self.contents[other].clone());
        contents.insert(other.to_owned(), self.contents[one].clone());
        contents
    }

    fn newest(&self) -> &Commit {
        self.commits.last().unwrap()
    }

    /// All that an instance which has just started reads of a commit, if it is all right.
    fn read(&self, index: usize, contents: &Contents) -> Result<Model, Error> {
        let mut contents = contents.clone();
        if index + 1 < self.commits.len() {
            contents.insert(self.head_key.clone(), self.commits[index].head.clone());
        }
        let tree = tree(store(&contents));
        run(async {
            let audit = tree.audit().await?;
            let model = read_all(&tree).await?;
            assert_eq!(audit.entries, model.len() as u64);
            Ok(model)
        })
    }

    /// Checks what is read of a store in which the values of the keys were changed.
    fn check(&self, contents: &Contents, changed: &[&String]) {
        for (index, commit) in self.commits.iter().enumerate() {
            // Older commits are read by an older head.
            let is_damaged = |key: &&&String| {
                commit.needs.contains(**key)
                    && (**key != &self.head_key || index + 1 == self.commits.len())
            };
            match self.read(index, contents) {
                Ok(model) => {
                    assert_eq!(model, commit.model);
                    assert_eq!(changed.iter().find(is_damaged), None, "it went unnoticed");
                }
                Err(error) => assert_names(&error, changed),
            }
        }
        let memory = store(contents);
        for (key, value) in &self.newest().model {
            let needs_it = changed.iter().any(|changed| self.paths[*changed].contains(key));
            match get(&memory, key) {
                Ok(found) => {
                    assert_eq!(found.as_deref(), Some(&value[..]));
                    assert!(!needs_it, "it went unnoticed");
                }
                Err(error) => {
                    assert_names(&error, changed);
                    assert!(needs_it, "{error}, but it is not on the way to {key:?}");
                }
            }
        }
    }
}

fn is_head(key: &str) -> bool {
    key.matches(':').count() == 1
}

fn store(contents: &Contents) -> Memory {
    let memory = Memory::default();
    let contents = contents.iter().map(|(key, value)| (key.clone(), value.to_vec()));
    run(memory.put_many(contents.collect())).unwrap();
    memory.advance(Duration::from_secs(10));
    memory
}

/// What an instance finds that has just started.
fn get(memory: &Memory, key: &[u8]) -> Result<Option<Bytes>, Error> {
    run(async { tree(memory.clone()).snapshot().await?.get(key).await })
}

/// Checks that an error tells of the tree and one of the keys that were changed.
fn assert_names(error: &Error, changed: &[&String]) {
    match error {
        Error::Damaged { tree, key, .. } | Error::Newer { tree, key, .. } => {
            assert_eq!(tree, ANCHOR);
            assert!(changed.contains(&key), "{error}, but {changed:?} was changed");
        }
        error => panic!("{error}"),
    }
}

/// What becomes of a value.
#[derive(Debug, Clone)]
enum Damage {
    /// Bits of a byte are turned over.
    Flip(Index, u8),
    /// The version is another one.
    Version(u8),
    /// Nothing is left but the beginning.
    Cut(Index),
    Empty,
    /// Bytes follow.
    Longer(Vec<u8>),
    /// A part of it is what it was in no commit.
    Overwritten(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        8 => (any::<Index>(), 1..=255_u8).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        1 => prop::sample::select(&[0, 1, 2, 4, 255_u8][..]).prop_map(Damage::Version),
        2 => any::<Index>().prop_map(Damage::Cut),
        1 => Just(Damage::Empty),
        1 => vec(any::<u8>(), 1..9).prop_map(Damage::Longer),
        1 => (any::<Index>(), vec(any::<u8>(), 1..40))
            .prop_map(|(at, bytes)| Damage::Overwritten(at, bytes)),
    ]
}

impl Damage {
    fn to(&self, whole: &[u8]) -> Bytes {
        let mut value = whole.to_vec();
        match self {
            Self::Flip(at, mask) => value[at.index(whole.len())] ^= mask,
            Self::Version(version) => value[0] = *version,
            Self::Cut(len) => value.truncate(len.index(whole.len())),
            Self::Empty => value.clear(),
            Self::Longer(bytes) => value.extend(bytes),
            Self::Overwritten(at, bytes) => {
                let at = at.index(whole.len());
                value.iter_mut().skip(at).zip(bytes).for_each(|(byte, new)| *byte = *new);
            }
        }
        value.into()
    }
}

/// The store after `damage`, and which key it has changed.
fn damaged(which: Index, damage: &Damage) -> (Contents, &'static String) {
    let (key, value) = WHOLE.contents.iter().nth(which.index(WHOLE.contents.len())).unwrap();
    let mut contents = WHOLE.contents.clone();
    contents.insert(key.clone(), damage.to(value));
    (contents, key)
}

proptest! {
    #[test]
    fn damage_is_found_and_named_by_those_who_need_what_is_damaged(
        which: Index,
        damage in damage(),
    ) {
        let (contents, key) = damaged(which, &damage);
        prop_assume!(contents != WHOLE.contents);
        WHOLE.check(&contents, &[key]);
    }

    #[test]
    fn pages_that_stand_in_each_others_place_are_found(which: (Index, Index)) {
        let pages: Vec<_> = WHOLE.contents.keys().filter(|key| key.matches(':').count() == 2).collect();
        let (one, other) = (pages[which.0.index(pages.len())], pages[which.1.index(pages.len())]);
        prop_assume!(one != other);
        WHOLE.check(&WHOLE.swapped(one, other), &[one, other]);
    }

    /// Those who write to a damaged tree, or clean up in it, make nothing worse: once the damaged value
    /// is put back, everything is there.
    #[test]
    fn what_is_damaged_can_be_put_back(which: Index, damage in damage(), sizes in vec(0..LARGE, 0..3)) {
        let (contents, key) = damaged(which, &damage);
        let memory = store(&contents);
        let mut model = WHOLE.newest().model.clone();
        let worker = tree_of_nodes(memory.clone(), 200);
        for (n, size) in sizes.into_iter().enumerate() {
            let writes = [Write::Put(format!("key/{n:02}/later").into(), vec![7; size])];
            match run(commit(&worker, &writes)) {
                Ok(()) => writes[0].apply_to(&mut model),
                Err(error) => assert_names(&error, &[key]),
            }
            memory.advance(Duration::from_secs(20));
        }
        if let Err(error) = run(worker.vacuum()) {
            assert_names(&error, &[key]);
        }
        // Whoever could write the head has written a whole one.
        if !is_head(key) || memory.contents()[key] == contents[key] {
            run(memory.put_many(vec![(key.clone(), WHOLE.contents[key].to_vec())])).unwrap();
        }
        let contents = memory.contents();
        prop_assert_eq!(WHOLE.read(WHOLE.commits.len() - 1, &contents).unwrap(), model);
    }
}

#[test]
fn every_key_in_the_store_is_needed_by_a_commit() {
    let needed: BTreeSet<_> = WHOLE.commits.iter().flat_map(|commit| &commit.needs).collect();
    assert!(WHOLE.contents.keys().eq(needed), "what nobody needs cannot be found damaged");
    for (index, commit) in WHOLE.commits.iter().enumerate() {
        assert_eq!(WHOLE.read(index, &WHOLE.contents).unwrap(), commit.model);
    }
    let (retired, used): (Vec<_>, Vec<_>) =
        WHOLE.contents.keys().partition(|key| !WHOLE.newest().needs.contains(*key));
    assert!(retired.len() >= 15 && used.len() >= 15, "{} {}", retired.len(), used.len());
    let list = used.iter().filter(|key| WHOLE.paths[**key].is_empty()).count();
    assert!(list > 1, "{list} pages are of the list of retired pages");
    let own = used.iter().filter(|key| WHOLE.paths[**key].len() == 1).count();
    assert!(own > 2, "{own} values in pages of their own");
    let levels: BTreeSet<_> = WHOLE.paths.values().map(BTreeSet::len).collect();
    assert!(levels.len() > 5, "{levels:?}");
}

#[test]
fn every_byte_of_every_key_is_guarded() {
    for (key, value) in &WHOLE.contents {
        let index = WHOLE.commits.iter().rposition(|commit| commit.needs.contains(key)).unwrap();
        // Most of a long value is alike.
        for at in (0..value.len()).filter(|at| *at < 60 || at % 97 == 0) {
            let mut contents = WHOLE.contents.clone();
            let mut changed = value.to_vec();
            changed[at] ^= 1 << (at % 8);
            contents.insert(key.clone(), changed.into());
            assert_names(&WHOLE.read(index, &contents).unwrap_err(), &[key]);
        }
    }
}
