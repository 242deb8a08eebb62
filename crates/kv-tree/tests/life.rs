//! The life of a tree: what creates it, what it refuses, and what it says of damage.

mod common;

use std::time::Duration;

use common::{FLUSHED, Write, commit, run, tree};
use kv_tree::{Error, KeyRange, Kv, MAX_KEY_BYTES, MAX_VALUE_BYTES, Memory, TreeName};

fn put(key: &str, value: impl Into<Vec<u8>>) -> Write {
    Write::Put(key.into(), value.into())
}

/// Enough for pages of two levels.
fn many() -> Vec<Write> {
    (0..100).map(|n| put(&format!("{n:03}"), [7; 200])).collect()
}

#[test]
fn reading_and_deleting_nothing_creates_nothing() {
    let kv = Memory::default();
    let tree = tree(kv.clone());
    run(async {
        assert_eq!(tree.snapshot().await.unwrap().count(&KeyRange::all()).await.unwrap(), 0);
        commit(&tree, &[Write::Delete(b"a".to_vec())]).await.unwrap();
        commit(&tree, &[]).await.unwrap();
        assert_eq!(tree.audit().await.unwrap().entries, 0);
        assert_eq!(tree.vacuum().await.unwrap(), kv_tree::Vacuumed::default());
    });
    assert!(kv.contents().is_empty());
}

#[test]
fn a_store_that_was_replaced_is_read_anew() {
    // The instance remembers what it learned of the first store.
    let kv = Memory::default();
    let tree = tree(kv.clone());
    run(async {
        commit(&tree, &many()).await.unwrap();
        tree.snapshot().await.unwrap().get("001").await.unwrap().unwrap();
        kv.delete_many(kv.contents().into_keys().collect()).await.unwrap();
        assert_eq!(tree.snapshot().await.unwrap().get("001").await.unwrap(), None);
        tree.vacuum().await.unwrap();
        commit(&tree, &[put("001", "second")]).await.unwrap();
        let value = tree.snapshot().await.unwrap().get("001").await.unwrap();
        assert_eq!(value.as_deref(), Some(&b"second"[..]));
    });
}

#[test]
fn a_vacuum_of_a_store_that_was_replaced_spares_its_head() {
    let (kv, other) = (Memory::default(), Memory::default());
    let remembering = tree(kv.clone());
    run(async {
        commit(&remembering, &[put("a", "old")]).await.unwrap();
        commit(&tree(other.clone()), &[put("a", "new")]).await.unwrap();
        kv.delete_many(kv.contents().into_keys().collect()).await.unwrap();
        let replacement = other.contents().into_iter().map(|(key, value)| (key, value.to_vec()));
        kv.put_many(replacement.collect()).await.unwrap();
        remembering.vacuum().await.unwrap();
        let value = remembering.snapshot().await.unwrap().get("a").await.unwrap();
        assert_eq!(value.as_deref(), Some(&b"new"[..]));
    });
}

#[test]
fn what_is_too_long_is_refused_whole() {
    let tree = tree(Memory::default());
    run(async {
        let longest = Write::Put(vec![b'k'; MAX_KEY_BYTES], vec![1; MAX_VALUE_BYTES]);
        commit(&tree, &[longest]).await.unwrap();
        for (key, value, what) in [(MAX_KEY_BYTES + 1, 1, "key"), (1, MAX_VALUE_BYTES + 1, "value")]
        {
            let writes = [put("small", "1"), Write::Put(vec![b'l'; key], vec![1; value])];
            let refused = commit(&tree, &writes).await.unwrap_err();
            assert!(matches!(&refused, Error::TooLong { what: w, .. } if *w == what), "{refused}");
        }
        assert_eq!(tree.audit().await.unwrap().entries, 1);
    });
}

#[test]
fn a_snapshot_outlives_what_it_shows_for_a_while() {
    let kv = Memory::default();
    let (writer, reader) = (tree(kv.clone()), tree(kv.clone()));
    run(async {
        commit(&writer, &many()).await.unwrap();
        let before = reader.snapshot().await.unwrap();
        let deletes: Vec<_> = (0..100).map(|n| Write::Delete(format!("{n:03}").into())).collect();
        for _ in 0..6 {
            commit(&writer, &deletes).await.unwrap();
            commit(&writer, &many()).await.unwrap();
        }
        kv.advance(Duration::from_secs(29));
        writer.vacuum().await.unwrap();
        assert!(before.get("050").await.unwrap().is_some());
        reader.forget_pages();
        kv.advance(Duration::from_secs(60));
        assert!(writer.vacuum().await.unwrap().retired_pages > 0);
        let expired = before.get("050").await;
        assert!(matches!(expired, Err(Error::Expired { .. })), "{expired:?}");
        let now = reader.snapshot().await.unwrap();
        assert_eq!(now.count(&KeyRange::all()).await.unwrap(), 100);
    });
}

