//! Where things are, and commands in the project's folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// The project's folder.
pub fn root() -> &'static Path {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.ancestors().nth(2).unwrap_or(manifest_dir)
}

/// The folder that everything is built in. Components are always here, because `spin.toml` says so;
/// what the host needs is too, so that it is built once.
pub fn target_dir() -> PathBuf {
    root().join("target")
}

/// What a folder has, in the order of the names.
pub fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    Ok(files)
}

/// The packages that are components: one folder each in `functions/`.
pub fn functions() -> anyhow::Result<Vec<String>> {
    let folder = root().join("functions");
    let mut functions = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            functions.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    functions.sort();
    Ok(functions)
}

/// The component that the tests of devhost run; it is no part of the application.
pub const DEVHOST_GUEST: &str = "devhost-guest";

/// The components that the application is compared with; they are no part of it.
pub const FLOOR: [&str; 2] = ["floor-get", "floor-set"];

/// What chooses all packages but components, for cargo. A dependency has the features that the chosen
/// packages ask for together: where commands choose the same, it is built once.
pub fn native() -> anyhow::Result<Vec<String>> {
    let others = [DEVHOST_GUEST].into_iter().chain(FLOOR).map(str::to_owned);
    let components = functions()?.into_iter().chain(others);
    let excluded = components.flat_map(|package| ["--exclude".to_owned(), package]);
    Ok(std::iter::once("--workspace".to_owned()).chain(excluded).collect())
}

/// `cargo`, as this program was started by it, in the project's folder.
pub fn cargo() -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.env("CARGO_TARGET_DIR", target_dir());
    // Cargo tells this program about its own package. Passed on, that would look like a change to
    // build scripts that watch their environment, and what they build would be built again.
    for (name, _) in std::env::vars_os() {
        let about_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if name
            .to_str()
            .is_some_and(|name| about_package.iter().any(|start| name.starts_with(start)))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// A command in the project's folder.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}
