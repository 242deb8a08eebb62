//! Of bytes whose checksums are right although nobody wrote them it is promised only that they make
//! nothing panic or go on forever.

mod common;

use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use common::whole::{ANCHOR, Contents, WHOLE, assert_names, get, store};
use common::{FLUSHED, Task, Write, at_least, commit, poll, run, tree, tree_of_nodes};
use kv_tree::{Error, KeyRange, Memory, Order, Tree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use xxhash_rust::xxh3::xxh3_64_with_seed;

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
