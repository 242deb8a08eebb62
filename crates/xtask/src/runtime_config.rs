//! Spin's runtime configuration, as far as it decides what has to be there before the host starts.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use toml::Table;

use crate::toml_file;

/// What the stores' file in the state folder is called.
const STORE_FILE: &str = "sqlite_key_value.db";

/// A runtime configuration. The host checks it; here it is only looked into.
#[derive(Debug)]
pub struct RuntimeConfig {
    /// The file that it is in.
    pub path: PathBuf,
    table: Table,
}

impl RuntimeConfig {
    /// Reads the file at `path`.
    pub fn read(path: PathBuf) -> anyhow::Result<Self> {
        let table: Table = toml_file::read(&path)?;
        // The host is always told, so this would count for nothing.
        ensure!(
            !table.contains_key("state_dir"),
            "{}: state_dir has to be in the file of --config instead, or given as --state-dir",
            path.display()
        );
        Ok(Self { path, table })
    }

    /// Whether variables can have values that the host gets from elsewhere.
    pub fn has_variables_provider(&self) -> bool {
        ["variables_provider", "config_provider"].iter().any(|key| self.table.contains_key(*key))
    }

    /// The file of the default store, where it is in one: a path that is relative to the
    /// configuration.
    fn store_file(&self, state_dir: &Path) -> Option<PathBuf> {
        let store = self.table.get("key_value_store").and_then(|stores| stores.get("default"));
        let Some(store) = store else { return Some(state_dir.join(STORE_FILE)) };
        let text = |key| store.get(key).and_then(|value| value.as_str());
        // Of another type it is in no file, and without a path in memory.
        let path = text("type").filter(|&kind| kind == "spin").and_then(|_| text("path"))?;
        Some(self.path.parent().unwrap_or(Path::new("")).join(path))
    }
}

/// The file that the host keeps the default store in, if it is in one.
pub fn store_file(runtime_config: Option<&RuntimeConfig>, state_dir: &Path) -> Option<PathBuf> {
    match runtime_config {
        Some(runtime_config) => runtime_config.store_file(state_dir),
        None => Some(state_dir.join(STORE_FILE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<RuntimeConfig> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("runtime.toml");
        std::fs::write(&path, text)?;
        Ok(RuntimeConfig { path: "deploy/runtime.toml".into(), ..RuntimeConfig::read(path)? })
    }

    #[test]
    fn the_file_of_the_store_is_where_spin_has_it() {
        let file = |text: &str| store_file(Some(&read(text).unwrap()), Path::new("state"));
        let default = Some("state/sqlite_key_value.db".into());
        assert_eq!(store_file(None, Path::new("state")), default);
        assert_eq!(file("[key_value_store.other]\ntype = \"redis\""), default);
        let spin = "[key_value_store.default]\ntype = \"spin\"\n";
        let relative = file(&format!("{spin}path = \"data/acme.db\""));
        assert_eq!(relative, Some("deploy/data/acme.db".into()));
        assert_eq!(file(&format!("{spin}path = \"/srv/acme.db\"")), Some("/srv/acme.db".into()));
        assert_eq!(file(spin), None);
        assert_eq!(file("[key_value_store.default]\ntype = \"azure_cosmos\"\npath = \"x\""), None);
    }

    #[test]
    fn a_provider_of_variables_is_seen() {
        assert!(read("[[variables_provider]]\ntype = \"vault\"").unwrap().has_variables_provider());
        assert!(!read("").unwrap().has_variables_provider());
    }

    #[test]
    fn a_state_folder_that_would_not_count_is_refused() {
        let error = read("state_dir = \"data\"").unwrap_err().to_string();
        assert!(error.contains("runtime.toml: state_dir has to be"), "{error}");
    }
}
