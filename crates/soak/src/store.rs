//! Where the data is: how it is locked, how large it is, and what is in it in the end.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use kv_tree::{Kv, TreeName, Vacuumed};
use remote_store::Address;
use remote_store::native::RemoteKv;
use rusqlite::Connection;
use sqlite_store::{FILE_NAME, NativeKv, Sqlite};
use store_bench::served::{Engine, Served};

use crate::log::Gauge;

/// The tenant of an application that is told nothing of tenants, and Spin's store.
const TENANT: &str = "default";
const LABEL: &str = "default";

/// How long who locks the file waits for others.
const PATIENCE: Duration = Duration::from_secs(30);

/// The store of the application.
pub enum Store {
    /// Spin's, in the folder.
    File(PathBuf),
    /// On a server of its own.
    Server(Box<Served>, Address),
}

/// What is in the store in the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Left {
    /// How large the data is, before anything is removed.
    pub gauge: Gauge,
    /// What a vacuum removed.
    pub vacuumed: Vacuumed,
    /// How many keys of the tenant nothing needs that are there all the same.
    pub unneeded: usize,
}

impl Store {
    /// A file in the folder, or a server.
    pub async fn start(engine: Option<Engine>, folder: &Path) -> anyhow::Result<Self> {
        let Some(engine) = engine else { return Ok(Self::File(folder.to_owned())) };
        let served = Served::start(engine, Duration::ZERO).await;
        let address = served.store(0)?;
        Ok(Self::Server(Box::new(served), address))
    }

    /// What it is, for those who read figures.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::File(_) => "SQLite",
            Self::Server(served, _) => served.engine().name(),
        }
    }

    /// The variables of an application that has its data there.
    pub fn variables(&self) -> Vec<(String, String)> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Server(_, address) => vec![
                ("store".to_owned(), address.url().to_owned()),
                ("store_host".to_owned(), address.allowed_host()),
            ],
        }
    }

    /// How many bytes the file has, with what is beside it; none where there is no file.
    pub fn bytes(&self) -> Option<u64> {
        let Self::File(folder) = self else { return None };
        let parts = ["", "-wal"].map(|end| folder.join(format!("{FILE_NAME}{end}")));
        Some(parts.iter().filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum())
    }

    /// Keeps others from writing for so long: another connection has locked the file, or the server stands
    /// still.
    pub async fn lock(&self, lasts: Duration) -> anyhow::Result<()> {
        match self {
            Self::File(folder) => {
                let path = folder.join(FILE_NAME);
                let locked = tokio::task::spawn_blocking(move || lock(&path, lasts)).await?;
                locked.context("the file cannot be locked")
            }
            Self::Server(served, _) => {
                served.stand_still();
                tokio::time::sleep(lasts).await;
                served.go_on();
                Ok(())
            }
        }
    }

    /// Looks at all of the tenant's data, which nobody must write to, and removes what crashes have left. It
    /// is an error if the data is damaged.
    pub async fn look(&self) -> anyhow::Result<Left> {
        match self {
            Self::File(folder) => look(NativeKv::new(Sqlite::open(folder)?.store(LABEL))).await,
            Self::Server(_, address) => look(RemoteKv::new(address, 0)).await,
        }
    }
}

fn lock(path: &Path, lasts: Duration) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    std::thread::sleep(lasts);
    connection.execute_batch("ROLLBACK")
}

async fn look<K: Kv>(kv: K) -> anyhow::Result<Left> {
    let name = TreeName::new(TENANT).map_err(|error| anyhow!("{error}"))?;
    let tree = kv_tree::Store::new(kv).tree(name);
    let kv_tree::audit::Gauge { entries, pages, bytes, retired_pages, .. } = tree.gauge().await?;
    let gauge = Gauge { entries, pages, bytes, retired_pages };
    tree.audit().await?;
    let vacuumed = tree.vacuum().await?;
    let needed: BTreeSet<String> = tree.audit().await?.keys;
    let mut unneeded = 0;
    let visit = |key: &str| unneeded += usize::from(!needed.contains(key));
    tree.kv().keys(&format!("{TENANT}:"), visit).await?;
    Ok(Left { gauge, vacuumed, unneeded })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs what cannot move to another thread.
    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_finds_what_the_tree_needs_and_what_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::start(None, folder.path()).await.unwrap();
        let kv = Sqlite::open(folder.path()).unwrap().store(LABEL);
        let tree =
            kv_tree::Store::new(NativeKv::new(kv.clone())).tree(TreeName::new(TENANT).unwrap());
        block_on(tree.transact(async |transaction| {
            (0..1000).for_each(|n| transaction.put(format!("{n}"), vec![0; 200]));
            Ok::<_, kv_tree::Error>(())
        }))
        .unwrap();
        let left = block_on(store.look()).unwrap();
        assert_eq!((left.gauge.entries, left.unneeded), (1000, 0));
        assert!(store.bytes().is_some_and(|bytes| bytes > left.gauge.bytes), "{left:?}");
        kv.set(&format!("{TENANT}:nobody's"), b"").unwrap();
        assert_eq!(block_on(store.look()).unwrap().unneeded, 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_writes_to_a_file_that_is_locked() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::start(None, folder.path()).await.unwrap();
        let kv = Sqlite::open(folder.path()).unwrap().store(LABEL);
        kv.set("key", b"before").unwrap();
        let write = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            block_on(async { kv.set("key", b"meanwhile") })
        };
        let lasts = Duration::from_millis(1500);
        let (locked, written) = tokio::join!(store.lock(lasts), write);
        locked.unwrap();
        assert!(written.unwrap_err().contains("locked"));
        kv.set("key", b"after").unwrap();
    }
}
