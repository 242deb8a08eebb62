//! Stores that each version of the formats has written, kept as files.
//!
//! `v1.store`, `v2.store` and `v3.store` are what the program of that version has made of the same
//! [`commits`]. They are never written again. When the version of the formats changes, the new program
//! writes one more, before anything else is changed:
//!
//! ```text
//! cargo run -p kv-tree --example write-store -- crates/kv-tree/tests/formats/v4.store
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use kv_tree::{Error, Memory, Store, TreeName};

/// The tree in a file.
pub const TREE: &str = "tenant.accounts";

/// The size of its nodes: small ones make a high tree of little data.
pub const NODE_BYTES: usize = 200;

/// What a commit writes: a value for each key, or nothing where it deletes it.
pub type Commit = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The commits that every file has. They make branches, values in pages of their own, flushes that
/// replace pages and thus a list of those, and at last something that is in the buffer alone.
pub fn commits() -> Vec<Commit> {
    let put = |key: String, size: usize, byte: u8| (key.into_bytes(), Some(vec![byte; size]));
    let mut commits = Vec::new();
    for round in 0..4_u8 {
        let changed = (0..40_u8).step_by(1 + usize::from(round));
        let mut commit: Commit =
            changed.map(|n| put(format!("key/{n:02}"), usize::from(n % 25), n ^ round)).collect();
        commit.extend([put(format!("paged/{}", round % 3), 2500, round)]);
        // It is too large for a buffer.
        commit.extend([put("filling".into(), 17_000, round)]);
        commits.push(commit);
    }
    commits.push(Commit::from([put("key/30".into(), 9, 9), put("new".into(), 9, 9)]));
    commits.push(Commit::from([(b"key/31".to_vec(), None), (b"paged/1".to_vec(), None)]));
    commits
}

/// Makes the commits, a second after each other.
pub async fn write(memory: &Memory) -> Result<(), Error> {
    let store = Store::with_node_bytes(memory.clone(), NODE_BYTES);
    let tree = store.tree(TreeName::new(TREE)?);
    for commit in commits() {
        tree.transact(async |transaction| {
            for (key, value) in &commit {
                match value {
                    Some(value) => transaction.put(key.clone(), value.clone()),
                    None => transaction.delete(key.clone()),
                }
            }
            Ok::<_, Error>(())
        })
        .await?;
        memory.advance(Duration::from_secs(1));
    }
    Ok(())
}
