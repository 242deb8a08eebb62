//! Spin's runtime configuration (`--runtime-config-file`): the part of it that this host supports,
//! which is where the key-value store is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::manifest::in_a_line;

/// What a file of the runtime configuration may have.
const SUPPORTED: &str = "devhost supports [key_value_store.default] with type = \"spin\" and path";

/// What is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuntimeConfig {
    /// Where the key-value store is.
    pub store: Place,
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

/// The file. A key that is not here is refused by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key_value_store: Stores,
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
        Ok(Self { store })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_not_supported_is_named() {
        assert_refused(&FILE.replace("\"spin\"", "\"redis\""), &["line 2", "redis"]);
        assert_refused(&FILE.replace("default", "other"), &["line 1", "other"]);
        assert_refused(&FILE.replace("path", "url"), &["line 3", "url"]);
        assert_refused(&FILE.replace("type = \"spin\"\n", ""), &["type"]);
        assert_refused("[sqlite_database.default]\ntype = \"spin\"", &["sqlite_database"]);
        assert_refused("state_dir = \"data\"", &["line 1", "state_dir"]);
        assert_refused("[key_value_store.default", &["line 1"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = RuntimeConfig::read(Path::new("absent.toml")).unwrap_err().to_string();
        assert!(error.contains("cannot read") && error.contains("absent.toml"), "{error}");
    }
}
