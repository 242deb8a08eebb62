//! A tree is copied into another store as it is, whatever interrupts that, and nothing is overwritten.

mod common;

use common::{LARGE, Model, fault, put, read_all, run, tree};
use kv_tree::copying::NotCopied;
use kv_tree::{Error, Faulty, Memory, Store};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// A store with a tree that was changed so often, with values of some sizes.
fn filled(changes: &[(u8, usize)]) -> Memory {
    let memory = Memory::default();
    let tree = tree(memory.clone());
    for (key, size) in changes {
        run(put(&tree, format!("k/{key:03}"), *size)).unwrap();
    }
    memory
}

fn changes() -> impl Strategy<Value = Vec<(u8, usize)>> {
    vec((any::<u8>(), prop::sample::select(&[10, 900, 3000, LARGE][..])), 0..80)
}

/// What the tree in the store has, and that it is whole.
fn content(memory: &Memory) -> (u64, Model) {
    let tree = tree(memory.clone());
    run(tree.audit()).unwrap();
    let commit = run(tree.snapshot()).unwrap().commit();
    (commit, run(read_all(&tree)).unwrap())
}

proptest! {
    #[test]
    fn a_copy_is_the_same_however_often_it_was_interrupted(
        before in changes(),
        after in changes(),
        faults in vec(btree_map(0..30_u64, fault(), 1..4), 0..6),
    ) {
        let (from, to) = (filled(&before), Memory::default());
        for plan in faults {
            let target = Store::new(Faulty::new(to.clone(), plan));
            // What comes of it does not matter.
            _ = run(tree(from.clone()).copy_to(&target, |_| {}));
        }
        let has_copy = run(tree(to.clone()).snapshot()).unwrap().commit() != 0;
        if !has_copy {
            for (key, size) in &after {
                run(put(&tree(from.clone()), format!("k/{key:03}"), *size)).unwrap();
            }
        }
        run(tree(from.clone()).copy_to(&Store::new(to.clone()), |_| {})).unwrap();
        prop_assert_eq!(content(&from), content(&to));
        // Once more: it is there.
        let again = run(tree(from.clone()).copy_to(&Store::new(to.clone()), |_| {})).unwrap();
        prop_assert_eq!(again.pages, 0);
        // It can be written to.
        run(put(&tree(to.clone()), "new".into(), LARGE)).unwrap();
        run(tree(to.clone()).audit()).unwrap();
    }
}

#[test]
fn what_is_there_is_not_copied_again() {
    let (from, to) = (filled(&[]), Memory::default());
    let tree = tree(from);
    for key in 0..200 {
        run(put(&tree, format!("k/{key:03}"), 900)).unwrap();
    }
    let target = Store::new(to.clone());
    let mut told = Vec::new();
    let first = run(tree.copy_to(&target, |copied| told.push(copied.pages))).unwrap();
    assert!(first.pages > 40 && first.bytes > 150_000, "{first:?}");
    assert!(told.is_sorted() && told.last() == Some(&first.pages), "{told:?}");
    // As if it had not come to its end: without the anchor.
    run(kv_tree::Kv::delete_many(&to, vec!["tenant.accounts".to_owned()])).unwrap();
    for key in 0..20 {
        run(put(&tree, format!("k/{key:03}"), 900)).unwrap();
    }
    let second = run(tree.copy_to(&target, |_| {})).unwrap();
    assert!(second.pages > 0 && second.pages * 2 < first.pages, "{second:?} {first:?}");
}

#[test]
fn another_tree_is_not_overwritten() {
    let (from, to) = (filled(&[(1, 10)]), filled(&[(2, 10)]));
    let before = content(&to);
    let refused = run(tree(from.clone()).copy_to(&Store::new(to.clone()), |_| {}));
    assert!(matches!(refused, Err(NotCopied::Exists(_))), "{refused:?}");
    assert_eq!(content(&to), before);

    // Nor is a copy that has gone on.
    let to = Memory::default();
    run(tree(from.clone()).copy_to(&Store::new(to.clone()), |_| {})).unwrap();
    run(put(&tree(to.clone()), "new".into(), 10)).unwrap();
    let refused = run(tree(from).copy_to(&Store::new(to), |_| {}));
    assert!(matches!(refused, Err(NotCopied::Exists(_))), "{refused:?}");
}

