//! The operations, and what they cost.

use std::time::{Duration, Instant};

use anyhow::Context;
use kv_tree::{Error, KeyRange, Kv, Metered, Order, Store, Tree, Usage};

use crate::account::{Account, RECORD_BYTES, party_prefix};
use crate::clock::Clock;
use crate::fill::name;

/// What operations of one kind cost.
#[derive(Debug)]
pub struct Cost {
    pub operation: &'static str,
    operations: u64,
    total: Usage,
    most: Usage,
    /// How many operations made exactly one write call.
    one_write: u64,
    times: Vec<Duration>,
}

impl Cost {
    pub fn new(operation: &'static str) -> Self {
        let (total, most) = Default::default();
        Self { operation, operations: 0, total, most, one_write: 0, times: Vec::new() }
    }

    pub fn add(&mut self, usage: Usage, time: Duration) {
        self.operations += 1;
        self.total = Usage {
            read_calls: self.total.read_calls + usage.read_calls,
            write_calls: self.total.write_calls + usage.write_calls,
            bytes_read: self.total.bytes_read + usage.bytes_read,
            bytes_written: self.total.bytes_written + usage.bytes_written,
        };
        self.most.read_calls = self.most.read_calls.max(usage.read_calls);
        self.most.write_calls = self.most.write_calls.max(usage.write_calls);
        self.one_write += u64::from(usage.write_calls == 1);
        self.times.push(time);
    }

    fn mean(&self, of: impl Fn(&Usage) -> u64) -> f64 {
        of(&self.total) as f64 / self.operations.max(1) as f64
    }

    pub fn read_calls(&self) -> f64 {
        self.mean(|usage| usage.read_calls)
    }

    pub fn most_read_calls(&self) -> u64 {
        self.most.read_calls
    }

    pub fn write_calls(&self) -> f64 {
        self.mean(|usage| usage.write_calls)
    }

    /// The share of operations that made exactly one write call.
    pub fn one_write(&self) -> f64 {
        self.one_write as f64 / self.operations.max(1) as f64
    }

    pub fn kilobytes_read(&self) -> f64 {
        self.mean(|usage| usage.bytes_read) / 1024.0
    }

    pub fn kilobytes_written(&self) -> f64 {
        self.mean(|usage| usage.bytes_written) / 1024.0
    }

    /// Mean and median time. The mean of writes contains the flushes.
    pub fn times(&self) -> (Duration, Duration) {
        let mut times = self.times.clone();
        times.sort_unstable();
        let mean = times.iter().sum::<Duration>() / times.len().max(1) as u32;
        (mean, times.get(times.len() / 2).copied().unwrap_or_default())
    }
}

/// Measures all operations on the tree in `kv`.
pub async fn measure<K: Clock>(
    kv: K,
    mut accounts: Vec<Account>,
    operations: u64,
) -> anyhow::Result<Vec<Cost>> {
    let bench = Bench { tree: Store::new(Metered::new(kv)).tree(name(0)), operations };
    let mut random = fastrand::Rng::with_seed(2);
    let mut costs = vec![bench.raw_get().await?, bench.raw_set().await?];
    for (operation, cache) in [("get, cold", Cache::Cold), ("get, warm", Cache::Warm)] {
        costs.push(
            bench
                .cost(operation, cache, async |tree, _| {
                    let account = random.choice(&accounts).context("no accounts")?;
                    let value = tree.snapshot().await?.get(account.key()).await?;
                    value.context("the record is gone")?;
                    Ok(())
                })
                .await?,
        );
    }
    for (operation, cache) in
        [("20 of a party, cold", Cache::Cold), ("20 of a party, warm", Cache::Warm)]
    {
        costs.push(
            bench
                .cost(operation, cache, async |tree, _| {
                    let account = random.choice(&accounts).context("no accounts")?;
                    of_party(tree, &account.party).await
                })
                .await?,
        );
    }
    let middle = accounts.len() as u64 / 2;
    for (operation, cache) in
        [("20 at the middle, cold", Cache::Cold), ("20 at the middle, warm", Cache::Warm)]
    {
        costs.push(
            bench
                .cost(operation, cache, async |tree, _| {
                    let snapshot = tree.snapshot().await?;
                    snapshot.count(&KeyRange::prefix("r/")).await?;
                    let scan = snapshot.scan(KeyRange::prefix("r/"), Order::Ascending);
                    let mut scan = scan.offset(middle).limit(20);
                    while scan.next().await?.is_some() {}
                    Ok(())
                })
                .await?,
        );
    }

    let total = accounts.len() as u64;
    let mut inserted = Vec::new();
    costs.push(
        bench
            .cost("insert", Cache::AsItIs, async |tree, number| {
                let account = Account::new(total + number, total, RECORD_BYTES, &mut random);
                tree.transact(async |transaction| {
                    account.insert(transaction);
                    Ok::<_, Error>(())
                })
                .await?;
                inserted.push(account);
                Ok(())
            })
            .await?,
    );
    costs.push(
        bench
            .cost("update", Cache::AsItIs, async |tree, number| {
                let index = random.usize(..accounts.len());
                let account = &mut accounts[index];
                let now = 2 * total + number;
                tree.transact(async |transaction| {
                    transaction.get(account.key()).await?;
                    account.update(transaction, now);
                    Ok::<_, Error>(())
                })
                .await?;
                Ok(())
            })
            .await?,
    );
    costs.push(
        bench
            .cost("delete", Cache::AsItIs, async |tree, _| {
                let account = accounts.swap_remove(random.usize(..accounts.len()));
                tree.transact(async |transaction| {
                    transaction.get(account.key()).await?;
                    account.delete(transaction);
                    Ok::<_, Error>(())
                })
                .await?;
                accounts.extend(inserted.pop());
                Ok(())
            })
            .await?,
    );
    Ok(costs)
}

