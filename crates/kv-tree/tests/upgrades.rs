//! What each version of the formats has written is read, written on and cleaned up; what a newer one
//! has written is named, and left as it is.

mod common;
mod formats;

use std::collections::BTreeSet;
use std::time::Duration;

use common::whole::{Contents, store};
use common::{
    LARGE, Model, assert_nothing_is_left_over, put, read_all, run, tree_of_nodes, unread_pages,
};
use formats::{NODE_BYTES, TREE, commits};
use kv_tree::testing::text::{self, to_text};
use kv_tree::{Error, KeyRange, Kv, Memory, Tree};

/// What each version has written, the oldest first.
const FILES: [&str; 3] = [
    include_str!("formats/v1.store"),
    include_str!("formats/v2.store"),
    include_str!("formats/v3.store"),
];

/// The newest of them.
const NEWEST: u8 = FILES.len() as u8;

/// A version that nothing has: that behind a head's which keeps commits readable.
const UNKNOWN: u8 = NEWEST + 2;

/// What a file has.
fn from_text(file: &str) -> Contents {
    text::from_text(file).unwrap()
}

/// What all of them say.
fn model() -> Model {
    let mut model = Model::new();
    for (key, value) in commits().into_iter().flatten() {
        match value {
            Some(value) => drop(model.insert(key, value)),
            None => drop(model.remove(&key)),
        }
    }
    model
}

/// The tree of the store, for an instance that has just started.
fn tree(memory: &Memory) -> Tree<Memory> {
    tree_of_nodes(memory.clone(), NODE_BYTES)
}

/// The keys of heads and pages with the version of their values.
fn versions(contents: &Contents) -> Vec<(&String, u8)> {
    contents.iter().filter(|(key, _)| *key != TREE).map(|(key, value)| (key, value[0])).collect()
}

/// Whether a key is that of a page.
fn is_page(key: &str) -> bool {
    key.matches(':').count() == 2
}

fn head_key(contents: &Contents) -> String {
    contents.keys().find(|key| *key != TREE && !is_page(key)).unwrap().clone()
}

#[test]
fn there_is_a_file_of_each_version() {
    for (version, file) in (1..).zip(FILES) {
        let contents = from_text(file);
        assert_eq!(to_text(&contents), file);
        assert!(versions(&contents).iter().all(|(_, of_value)| *of_value == version));
    }
    let memory = Memory::default();
    run(formats::write(&memory)).unwrap();
    let contents = memory.contents();
    for (key, version) in versions(&contents) {
        assert_eq!(version, NEWEST, "{key}: a file of this version is missing, see tests/formats");
    }
    assert_eq!(run(read_all(&tree(&memory))).unwrap(), model());
}

#[test]
fn every_entry_is_read() {
    for file in FILES {
        let tree = tree(&store(&from_text(file)));
        assert_eq!(run(read_all(&tree)).unwrap(), model());
        assert_eq!(run(tree.audit()).unwrap().entries, model().len() as u64);
        let snapshot = run(tree.snapshot()).unwrap();
        let keys = KeyRange::prefix("key/");
        assert_eq!(run(snapshot.count(&keys)).unwrap(), 39);
        for (key, value) in model() {
            assert_eq!(run(snapshot.get(&key)).unwrap().unwrap()[..], value, "{key:?}");
        }
        assert_eq!(run(snapshot.get("key/31")).unwrap(), None, "it was deleted at last");
    }
}

#[test]
fn a_small_commit_keeps_every_entry() {
    for file in FILES {
        let memory = store(&from_text(file));
        run(put(&tree(&memory), "key/07".into(), 3)).unwrap();
        let mut expected = model();
        expected.insert(b"key/07".to_vec(), vec![1; 3]);
        assert_eq!(run(read_all(&tree(&memory))).unwrap(), expected);
        let contents = memory.contents();
        assert_eq!(contents[&head_key(&contents)][0], NEWEST, "the head is written anew");
    }
}

