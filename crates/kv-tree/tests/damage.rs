//! Whatever becomes of the bytes in a store, whoever needs them is told which key is damaged. Nobody
//! reads a wrong value, and what does not need the damaged key is read as before.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use common::whole::{Contents, WHOLE, assert_names, is_head, store};
use common::{LARGE, Write, commit, run, tree_of_nodes};
use kv_tree::Kv;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

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
