//! Compiling for the browser.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::debian;
use crate::process::run;
use crate::project::{cargo, target_dir};
use crate::toolchain::{BROWSER, Toolchain};

/// The profile of what is sent to browsers.
const PROFILE: &str = "web";

/// Compiles a package of this project, and says where its `.wasm` is.
pub fn compile(package: &str) -> anyhow::Result<PathBuf> {
    let mut build = Toolchain::find_or_install(&BROWSER)?.cargo_build(PROFILE)?;
    run(build.args(["--package", package]))?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(target_dir().join(BROWSER.name).join(PROFILE).join(file))
}

/// Makes of it what a browser loads: a module of JavaScript that is called `name`, and the WebAssembly
/// that it starts, in the folder `out`.
pub fn bundle(wasm: &Path, name: &str, out: &Path) -> anyhow::Result<()> {
    if let Err(error) = debian::provide("wasm-opt", &["binaryen"]) {
        println!("Without binaryen, what is sent to browsers is larger: {error:#}");
    }
    std::fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    let mut bundle = cargo();
    bundle.args(["run", "--quiet", "--package", "web-bundle", "--", "--name", name, "--out"]);
    run(bundle.arg(out).arg(wasm))
}