/// Two copy the same, one is done first, and its copy is used before the other one is done.
#[test]
fn a_copy_that_is_used_already_is_not_overwritten_by_another_one() {
    let (from, to) = (filled(&[]), Memory::default());
    let source = tree(from);
    for key in 0..100 {
        run(put(&source, format!("k/{key:03}"), 900)).unwrap();
    }
    let mut used = None;
    let slower = run(source.copy_to(&Store::new(to.clone()), |_| {
        if used.is_none() {
            run(source.copy_to(&Store::new(to.clone()), |_| {})).unwrap();
            run(put(&tree(to.clone()), "new".into(), 10)).unwrap();
            used = Some(content(&to));
        }
    }));
    assert!(matches!(slower, Err(NotCopied::Exists(_))), "{slower:?}");
    assert_eq!(Some(content(&to)), used);
}

#[test]
fn a_tree_that_is_not_there_is_copied_as_nothing() {
    let to = Memory::default();
    let copied = run(tree(Memory::default()).copy_to(&Store::new(to.clone()), |_| {})).unwrap();
    assert_eq!(copied.pages, 0);
    assert!(run(kv_tree::Kv::get(&to, "tenant.accounts")).unwrap().is_none());
}

#[test]
fn a_tree_that_changes_all_the_time_is_not_copied_half() {
    let (from, to) = (filled(&[]), Memory::default());
    let source = tree(from.clone());
    for key in 0..100 {
        run(put(&source, format!("k/{key:03}"), 900)).unwrap();
    }
    let mut n = 0;
    let writer = tree(from.clone());
    let outcome = run(source.copy_to(&Store::new(to.clone()), |_| {
        n += 1;
        run(put(&writer, format!("k/{:03}", n % 100), LARGE)).unwrap();
    }));
    assert!(matches!(outcome, Err(NotCopied::Changing(_))), "{outcome:?}");
    assert!(run(kv_tree::Kv::get(&to, "tenant.accounts")).unwrap().is_none());
    // When it stands still, little is left to do.
    run(source.copy_to(&Store::new(to.clone()), |_| {})).unwrap();
    assert_eq!(content(&from), content(&to));
}

#[test]
fn a_page_that_is_damaged_is_named() {
    let from = filled(&[]);
    let source = tree(from.clone());
    for key in 0..100 {
        run(put(&source, format!("k/{key:03}"), 900)).unwrap();
    }
    let mut pages = Vec::new();
    run(kv_tree::Kv::keys(&from, "", |key| pages.push(key.to_owned()))).unwrap();
    let page = pages.into_iter().find(|key| key.matches(':').count() == 2).unwrap();
    run(kv_tree::Kv::put_many(&from, vec![(page.clone(), vec![3; 40])])).unwrap();
    let to = Memory::default();
    let refused = run(tree(from).copy_to(&Store::new(to.clone()), |_| {}));
    let Err(NotCopied::Failed(error @ Error::Damaged { .. })) = refused else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains(&page), "{error}");
    assert!(run(kv_tree::Kv::get(&to, "tenant.accounts")).unwrap().is_none());
}

/// Writes all of many keys at once, so that many pages are replaced.
fn write_all(tree: &kv_tree::Tree<Memory>, value: u8) {
    run(tree.transact(async |transaction| {
        for key in 0..800 {
            transaction.put(format!("k/{key:03}"), vec![value; 900]);
        }
        Ok::<_, Error>(())
    }))
    .unwrap();
}

#[test]
fn a_list_of_retired_pages_that_has_a_page_of_its_own_is_copied_too() {
    let (from, to) = (Memory::default(), Memory::default());
    let source = tree(from.clone());
    write_all(&source, 1);
    write_all(&source, 2);
    run(source.copy_to(&Store::new(to.clone()), |_| {})).unwrap();
    assert_eq!(content(&from), content(&to));
}

#[test]
fn pages_that_go_while_they_are_copied_make_it_begin_anew() {
    let (from, to) = (Memory::default(), Memory::default());
    let (source, writer) = (tree(from.clone()), tree(from.clone()));
    write_all(&source, 1);
    let mut is_changed = false;
    run(source.copy_to(&Store::new(to.clone()), |_| {
        if !std::mem::replace(&mut is_changed, true) {
            for value in 2..12 {
                write_all(&writer, value);
                from.advance(std::time::Duration::from_secs(40));
            }
        }
    }))
    .unwrap();
    assert_eq!(content(&from), content(&to));
}
