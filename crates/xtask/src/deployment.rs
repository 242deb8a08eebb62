//! The file of `cargo xtask up --config`: what is served, and how.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::toml_file;

/// A deployment of the application. What it leaves out is as without a file. An unknown key is
/// refused by name.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The address to listen on.
    pub listen: Option<SocketAddr>,
    /// The folder where the host keeps what it writes.
    pub state_dir: Option<PathBuf>,
    /// The file of Spin's runtime configuration.
    pub runtime_config: Option<PathBuf>,
    /// Whether tokens of the development key are accepted.
    #[serde(default)]
    pub development_issuer: bool,
    /// Values of the application's variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

impl Deployment {
    /// Reads the file at `path`. Relative paths in it are relative to its folder.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let mut deployment: Self = toml_file::read(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths = [&mut deployment.state_dir, &mut deployment.runtime_config];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&path);
        }
        Ok(deployment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::root;

    fn read(text: &str) -> anyhow::Result<Deployment> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("acme.toml");
        std::fs::write(&path, text)?;
        let mut deployment = Deployment::read(&path)?;
        for path in [&mut deployment.state_dir, &mut deployment.runtime_config] {
            if let Some(path) = path
                && let Ok(relative) = path.strip_prefix(folder.path())
            {
                *path = Path::new("FOLDER").join(relative);
            }
        }
        Ok(deployment)
    }

    #[test]
    fn a_deployment_is_read_and_its_paths_are_relative_to_it() {
        let text = r#"
            listen = "127.0.0.1:3001"
            state_dir = ".spin/acme"
            runtime_config = "/etc/acme.toml"
            development_issuer = true
            variables = { tenant = "acme" }
        "#;
        let expected = Deployment {
            listen: Some(([127, 0, 0, 1], 3001).into()),
            state_dir: Some("FOLDER/.spin/acme".into()),
            runtime_config: Some("/etc/acme.toml".into()),
            development_issuer: true,
            variables: BTreeMap::from([("tenant".to_owned(), "acme".to_owned())]),
        };
        assert_eq!(read(text).unwrap(), expected);
        assert_eq!(read("").unwrap(), Deployment::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            ("listn = 1", &["line 1", "listn"][..]),
            ("listen = \"3001\"", &["line 1", "socket address"]),
            ("\ndevelopment_issuer = \"yes\"", &["line 2", "expected a boolean"]),
            ("[variables]\nmax_page_size = 10", &["line 2", "expected a string"]),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn the_deployments_of_this_project_can_be_read() {
        let mut deployments = Vec::new();
        for name in ["per-tenant/acme.toml", "per-tenant/globex.toml", "shared/shared.toml"] {
            deployments.push(Deployment::read(&root().join("deploy").join(name)).unwrap());
        }
        for deployment in &deployments {
            assert_eq!(deployment.variables["auth"], "jwt");
            assert!(deployment.runtime_config.as_ref().is_none_or(|path| path.is_file()));
        }
        let addresses: Vec<_> = deployments.iter().map(|deployment| deployment.listen).collect();
        assert!(addresses[0] != addresses[1] && addresses[0] != addresses[2], "{addresses:?}");
        assert_ne!(deployments[0].state_dir, deployments[1].state_dir);
    }
}
