//! What would keep the application from starting, found before minutes are spent on building it, and
//! said in a line on either host.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use toml::Table;

/// Checks that `address` can be listened on.
pub fn can_listen(address: SocketAddr) -> anyhow::Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
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
        let path = folder.join("spin.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let table = text.parse().map_err(|error: toml::de::Error| anyhow!("{}", error.message()));
        Ok(Self(table.with_context(|| format!("{} is not TOML", path.display()))?))
    }

    /// Checks that there are variables of these names, which Spin would not.
    pub fn has_variables(&self, variables: &[(String, String)]) -> anyhow::Result<()> {
        let declared = self.table("variables");
        for (name, _) in variables {
            let names = || declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            ensure!(
                declared.contains_key(name),
                "there is no variable {name:?}; there are {}",
                names()
            );
        }
        Ok(())
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
        can_listen(address).unwrap();
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
        let given =
            |name: &str| [("tenant".to_owned(), "a".to_owned()), (name.to_owned(), "b".to_owned())];
        manifest.has_variables(&given("base_url")).unwrap();
        let error = manifest.has_variables(&given("base-url")).unwrap_err().to_string();
        assert!(error.contains("\"base-url\"") && error.contains("base_url, tenant"), "{error}");

        let error = manifest.is_built(folder.path()).unwrap_err().to_string();
        assert!(error.contains("component one") && error.contains("one.wasm"), "{error}");
        std::fs::write(folder.path().join("one.wasm"), "").unwrap();
        manifest.is_built(folder.path()).unwrap();
    }
}