/// Reads 20 accounts of a party: index entries first, then their records.
async fn of_party<K: Kv>(tree: &Tree<K>, party: &str) -> anyhow::Result<()> {
    let snapshot = tree.snapshot().await?;
    let prefix = party_prefix(party);
    snapshot.count(&KeyRange::prefix(prefix.as_bytes())).await?;
    let mut scan = snapshot.scan(KeyRange::prefix(prefix.as_bytes()), Order::Ascending).limit(20);
    let mut keys = Vec::new();
    while let Some((key, _)) = scan.next().await? {
        let id = key.get(prefix.len()..).context("the index entry is too short")?;
        keys.push([b"r/", id].concat());
    }
    let records = snapshot.get_many(&keys).await?;
    records.into_iter().collect::<Option<Vec<_>>>().context("a record is gone")?;
    Ok(())
}

/// What an instance has cached of the pages when operations are measured.
#[derive(Clone, Copy)]
enum Cache {
    /// Nothing.
    Cold,
    /// What it read in twice as many operations before.
    Warm,
    /// What the operations themselves leave there.
    AsItIs,
}

struct Bench<K: Kv> {
    tree: Tree<Metered<K>>,
    operations: u64,
}

impl<K: Clock> Bench<K> {
    /// Runs an operation again and again.
    async fn cost(
        &self,
        name: &'static str,
        cache: Cache,
        mut operation: impl AsyncFnMut(&Tree<Metered<K>>, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Cost> {
        let mut cost = Cost::new(name);
        if let Cache::Warm = cache {
            for number in 0..2 * self.operations {
                operation(&self.tree, number).await?;
            }
        }
        for number in 0..self.operations {
            if let Cache::Cold = cache {
                self.tree.forget_pages();
            }
            let kv = self.tree.kv();
            let (before, begin) = (kv.usage(), Instant::now());
            operation(&self.tree, number).await?;
            cost.add(kv.usage() - before, begin.elapsed());
            kv.inner().advance(Duration::from_secs(2));
        }
        Ok(cost)
    }

    /// The floor of reading.
    async fn raw_get(&self) -> anyhow::Result<Cost> {
        let kv = self.tree.kv();
        kv.put_many(vec![("floor".into(), vec![7; 4096])]).await?;
        self.cost("floor: get of 4 KiB", Cache::AsItIs, async |tree, _| {
            tree.kv().get("floor").await?.context("the value is gone")?;
            Ok(())
        })
        .await
    }

    /// The floor of writing.
    async fn raw_set(&self) -> anyhow::Result<Cost> {
        self.cost("floor: set of 4 KiB", Cache::AsItIs, async |tree, number| {
            let value = vec![number as u8; 4096];
            tree.kv().put_many(vec![("floor".into(), value)]).await?;
            Ok(())
        })
        .await
    }
}