#[test]
fn what_is_written_anew_is_of_the_newest_version_and_nothing_is_left_over() {
    for file in FILES {
        let memory = store(&from_text(file));
        let writer = tree(&memory);
        let mut expected = model();
        for (key, value) in &mut expected {
            *value = vec![7; value.len() + 1];
            run(put(&writer, String::from_utf8(key.clone()).unwrap(), value.len())).unwrap();
            *value = vec![1; value.len()];
        }
        // What is retired is listed by the next flush, and deleted when a minute is over.
        for _ in 0..2 {
            run(put(&writer, "filling".into(), LARGE)).unwrap();
            memory.advance(Duration::from_secs(120));
        }
        expected.insert(b"filling".to_vec(), vec![1; LARGE]);
        let vacuumed = run(tree(&memory).vacuum()).unwrap();
        assert_eq!((vacuumed.orphaned_pages, vacuumed.unknown_pages), (0, 0));
        assert_nothing_is_left_over(&memory);
        assert_eq!(run(read_all(&tree(&memory))).unwrap(), expected);
        let contents = memory.contents();
        let audit = run(tree(&memory).audit()).unwrap();
        for (key, version) in versions(&contents) {
            assert_eq!(version, NEWEST, "{key}");
            assert!(audit.keys.contains(key));
        }
    }
}

#[test]
fn a_vacuum_takes_nothing_that_is_needed() {
    for file in FILES {
        let memory = store(&from_text(file));
        let before: BTreeSet<_> = memory.contents().into_keys().collect();
        let unread = unread_pages(&memory);
        memory.advance(Duration::from_secs(120));
        run(tree(&memory).vacuum()).unwrap();
        assert_eq!(run(read_all(&tree(&memory))).unwrap(), model());
        let left = memory.contents();
        assert!(before.difference(&unread).all(|key| left.contains_key(key)));
        assert_nothing_is_left_over(&memory);
    }
}

/// The contents with the value of a key as a newer version would have it.
fn newer(contents: &Contents, key: &str) -> Contents {
    let mut newer = contents.clone();
    let mut value = contents[key].to_vec();
    value[0] = UNKNOWN;
    newer.insert(key.to_owned(), value.into());
    newer
}

/// Checks that it is said what cannot be read, and why.
#[track_caller]
fn assert_is_newer<T: std::fmt::Debug>(outcome: Result<T, Error>, key: &str) {
    let error = outcome.unwrap_err();
    assert!(
        matches!(&error, Error::Newer { tree, key: named, version }
            if tree == TREE && named == key && *version == UNKNOWN),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "tree {TREE}: key {key} has format version {}, newer than this program knows",
            UNKNOWN
        )
    );
}

#[test]
fn a_newer_head_is_named_and_nothing_is_done() {
    for file in FILES {
        let whole = from_text(file);
        let head = &head_key(&whole);
        let contents = newer(&whole, head);
        let memory = store(&contents);
        assert_is_newer(run(read_all(&tree(&memory))), head);
        assert_is_newer(run(tree(&memory).audit()), head);
        assert_is_newer(run(put(&tree(&memory), "new".into(), 1)), head);
        memory.advance(Duration::from_secs(120));
        assert_is_newer(run(tree(&memory).vacuum()), head);
        assert_eq!(memory.contents(), contents);
    }
}

#[test]
fn a_newer_page_is_named_by_those_who_need_it_and_is_never_deleted() {
    let (mut of_tree, mut of_list) = (0, 0);
    for file in FILES {
        let whole = from_text(file);
        let unread = unread_pages(&store(&whole));
        for page in whole.keys().filter(|key| is_page(key)) {
            let contents = newer(&whole, page);
            let memory = store(&contents);
            let audited = run(tree(&memory).audit());
            if audited.is_ok() {
                // It waits to be deleted, which needs no look at it.
                continue;
            }
            assert_is_newer(audited, page);
            let read = run(read_all(&tree(&memory)));
            if unread.contains(page) {
                of_list += 1;
                assert_eq!(read.unwrap(), model());
            } else {
                of_tree += 1;
                assert_is_newer(read, page);
            }
            // Whoever writes does so beside it, and whoever cleans up leaves it alone.
            run(put(&tree(&memory), "key/01".into(), 3)).unwrap();
            memory.advance(Duration::from_secs(120));
            let vacuumed = run(tree(&memory).vacuum());
            if vacuumed.is_err() {
                assert_is_newer(vacuumed, page);
            }
            assert_eq!(memory.contents()[page], contents[page]);
            // A program that knows the version finds everything.
            run(memory.put_many(vec![(page.clone(), whole[page].to_vec())])).unwrap();
            let mut expected = model();
            expected.insert(b"key/01".to_vec(), vec![1; 3]);
            assert_eq!(run(read_all(&tree(&memory))).unwrap(), expected);
            if run(tree(&memory).vacuum()).unwrap().unknown_pages == 0 {
                assert_nothing_is_left_over(&memory);
            }
        }
    }
    assert!(of_tree > 15 && of_list >= 2, "{of_tree} {of_list}");
}
