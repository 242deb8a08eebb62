//! `cargo xtask build`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;

use crate::process::run;
use crate::project::{cargo, functions, native, root, target_dir};
use crate::toolchain::{COMPONENT, Toolchain};

/// Builds all components.
pub fn build() -> anyhow::Result<()> {
    build_with(&[])
}

/// Builds all components and the `others`, which are not part of the application.
pub fn build_with(others: &[&str]) -> anyhow::Result<()> {
    compile(others, &target_dir(), &[])
}

/// The same with the names of functions in them, for a profiler. They are not those that are served
/// otherwise, and in a folder of their own, which is the answer.
pub fn build_with_names(others: &[&str]) -> anyhow::Result<PathBuf> {
    let target = target_dir().join("names");
    let profile = [("CARGO_PROFILE_RELEASE_STRIP", "none"), ("CARGO_PROFILE_RELEASE_DEBUG", "0")];
    compile(others, &target, &profile)?;
    Ok(target)
}

/// Builds a program beside the tests, of what these are built of, and says where it is.
pub fn build_program(name: &str) -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    build.arg("build").args(native()?).args(["--bin", name]);
    // Dependencies have the features that tests ask for only where there is a test too.
    run(build.args(["--test", "start"]))?;
    Ok(target_dir().join("debug").join(name))
}

fn compile(others: &[&str], target: &Path, environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let start = Instant::now();
    let toolchain = Toolchain::find_or_install(&COMPONENT)?;
    let functions = functions()?;
    let mut build = toolchain.cargo_build("release")?;
    for package in functions.iter().map(String::as_str).chain(others.iter().copied()) {
        build.args(["--package", package]);
    }
    build.env("CARGO_TARGET_DIR", target).envs(environment.iter().copied());
    run(&mut build)?;
    println!("Components built in {:.1} s:", start.elapsed().as_secs_f64());
    for function in functions {
        let file = format!("{}.wasm", function.replace('-', "_"));
        let path = target.join(COMPONENT.name).join("release").join(file);
        let shown = path.strip_prefix(root()).unwrap_or(&path).display();
        let file = std::fs::metadata(&path)
            .with_context(|| format!("the crate {function} is no component: it has no {shown}"))?;
        println!("  {shown} ({} kB)", file.len() / 1000);
    }
    Ok(())
}
