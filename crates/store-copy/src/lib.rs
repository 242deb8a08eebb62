//! Copies tenants from one store to another, as they are: what clients and receivers of events remember stays
//! right. A copy that was interrupted goes on where it was. In the end it is read whole and checked.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use access::Tenant;
use anyhow::{Context, anyhow, bail, ensure};
use jiff::Timestamp;
use kv_tree::copying::Copied;
use kv_tree::{Kv, Store, TreeName};
use remote_store::Address;
use remote_store::native::RemoteKv;
use sqlite_store::{NativeKv, Sqlite};

/// Where a store is.
#[derive(Debug, Clone)]
pub enum Place {
    /// In a file that Spin keeps it in.
    File(PathBuf),
    /// At an address.
    Network(Address),
}

impl Place {
    /// Reads an address, or else the path of a file.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        match text.split_once("://") {
            None => Ok(Self::File(text.into())),
            Some(_) => {
                Address::parse(text).map(Self::Network).map_err(|error| anyhow!("a store: {error}"))
            }
        }
    }
}

/// What the copy of a tree has come to.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'p> {
    /// So much of the tree is copied by now.
    Copying(&'p str, Copied),
    /// The copy of the tree is read whole.
    Checking(&'p str),
    /// The tree is copied, and has so many entries.
    Done(&'p str, Copied, u64),
}

/// Copies these tenants, or everything if there are none, and tells how far it is.
pub async fn copy(
    from: &Place,
    to: &Place,
    tenants: &[String],
    progress: impl FnMut(Progress<'_>),
) -> anyhow::Result<()> {
    if let Place::File(path) = from {
        ensure!(path.is_file(), "there is no store in {}", path.display());
    }
    let file = |path: &PathBuf| {
        let file = Sqlite::open_file(path).with_context(|| format!("{}", path.display()))?;
        anyhow::Ok(NativeKv::new(file.store("default")))
    };
    let network = |address: &Address| RemoteKv::new(address, 0);
    match (from, to) {
        (Place::File(from), Place::File(to)) => {
            between(file(from)?, file(to)?, tenants, progress).await
        }
        (Place::File(from), Place::Network(to)) => {
            between(file(from)?, network(to), tenants, progress).await
        }
        (Place::Network(from), Place::File(to)) => {
            between(network(from), file(to)?, tenants, progress).await
        }
        (Place::Network(from), Place::Network(to)) => {
            between(network(from), network(to), tenants, progress).await
        }
    }
}

async fn between<F: Kv, T: Kv>(
    from: F,
    to: T,
    tenants: &[String],
    mut progress: impl FnMut(Progress<'_>),
) -> anyhow::Result<()> {
    let mut names = trees(&from).await?;
    if !tenants.is_empty() {
        if let Some(absent) = tenants.iter().find(|tenant| !names.contains(*tenant)) {
            bail!("there is no tenant {absent} to copy; there are: {}", names.join(", "));
        }
        names = tenants.to_vec();
    }
    let (from, to) = (Store::new(from), Store::new(to));
    for name in &names {
        copy_tree(&from, &to, name, &mut progress).await.with_context(|| name.clone())?;
    }
    // What a tenant has to do is known in a tree of its own, which was not copied with it.
    for name in tenants {
        let tenant = Tenant::new(name).with_context(|| format!("{name:?} cannot be a tenant"))?;
        tmf630::announce_tenant(&to, &tenant, Timestamp::now())
            .await
            .map_err(|error| anyhow!("{name}: {error:?}"))?;
    }
    Ok(())
}

async fn copy_tree<F: Kv, T: Kv>(
    from: &Store<F>,
    to: &Store<T>,
    name: &str,
    progress: &mut impl FnMut(Progress<'_>),
) -> anyhow::Result<()> {
    let source = from.tree(TreeName::new(name)?);
    let copied = source.copy_to(to, |copied| progress(Progress::Copying(name, copied))).await?;
    progress(Progress::Checking(name));
    let target = to.tree(TreeName::new(name)?);
    let entries = target.audit().await.context("the copy")?.entries;
    let (ours, theirs) = (source.snapshot().await?.commit(), target.snapshot().await?.commit());
    ensure!(
        ours == theirs,
        "it was written to while it was copied (commit {ours}, of which {theirs} was copied): stop what writes, \
         delete the key {name} of the copy, and copy again"
    );
    progress(Progress::Done(name, copied, entries));
    Ok(())
}

/// The names of the trees that are there: their anchors are keys without a colon.
async fn trees(kv: &impl Kv) -> anyhow::Result<Vec<String>> {
    let mut names = std::collections::BTreeSet::new();
    kv.keys("", |key| {
        if !key.contains(':') {
            names.insert(key.to_owned());
        }
    })
    .await?;
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_path() {
        assert!(matches!(Place::parse(".spin/sqlite_key_value.db").unwrap(), Place::File(_)));
        assert!(matches!(Place::parse("redis://cache/1").unwrap(), Place::Network(_)));
        let error = Place::parse("mysql://me:secret@db").unwrap_err().to_string();
        assert!(error.contains("redis://") && !error.contains("secret"), "{error}");
    }
}
