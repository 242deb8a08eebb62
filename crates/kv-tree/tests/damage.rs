//! Whatever becomes of the bytes in a store, whoever needs them is told which key is damaged. Nobody
//! reads a wrong value, and what does not need the damaged key is read as before. That holds for damage; of
//! bytes whose checksums are right although nobody wrote them it is promised only that they make nothing
//! panic or go on forever.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::LazyLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use bytes::Bytes;
use common::{
    FLUSHED, LARGE, Model, Task, Write, at_least, commit, poll, read_all, run, tree, tree_of_nodes,
};
use kv_tree::{Error, KeyRange, Kv, Memory, Order, Tree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use xxhash_rust::xxh3::xxh3_64_with_seed;

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

/// A change of the content of a value, behind its checksum.
#[derive(Debug, Clone)]
struct Forgery {
    /// Whether the value is the head, which leads to all others.
    of_head: bool,
    which: Index,
    edits: Vec<Edit>,
}

#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
}

/// How many bytes a value has before its content: the version and the checksum.
const SEAL_BYTES: usize = 9;

fn forgery() -> impl Strategy<Value = Forgery> {
    let byte = || {
        prop_oneof![
            4 => prop::sample::select(&[0, 1, 2, 31, 127, 128, 254, 255_u8][..]),
            1 => any::<u8>(),
        ]
    };
    let edit = prop_oneof![
        3 => (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        1 => (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        1 => any::<Index>().prop_map(Edit::Remove),
    ];
    let edits = vec(edit, 1..4);
    (prop::bool::weighted(0.25), any::<Index>(), edits)
        .prop_map(|(of_head, which, edits)| Forgery { of_head, which, edits })
}

impl Forgery {
    fn apply(&self, contents: &mut Contents) {
        let mut keys = contents.keys().filter(|key| *key != ANCHOR);
        let key = match self.of_head {
            true => &WHOLE.head_key,
            false => keys.nth(self.which.index(contents.len() - 1)).unwrap(),
        };
        let (key, mut content) = (key.clone(), contents[key][SEAL_BYTES..].to_vec());
        for edit in &self.edits {
            // Every other one is at the beginning, which says what all else is.
            let place = |at: &Index| match at.index(usize::MAX) % 2 {
                0 => at.index(content.len().max(1)),
                _ => at.index(content.len().clamp(1, 60)),
            };
            match edit {
                Edit::Set(at, byte) => {
                    let at = place(at);
                    content.iter_mut().skip(at).take(1).for_each(|old| *old = *byte);
                }
                Edit::Insert(at, byte) => content.insert(place(at).min(content.len()), *byte),
                Edit::Remove(at) => {
                    let start = place(at).min(content.len());
                    content.drain(start..content.len().min(start + 1));
                }
            }
        }
        let mut value = contents[&key][..1].to_vec();
        value.extend(xxh3_64_with_seed(&content, place(&key)).to_le_bytes());
        value.extend(content);
        contents.insert(key, value.into());
    }
}

/// The place that the checksum of a head or a page depends on.
fn place(key: &str) -> u64 {
    let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
    match key.split(':').collect::<Vec<_>>()[..] {
        [_, generation] => number(generation),
        [_, _, id] => {
            let id: Vec<_> = id.split('.').map(number).collect();
            id[1] ^ id[0].rotate_left(32) ^ id[2]
        }
        _ => panic!("{key} has no checksum"),
    }
}

/// What somebody does with a tree.
#[derive(Debug, Clone, Copy)]
enum Action {
    Count,
    Scan,
    Delete,
    Put,
    Audit,
    Vacuum,
}

const ACTIONS: [Action; 6] =
    [Action::Count, Action::Scan, Action::Delete, Action::Put, Action::Audit, Action::Vacuum];

impl Action {
    async fn take(self, tree: &Tree<Memory>) -> Result<(), Error> {
        let flush = || Write::Put("filling".into(), vec![3; FLUSHED]);
        match self {
            Self::Count => tree.snapshot().await?.count(&KeyRange::prefix("key/")).await.map(drop),
            Self::Scan => {
                let snapshot = tree.snapshot().await?;
                for order in [Order::Ascending, Order::Descending] {
                    let mut scan = snapshot.scan(KeyRange::all(), order).offset(3).limit(500);
                    while scan.next().await?.is_some() {}
                }
                Ok(())
            }
            Self::Delete => {
                let deletes = (0..50).map(|n| Write::Delete(format!("key/{n:02}").into()));
                commit(tree, &deletes.chain([flush()]).collect::<Vec<_>>()).await
            }
            Self::Put => {
                let puts = (0..50).step_by(3);
                let puts = puts.map(|n| Write::Put(format!("key/{n:02}+").into(), vec![3; 50]));
                commit(tree, &puts.chain([flush()]).collect::<Vec<_>>()).await
            }
            Self::Audit => tree.audit().await.map(drop),
            Self::Vacuum => tree.vacuum().await.map(drop),
        }
    }
}

proptest! {
    #![proptest_config(at_least(700))]

    #[test]
    fn no_bytes_with_right_checksums_make_anything_panic_or_go_on_forever(
        forgeries in vec(forgery(), 1..3),
        actions in Just(ACTIONS.to_vec()).prop_shuffle(),
    ) {
        let mut contents = WHOLE.contents.clone();
        forgeries.iter().for_each(|forgery| forgery.apply(&mut contents));
        let memory = store(&contents);
        // What is retired is due.
        memory.advance(Duration::from_secs(120));
        let (sender, receiver) = channel();
        let worker = std::thread::spawn(move || {
            for action in actions {
                let tree = tree_of_nodes(memory.clone(), 200);
                let mut task: Task<'_, _> = Box::pin(action.take(&tree));
                let is_done = (0..100_000).any(|_| poll(&mut task).is_ready());
                assert!(is_done, "{action:?} goes on forever");
            }
            drop(sender);
        });
        let waited = receiver.recv_timeout(Duration::from_secs(20));
        if waited == Err::<(), _>(RecvTimeoutError::Timeout) {
            // A thread cannot be stopped, and this one may take all memory: no shrinking.
            let _ = writeln!(std::io::stderr(), "a loop without end after {forgeries:#?}");
            std::process::exit(101);
        }
        prop_assert!(worker.join().is_ok(), "it panicked");
    }
}

/// A node as version 2 of the format has it, without a checksum.
fn unsealed(level: u8, entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![2, level, entries.len() as u8];
    for (key, item) in entries {
        bytes.extend([0, key.len() as u8]);
        bytes.extend(key.as_bytes());
        bytes.extend(item);
    }
    bytes
}

/// What a branch says of the node that is the page of the number.
fn child(page: u8, entries: u8, node: usize) -> Vec<u8> {
    let id = [&[1][..], &[0; 8], &[page]].concat();
    [&id[..], &[entries, (node as u8) << 1]].concat()
}

/// A root has two children, one of which is its own only child. The other one becomes empty, so that the
/// root has a single child, and is not needed.
#[test]
fn a_branch_that_leads_to_itself_is_damaged() {
    let generation = 1_u64 << 62 | 1;
    let head_key = format!("{ANCHOR}:{generation:016x}");
    let page = |number: u8| format!("{head_key}:1.{:016x}.{number:x}", 0);
    let leaf = unsealed(0, &[("a", vec![2, b'x'])]);
    let above = unsealed(1, &[("", child(1, 1, leaf.len()))]);
    let len = unsealed(1, &[("", child(3, 5, 0))]).len();
    let circle = unsealed(1, &[("", child(3, 5, len))]);
    let root = unsealed(2, &[("", child(2, 1, above.len())), ("b", child(3, 5, len))]);
    let head = [&[2][..], &7_u64.to_le_bytes(), &[5, 1, 0, 1], &child(4, 6, root.len()), &[0]];
    let contents = Contents::from([
        (ANCHOR.into(), generation.to_le_bytes().to_vec().into()),
        (head_key.clone(), head.concat().into()),
        (page(1), leaf.into()),
        (page(2), above.into()),
        (page(3), circle.into()),
        (page(4), root.into()),
    ]);
    let memory = store(&contents);
    assert_eq!(get(&memory, b"a").unwrap().as_deref(), Some(&b"x"[..]));
    let is_damaged = |outcome: Result<(), Error>| match outcome {
        Err(error @ Error::Damaged { .. }) => assert_names(&error, &[&page(3)]),
        outcome => panic!("{outcome:?}"),
    };
    is_damaged(get(&memory, b"c").map(drop));
    is_damaged(run(tree(memory.clone()).audit()).map(drop));
    // They are more than fit in the head.
    let absent = (0..20).map(|n| Write::Delete(format!("a{n:02}{:0>999}", "").into()));
    let writes: Vec<_> = [Write::Delete("a".into())].into_iter().chain(absent).collect();
    is_damaged(run(commit(&tree(memory.clone()), &writes)));
    assert_eq!(memory.contents(), contents, "nothing is made worse");
}