#[test]
fn retired_pages_do_not_pile_up() {
    let kv = Memory::default();
    let tree = tree(kv.clone());
    run(async {
        commit(&tree, &many()).await.unwrap();
        let mut most = 0;
        for round in 0..200_u8 {
            commit(&tree, &[put("050", vec![round; FLUSHED])]).await.unwrap();
            kv.advance(Duration::from_secs(10));
            most = most.max(kv.contents().len());
        }
        // Each flush replaces a handful of pages, which stay for six of them and then some.
        assert!(most < 120, "{most} keys");
    });
}

#[test]
fn damage_of_the_head_is_reported_with_its_key() {
    let kv = Memory::default();
    let tree = tree(kv.clone());
    run(async {
        commit(&tree, &[put("a", "1")]).await.unwrap();
        let head = kv.contents().into_keys().find(|key| key.contains(':')).unwrap();
        kv.put_many(vec![(head.clone(), vec![1, 2, 3])]).await.unwrap();
        let Err(Error::Damaged { tree: name, key, .. }) = tree.snapshot().await else {
            panic!("the damage went unnoticed");
        };
        assert_eq!((name.as_str(), key), ("tenant.accounts", head.clone()));
        assert!(matches!(commit(&tree, &[put("a", "2")]).await, Err(Error::Damaged { .. })));
        kv.put_many(vec![(head.clone(), vec![200])]).await.unwrap();
        assert!(matches!(tree.snapshot().await, Err(Error::Newer { version: 200, .. })));
        kv.delete_many(vec![head]).await.unwrap();
        assert!(matches!(tree.snapshot().await, Err(Error::Damaged { .. })));
    });
}

#[test]
fn damage_of_a_page_is_reported_with_its_key() {
    let kv = Memory::default();
    let writer = tree(kv.clone());
    run(async {
        let mut writes = many();
        writes.push(put("large", [1; 5000]));
        commit(&writer, &writes).await.unwrap();
        let used = writer.audit().await.unwrap().keys;
        let stored = kv.contents();
        let pages: Vec<_> = used.iter().filter(|key| key.matches(':').count() == 2).collect();
        assert!(pages.len() > 5);
        for page in &pages {
            let other = pages.iter().find(|other| other != &page).unwrap();
            let whole = stored[*page].to_vec();
            let damages = [
                None,
                Some(vec![]),
                Some(vec![0; 9]),
                Some(whole[..whole.len() - 1].to_vec()),
                Some([&whole[..], &[0]].concat()),
                Some(stored[*other].to_vec()),
            ];
            for damage in damages {
                match &damage {
                    Some(bytes) => {
                        kv.put_many(vec![((*page).clone(), bytes.clone())]).await.unwrap();
                    }
                    None => kv.delete_many(vec![(*page).clone()]).await.unwrap(),
                }
                let reader = tree(kv.clone());
                match reader.audit().await {
                    Err(Error::Damaged { tree, key, .. }) => {
                        assert_eq!(tree, "tenant.accounts");
                        assert!(used.contains(&key), "{key}");
                    }
                    outcome => panic!("{page}, {damage:?}: {outcome:?}"),
                }
                kv.put_many(vec![((*page).clone(), whole.clone())]).await.unwrap();
            }
            let mut newer = whole.clone();
            newer[0] = 4;
            kv.put_many(vec![((*page).clone(), newer)]).await.unwrap();
            match tree(kv.clone()).audit().await {
                Err(Error::Newer { version: 4, key, .. }) => assert_eq!(key, **page),
                outcome => panic!("{page}: {outcome:?}"),
            }
            kv.put_many(vec![((*page).clone(), whole)]).await.unwrap();
        }
        tree(kv.clone()).audit().await.unwrap();
    });
}

#[test]
fn what_the_first_version_wrote_is_kept() {
    let kv = Memory::default();
    let tree = tree(kv.clone());
    run(async {
        commit(&tree, &[put("a", "1")]).await.unwrap();
        let head = kv.contents().into_keys().find(|key| key.contains(':')).unwrap();
        // Version 1, commit 5, 300 entries of 100 bytes: more than a head may have now.
        let mut bytes = vec![1, 5, 0, 0, 0, 0, 0, 0, 0, 44, 1, 0, 0];
        for number in 0..300 {
            bytes.extend([5, 0, 0, 0]);
            bytes.extend(format!("r/{number:03}").bytes());
            bytes.extend([100, 0, 0, 0]);
            bytes.extend([7; 100]);
        }
        kv.put_many(vec![(head.clone(), bytes)]).await.unwrap();
        let snapshot = tree.snapshot().await.unwrap();
        assert_eq!(snapshot.count(&KeyRange::prefix("r/")).await.unwrap(), 300);
        commit(&tree, &[put("r/300", "new")]).await.unwrap();
        assert_eq!(tree.audit().await.unwrap().entries, 301);
        assert!(kv.contents()[&head].len() < 1000);
        let snapshot = tree.snapshot().await.unwrap();
        assert_eq!(snapshot.get("r/299").await.unwrap().unwrap()[..], [7; 100]);
    });
}

#[test]
fn names_are_checked() {
    assert!(TreeName::new("acme.billingAccount-1_x").is_ok());
    for name in ["", "a:b", "a/b", "ä", &"x".repeat(129)] {
        assert!(matches!(TreeName::new(name), Err(Error::Name(_))), "{name}");
    }
}
