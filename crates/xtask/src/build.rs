//! `cargo xtask build`.

use std::time::Instant;

use crate::process::run;
use crate::project::{functions, root, target_dir};
use crate::toolchain::Toolchain;

/// Builds all components.
pub fn build() -> anyhow::Result<()> {
    build_with(&[])
}

/// Builds all components and the `others`, which are not part of the application.
pub fn build_with(others: &[&str]) -> anyhow::Result<()> {
    let start = Instant::now();
    let toolchain = Toolchain::find_or_install()?;
    let functions = functions()?;
    let mut build = toolchain.cargo_build()?;
    for package in functions.iter().map(String::as_str).chain(others.iter().copied()) {
        build.args(["--package", package]);
    }
    run(&mut build)?;
    println!("Components built in {:.1} s:", start.elapsed().as_secs_f64());
    for function in functions {
        let file = format!("{}.wasm", function.replace('-', "_"));
        let path = target_dir().join("wasm32-wasip2/release").join(file);
        let kilobytes = std::fs::metadata(&path)?.len() / 1000;
        println!("  {} ({kilobytes} kB)", path.strip_prefix(root()).unwrap_or(&path).display());
    }
    Ok(())
}
