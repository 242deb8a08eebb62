//! Spin's runtime configuration (`--runtime-config-file`): the part of it that this host supports,
//! which is where the key-value store is, and where requests of components must not lead to.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ipnet::IpNet;
use serde::Deserialize;
use webhook::is_private_address;

use crate::manifest::in_a_line;

/// What a file of the runtime configuration may have.
const SUPPORTED: &str = "devhost supports [key_value_store.default] with type = \"spin\" and path, and \
                         block_networks in [outbound_networking]";

/// What is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuntimeConfig {
    /// Where the key-value store is.
    pub store: Place,
    /// What requests of components must not lead to.
    pub blocked_networks: BlockedNetworks,
}

/// Where the key-value store is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// In the file that it always has in the state folder.
    #[default]
    StateDir,
    /// In this file.
    File(PathBuf),
    /// In memory, where it ends with the host: what Spin does with a store that has no path.
    Memory,
}

/// Networks of addresses that no component connects to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct BlockedNetworks(Vec<Network>);

/// An entry of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Network {
    /// All that the Internet does not lead to.
    Private,
    /// One in the notation of CIDR.
    Only(IpNet),
}

impl BlockedNetworks {
    /// Whether the address is in one of them, be it written as one of IPv6.
    pub fn contain(&self, address: IpAddr) -> bool {
        let embedded = match address {
            IpAddr::V6(address) => address.to_ipv4().map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        [Some(address), embedded].into_iter().flatten().any(|address| {
            self.0.iter().any(|network| match network {
                Network::Private => is_private_address(address),
                Network::Only(network) => network.contains(&address),
            })
        })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(entry: String) -> Result<Self, String> {
        match (&entry[..], entry.parse()) {
            ("private", _) => Ok(Self::Private),
            (_, Ok(network)) => Ok(Self::Only(network)),
            (_, Err(_)) => {
                Err(format!("{entry:?} must be a network such as \"10.0.0.0/8\", or \"private\""))
            }
        }
    }
}

/// The file. A key that is not here is refused by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key_value_store: Stores,
    #[serde(default)]
    outbound_networking: OutboundNetworking,
}

/// What is said of requests to others.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboundNetworking {
    #[serde(default)]
    block_networks: BlockedNetworks,
}

/// The stores, by label.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stores {
    default: Option<Store>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Store {
    #[serde(rename = "type")]
    _type: Type,
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
enum Type {
    #[serde(rename = "spin")]
    Spin,
}

impl RuntimeConfig {
    /// Reads the file at `path`. Relative paths in it are relative to its folder.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the runtime configuration {}", path.display()))?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(""))).with_context(|| {
            format!("the runtime configuration {} cannot be used ({SUPPORTED})", path.display())
        })
    }

    fn parse(text: &str, folder: &Path) -> anyhow::Result<Self> {
        let document: Document = toml::from_str(text).map_err(|error| in_a_line(text, &error))?;
        let store = match document.key_value_store.default {
            None => Place::StateDir,
            Some(Store { path: Some(path), .. }) => Place::File(folder.join(path)),
            Some(Store { path: None, .. }) => Place::Memory,
        };
        Ok(Self { store, blocked_networks: document.outbound_networking.block_networks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl BlockedNetworks {
        /// The networks that the entries are.
        pub(crate) fn of(entries: &[&str]) -> Self {
            let networks = entries.iter().map(|entry| (*entry).to_owned().try_into());
            Self(networks.collect::<Result<_, _>>().unwrap())
        }
    }

    const FILE: &str = "[key_value_store.default]\ntype = \"spin\"\npath = \"data/acme.db\"";

    fn place(text: &str) -> Place {
        RuntimeConfig::parse(text, Path::new("deploy")).unwrap().store
    }

    #[track_caller]
    fn assert_refused(text: &str, words: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runtime.toml");
        std::fs::write(&path, text).unwrap();
        let error = format!("{:#}", RuntimeConfig::read(&path).unwrap_err());
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
        assert!(error.contains("runtime.toml") && error.contains(SUPPORTED), "{error}");
        assert!(!error.contains('\n'), "one line: {error}");
    }

    #[test]
    fn the_store_is_where_spin_would_have_it() {
        assert_eq!(place(""), Place::StateDir);
        assert_eq!(place(FILE), Place::File("deploy/data/acme.db".into()));
        let absolute = FILE.replace("data/", "/srv/data/");
        assert_eq!(place(&absolute), Place::File("/srv/data/acme.db".into()));
        assert_eq!(place("[key_value_store.default]\ntype = \"spin\""), Place::Memory);
    }

    #[test]
    fn networks_are_blocked_as_spin_would() {
        let text = "[outbound_networking]\nblock_networks = [\"8.8.8.8/16\", \"2600:f00d::/32\"]";
        let config = RuntimeConfig::parse(text, Path::new("")).unwrap();
        let private = BlockedNetworks::of(&["private"]);
        let contain =
            |networks: &BlockedNetworks, address: &str| networks.contain(address.parse().unwrap());
        for address in ["8.8.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "2600:f00d::1"] {
            assert!(contain(&config.blocked_networks, address), "{address}");
        }
        for address in ["8.9.0.1", "10.0.0.1", "2600:beef::1", "::1"] {
            assert!(!contain(&config.blocked_networks, address), "{address}");
        }
        for address in
            ["10.10.10.10", "127.0.0.1", "169.254.0.1", "::1", "::ffff:10.1.1.1", "fc00::1"]
        {
            assert!(contain(&private, address), "{address}");
            assert!(!contain(&BlockedNetworks::default(), address), "{address}");
        }
        assert!(!contain(&private, "123.123.123.123") && !contain(&private, "2600::beef"));
    }

    #[test]
    fn what_is_not_supported_is_named() {
        assert_refused(&FILE.replace("\"spin\"", "\"redis\""), &["line 2", "redis"]);
        assert_refused(&FILE.replace("default", "other"), &["line 1", "other"]);
        assert_refused(&FILE.replace("path", "url"), &["line 3", "url"]);
        assert_refused(&FILE.replace("type = \"spin\"\n", ""), &["type"]);
        assert_refused("[sqlite_database.default]\ntype = \"spin\"", &["sqlite_database"]);
        assert_refused("state_dir = \"data\"", &["line 1", "state_dir"]);
        let networks =
            |entry| format!("[outbound_networking]\nblock_networks = [\"private\", {entry}]");
        assert_refused(&networks("\"public\""), &["line 2", "public", "10.0.0.0/8"]);
        assert_refused(&networks("\"10.0.0.1\""), &["line 2", "10.0.0.1"]);
        assert_refused(&networks("1"), &["line 2"]);
        assert_refused(
            "[outbound_networking]\nmax_total_connections = 1",
            &["line 2", "max_total_connections"],
        );
        assert_refused("[key_value_store.default", &["line 1"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = RuntimeConfig::read(Path::new("absent.toml")).unwrap_err().to_string();
        assert!(error.contains("cannot read") && error.contains("absent.toml"), "{error}");
    }
}
