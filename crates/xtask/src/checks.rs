//! What would keep the application from starting, found before minutes are spent on building it, and
//! said in a line on either host.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{bail, ensure};
use toml::Table;

use crate::toml_file;

/// Checks that `address` can be listened on, and chooses a free port where it has none.
pub fn can_listen(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(listener.local_addr()?),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("{address} is taken; --listen takes another address")
        }
        Err(error) => {
            bail!("cannot listen on {address} ({error}); --listen takes another address")
        }
    }
}

/// What an application says of itself in its `spin.toml`.
pub struct Manifest(Table);

impl Manifest {
    /// Reads the manifest in `folder`.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self(toml_file::read(&folder.join("spin.toml"))?))
    }

    /// Checks that there are variables of these `names`, which Spin would not.
    pub fn has_variables<'n>(&self, names: impl Iterator<Item = &'n str>) -> anyhow::Result<()> {
        let declared = self.table("variables");
        for name in names {
            let names = || declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            ensure!(
                declared.contains_key(name),
                "there is no variable {name:?}; there are {}",
                names()
            );
        }
        Ok(())
    }

    /// The values of variables that are given none.
    pub fn defaults(&self) -> BTreeMap<String, String> {
        let declared = self.table("variables").into_iter();
        let defaults = declared.map(|(name, variable)| {
            let default = variable.get("default").and_then(|default| default.as_str());
            (name, default.unwrap_or_default().to_owned())
        });
        defaults.collect()
    }

    /// Checks that the files of all components are in `folder`.
    pub fn is_built(&self, folder: &Path) -> anyhow::Result<()> {
        for (id, component) in self.table("component") {
            let source = component.get("source").and_then(|source| source.as_str());
            let Some(source) = source else { continue };
            let is_there = folder.join(source).is_file();
            ensure!(is_there, "component {id}: there is no file {source}, and no crate makes it");
        }
        Ok(())
    }

    /// A manifest of this text.
    #[cfg(test)]
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(Self(text.parse()?))
    }

    fn table(&self, key: &str) -> Table {
        self.0.get(key).and_then(|value| value.as_table()).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_taken_is_named() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let error = can_listen(address).unwrap_err().to_string();
        assert_eq!(error, format!("{address} is taken; --listen takes another address"));
        drop(other);
        assert_eq!(can_listen(address).unwrap(), address);
        assert_ne!(can_listen("127.0.0.1:0".parse().unwrap()).unwrap().port(), 0);
        // Of a network for documentation.
        let error = can_listen("192.0.2.1:3000".parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("cannot listen on 192.0.2.1:3000"), "{error}");
    }

    #[test]
    fn what_the_manifest_lacks_is_named() {
        let manifest = r#"
            variables = { tenant = { default = "" }, base_url = { default = "" } }
            component.one = { source = "one.wasm" }
        "#;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
        let manifest = Manifest::read(folder.path()).unwrap();
        manifest.has_variables(["tenant", "base_url"].into_iter()).unwrap();
        let error = manifest.has_variables(["tenant", "base-url"].into_iter());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("\"base-url\"") && error.contains("base_url, tenant"), "{error}");

        let error = manifest.is_built(folder.path()).unwrap_err().to_string();
        assert!(error.contains("component one") && error.contains("one.wasm"), "{error}");
        std::fs::write(folder.path().join("one.wasm"), "").unwrap();
        manifest.is_built(folder.path()).unwrap();
    }
}
