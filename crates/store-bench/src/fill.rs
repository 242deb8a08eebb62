//! Filling a tree.

use std::time::Duration;

use kv_tree::{Error, Memory, Store, TreeName};
use uuid::ContextV7;

use crate::account::Account;

/// How many records a commit writes: many at once would fill pages better than single ones do.
const RECORDS_PER_COMMIT: u64 = 2000;

/// How many bytes of pages are copied at a time.
const COPY_BYTES: usize = 32 << 20;

/// The name of the tree.
pub fn name() -> TreeName {
    TreeName::new("bench.billingAccount").expect("a name that is allowed")
}

/// Fills a tree with accounts, and returns them.
pub async fn fill(memory: &Memory, records: u64) -> Result<Vec<Account>, Error> {
    let tree = Store::new(memory.clone()).tree(name());
    let (context, mut random) = (ContextV7::new(), fastrand::Rng::with_seed(1));
    let accounts: Vec<_> =
        (0..records).map(|n| Account::new(&context, n, records, &mut random)).collect();
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

/// Copies what is in memory to a file.
pub fn copy(memory: &Memory, store: &sqlite_store::Store) -> anyhow::Result<()> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    let write =
        |batch: &mut Vec<_>| store.set_many(&std::mem::take(batch)).map_err(anyhow::Error::msg);
    for (key, value) in memory.contents() {
        bytes += value.len();
        batch.push((key, value.to_vec()));
        if bytes > COPY_BYTES {
            write(&mut batch)?;
            bytes = 0;
        }
    }
    write(&mut batch)
}
