//! Compiling for the browser.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::process::run;
use crate::project::{cargo, root, target_dir};
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

/// Does what [`bundle`] does, unless that was done since the library was compiled and the bundler written.
pub fn bundle_if_newer(wasm: &Path, name: &str, out: &Path) -> anyhow::Result<()> {
    let made = out.join(format!("{name}_bg.wasm"));
    let bundler = root().join("crates/web-bundle/src/main.rs");
    match is_newer(wasm, &made) || is_newer(&bundler, &made) {
        true => bundle(wasm, name, out),
        false => Ok(()),
    }
}

/// Whether what is made of `source` has to be made again.
fn is_newer(source: &Path, made: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    modified(made).is_none_or(|made| modified(source).is_none_or(|source| source > made))
}

/// Makes of it what a browser loads: a module of JavaScript that is called `name`, and the WebAssembly
/// that it starts, in the folder `out`.
pub fn bundle(wasm: &Path, name: &str, out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    let mut bundle = cargo();
    bundle.args(["run", "--quiet", "--package", "web-bundle", "--", "--name", name, "--out"]);
    run(bundle.arg(out).arg(wasm))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_was_made_since_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (made, source) = (folder.path().join("made"), folder.path().join("source"));
        fs::write(&source, "1").unwrap();
        assert!(is_newer(&source, &made));
        fs::write(&made, "1").unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        let source_file = fs::File::options().write(true).open(&source).unwrap();
        source_file.set_modified(long_ago).unwrap();
        assert!(!is_newer(&source, &made));
    }
}
