//! `cargo xtask npm`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::project::{root, target_dir};
use crate::web::{self, Parts};

/// What the package has beside what is compiled.
const FILES: [&str; 4] = ["browser.js", "documents.js", "index.d.ts", "node.js"];

/// Builds the npm package of the validator; the answer is its folder.
pub fn npm() -> anyhow::Result<PathBuf> {
    let wasm = web::compile("schemas-npm")?;
    let (out, bundle) = (target_dir().join("npm"), target_dir().join("web/validator"));
    web::bundle(&wasm, "validator", &bundle, Parts::None)?;
    std::fs::create_dir_all(&out).with_context(|| format!("{}", out.display()))?;
    for file in ["validator.js", "validator_bg.wasm"] {
        copy(&bundle.join(file), &out)?;
    }
    let source = root().join("schemas/npm");
    for file in FILES {
        copy(&source.join("package").join(file), &out)?;
    }
    copy(&source.join("README.md"), &out)?;
    copy(&root().join("LICENSE"), &out)?;
    write_package(&source.join("package/package.json"), &out.join("package.json"))?;
    Ok(out)
}

fn copy(file: &Path, folder: &Path) -> anyhow::Result<()> {
    let name = file.file_name().unwrap_or_default();
    std::fs::copy(file, folder.join(name)).with_context(|| format!("{}", file.display()))?;
    Ok(())
}

/// The package's description, with the version of the project.
fn write_package(from: &Path, to: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(from).with_context(|| format!("{}", from.display()))?;
    // The order of its entries has a meaning, so it stays text.
    let package = text.replacen("0.0.0", env!("CARGO_PKG_VERSION"), 1);
    std::fs::write(to, package).with_context(|| format!("{}", to.display()))
}
