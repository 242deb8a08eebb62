//! Programs that checks are made with, each in a folder of its own below that of what is built.

use std::fs;
use std::path::PathBuf;

use crate::debian;
use crate::process::run;
use crate::project::{command, target_dir};

/// What looks at pages for what keeps people from using them.
const ACCESSIBILITY_CHECKER: &str = "axe-core@4.14.1";

/// An emulator of DynamoDB.
const DYNALITE: &str = "dynalite@4.0.0";

/// The folder of a tool.
pub fn folder(name: &str) -> PathBuf {
    target_dir().join("tools").join(name)
}

/// Installs what the tests look at the console with, if need be.
pub fn accessibility_checker() -> anyhow::Result<PathBuf> {
    npm_package("axe", ACCESSIBILITY_CHECKER)
}

/// Installs the emulator of DynamoDB that tests have, if need be.
pub fn dynalite() -> anyhow::Result<PathBuf> {
    npm_package("dynalite", DYNALITE)
}

/// The folder of the modules with a `package` of npm, as `name@version`, installed in that of the tool if
/// need be.
pub fn npm_package(tool: &str, package: &str) -> anyhow::Result<PathBuf> {
    let (name, version) = package.rsplit_once('@').unwrap_or((package, ""));
    let folder = folder(tool);
    let modules = folder.join("node_modules");
    let description = fs::read_to_string(modules.join(name).join("package.json"));
    if description.is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\""))) {
        return Ok(modules);
    }
    debian::provide("npm", &["npm"])?;
    println!("Installing {package} into {}", folder.display());
    let mut install = command("npm");
    install.args(["install", "--no-fund", "--no-audit", "--no-save", "--prefix"]).arg(&folder);
    run(install.arg(package))?;
    Ok(modules)
}
