//! Filling a tree.

use std::time::Duration;

use kv_tree::{Error, Kv, Memory, Store, TreeName};

use crate::account::Account;

/// How many records a commit writes: many at once would fill pages better than single ones do.
const RECORDS_PER_COMMIT: u64 = 2000;

/// How many bytes of pages are copied at a time.
const COPY_BYTES: usize = 32 << 20;

/// The name of a tree. There can be several; the first is number 0.
pub fn name(number: usize) -> TreeName {
    TreeName::new(format!("bench-{number}.billingAccount")).expect("a name that is allowed")
}

/// Fills a tree with accounts whose records have so many bytes, and returns them.
pub async fn fill(
    memory: &Memory,
    tree: TreeName,
    records: u64,
    bytes: usize,
) -> Result<Vec<Account>, Error> {
    let tree = Store::new(memory.clone()).tree(tree);
    let mut random = fastrand::Rng::with_seed(1);
    let accounts: Vec<_> =
        (0..records).map(|n| Account::new(n, records, bytes, &mut random)).collect();
    for accounts in accounts.chunks(RECORDS_PER_COMMIT as usize) {
        tree.transact(async |transaction| {
            accounts.iter().for_each(|account| account.insert(transaction));
            Ok::<_, Error>(())
        })
        .await?;
        memory.advance(Duration::from_secs(20));
    }
    memory.advance(Duration::from_secs(120));
    tree.vacuum().await?;
    Ok(accounts)
}

/// Copies what is in memory to another store.
pub async fn copy<K: Kv>(memory: &Memory, store: &K) -> anyhow::Result<()> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (key, value) in memory.contents() {
        bytes += value.len();
        batch.push((key, value.to_vec()));
        if bytes > COPY_BYTES || batch.len() >= store.limits().write_batch {
            store.put_many(std::mem::take(&mut batch)).await?;
            bytes = 0;
        }
    }
    Ok(store.put_many(batch).await?)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    #[test]
    fn a_copy_has_all_accounts() {
        let (memory, copied) = (Memory::default(), Memory::default());
        let accounts = block_on(fill(&memory, name(0), 3000, 1500)).unwrap();
        block_on(copy(&memory, &copied)).unwrap();
        assert_eq!(copied.contents(), memory.contents());
        assert!(copied.contents().len() > copied.limits().write_batch, "one batch would do");
        let snapshot = block_on(Store::new(copied).tree(name(0)).snapshot()).unwrap();
        for account in &accounts {
            assert!(block_on(snapshot.get(account.key())).unwrap().is_some());
        }
    }
}
