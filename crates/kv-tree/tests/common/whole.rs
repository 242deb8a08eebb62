//! A store with a tree in it of which everything is known: what each commit has, and what it takes to
//! read it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use kv_tree::{Error, Kv, Memory};

use super::{FLUSHED, Model, Write, commit, read_all, run, tree, tree_of_nodes};

pub const ANCHOR: &str = "tenant.accounts";

pub type Contents = BTreeMap<String, Bytes>;

/// A store with a tree of several levels, values in pages of their own, retired pages and a list of
/// them, and a buffer.
pub struct Whole {
    pub contents: Contents,
    pub head_key: String,
    /// The commits of the tree, the newest last.
    pub commits: Vec<Commit>,
    /// What an instance that has just started cannot find without each of the keys in the store.
    pub paths: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

/// A commit of a tree. The store has it as long as there are the pages that later ones have retired.
pub struct Commit {
    pub head: Bytes,
    pub model: Model,
    /// The keys in the store that it takes to read it.
    pub needs: BTreeSet<String>,
}

pub static WHOLE: LazyLock<Whole> = LazyLock::new(Whole::new);

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
    pub fn swapped(&self, one: &str, other: &str) -> Contents {
        let mut contents = self.contents.clone();
        contents.insert(one.to_owned(), self.contents[other].clone());
        contents.insert(other.to_owned(), self.contents[one].clone());
        contents
    }

    pub fn newest(&self) -> &Commit {
        self.commits.last().unwrap()
    }

    /// All that an instance which has just started reads of a commit, if it is all right.
    pub fn read(&self, index: usize, contents: &Contents) -> Result<Model, Error> {
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
    pub fn check(&self, contents: &Contents, changed: &[&String]) {
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

pub fn is_head(key: &str) -> bool {
    key.matches(':').count() == 1
}

pub fn store(contents: &Contents) -> Memory {
    let memory = Memory::default();
    let contents = contents.iter().map(|(key, value)| (key.clone(), value.to_vec()));
    run(memory.put_many(contents.collect())).unwrap();
    memory.advance(Duration::from_secs(10));
    memory
}

/// What an instance finds that has just started.
pub fn get(memory: &Memory, key: &[u8]) -> Result<Option<Bytes>, Error> {
    run(async { tree(memory.clone()).snapshot().await?.get(key).await })
}

/// Checks that an error tells of the tree and one of the keys that were changed.
pub fn assert_names(error: &Error, changed: &[&String]) {
    match error {
        Error::Damaged { tree, key, .. } | Error::Newer { tree, key, .. } => {
            assert_eq!(tree, ANCHOR);
            assert!(changed.contains(&key), "{error}, but {changed:?} was changed");
        }
        error => panic!("{error}"),
    }
}
