//! Damaged data of a tree.

use std::sync::LazyLock;

use kv_tree::{Error, KeyRange, Kv, Memory, Order, Store, Tree, TreeName};

/// The contents of a tree with nodes on three levels, values in pages of their own, and a list of
/// retired pages.
static WHOLE: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let memory = Memory::default();
    let tree = tree(&memory);
    let write = async || {
        for round in 0..4_u8 {
            tree.transact(async |transaction| {
                for number in 0..60_u8 {
                    transaction.put(format!("key/{number:02}"), vec![round; usize::from(number)]);
                }
                transaction.put("large", vec![round; 300]);
                transaction.put("filling", vec![round; 17_000]);
                Ok::<_, Error>(())
            })
            .await?;
        }
        tree.transact(async |transaction| {
            transaction.put("buffered", "1");
            Ok::<_, Error>(())
        })
        .await
    };
    pollster::block_on(write()).expect("a whole store");
    memory.contents().into_iter().map(|(key, value)| (key, value.to_vec())).collect()
});

fn tree(memory: &Memory) -> Tree<Memory> {
    let name = TreeName::new("t").expect("a name that is allowed");
    Store::with_node_bytes(memory.clone(), 200).tree(name)
}

/// Damages the values of a tree as `data` says, and then reads and writes it: whatever comes of it,
/// it is an answer or an error.
///
/// Each change takes three bytes: which value, and if the second is 255, that all that is left of
/// `data` takes its place; otherwise where the third takes the place of a byte.
pub fn damaged_tree(data: &[u8]) {
    let mut contents = WHOLE.clone();
    let mut left = data;
    while let [which, place, byte, rest @ ..] = left {
        left = rest;
        let index = usize::from(*which) % contents.len();
        let (key, value) = &mut contents[index];
        // The anchor is what the store makes of it, always 8 bytes.
        let is_anchor = !key.contains(':');
        match (place, value.len()) {
            (255, _) if !is_anchor => {
                *value = rest.to_vec();
                break;
            }
            (_, 0) => {}
            (place, len) => value[usize::from(*place) * 7 % len] = *byte,
        }
    }
    let memory = Memory::default();
    // Errors are answers too; only a panic, or not to come back, is wrong.
    let _ = pollster::block_on(async {
        memory.put_many(contents).await?;
        let tree = tree(&memory);
        let _ = tree.audit().await;
        if let Ok(snapshot) = tree.snapshot().await {
            let _ = snapshot.get("key/30").await;
            let _ = snapshot.get("large").await;
            let _ = snapshot.count(&KeyRange::prefix("key/")).await;
            for order in [Order::Ascending, Order::Descending] {
                let mut scan = snapshot.scan(KeyRange::all(), order).offset(3).limit(500);
                while let Ok(Some(_)) = scan.next().await {}
            }
        }
        for value in [10, 17_000] {
            let _ = tree
                .transact(async |transaction| {
                    transaction.delete("key/31");
                    transaction.put("key/32", vec![0; value]);
                    Ok::<_, Error>(())
                })
                .await;
            memory.advance(std::time::Duration::from_secs(100));
        }
        tree.vacuum().await
    });
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tree_that_is_damaged_is_whole_before() {
        let memory = Memory::default();
        pollster::block_on(async {
            memory.put_many(WHOLE.clone()).await.unwrap();
            let audit = tree(&memory).audit().await.unwrap();
            assert_eq!(audit.entries, 63);
            assert!(audit.keys.len() > 40);
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn damage_is_never_a_panic(data in vec(any::<u8>(), 0..60)) {
            damaged_tree(&data);
        }
    }
}
