//! Compiling for the browser.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::run;
use crate::project::{cargo, files, root, target_dir};
use crate::toolchain::{BROWSER, Toolchain};

/// The profile of what is sent to browsers.
const PROFILE: &str = "web";

/// When the parts of a library are fetched, as [`bundle`] is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// It has none: all of it is there from the beginning.
    None,
    /// When one of them is needed first.
    FetchedLater,
}

/// Compiles a package of this project, and says where its `.wasm` is.
pub fn compile(package: &str) -> anyhow::Result<PathBuf> {
    let mut build = Toolchain::find_or_install(&BROWSER)?.cargo_build(PROFILE)?;
    run(build.args(["--package", package]))?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(target_dir().join(BROWSER.name).join(PROFILE).join(file))
}

/// Makes of a library what a browser loads, in the folder `out`, which has nothing else: a module of
/// JavaScript that is called `name`, and the WebAssembly that it starts. Nothing is done if that was done
/// since the library was compiled, the bundler written, and the versions chosen of what that is made of.
pub fn bundle(wasm: &Path, name: &str, out: &Path, how: Parts) -> anyhow::Result<()> {
    let made = out.join(format!("{name}_bg.wasm"));
    let mut sources = files(&root().join("crates/web-bundle/src"))?;
    sources.extend([wasm.to_owned(), root().join("Cargo.lock")]);
    if !sources.iter().any(|source| is_newer(source, &made)) {
        return Ok(());
    }
    let mut bundle = cargo();
    bundle.args(["run", "--quiet", "--package", "web-bundle", "--", "--name", name]);
    if how == Parts::FetchedLater {
        bundle.arg("--split");
    }
    run(bundle.arg("--out").arg(out).arg(wasm))
}

/// Whether what is made of `source` has to be made again.
fn is_newer(source: &Path, made: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    modified(made).is_none_or(|made| modified(source).is_none_or(|source| source > made))
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
