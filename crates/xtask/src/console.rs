//! The files of the console, which the component `console` is compiled with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::npm;
use crate::project::{files, root, target_dir};
use crate::web::{self, Parts};

/// The library that is the console, in the folder of that name.
const PACKAGE: &str = "console-page";

/// What its files are called.
const NAME: &str = "console";

/// What runs before it.
const SCRIPTS: [&str; 2] = ["theme.js", "start.js"];

/// Its style.
const STYLE: &str = "style.css";

/// What it has of the npm package of the validator.
const OF_VALIDATOR: [&str; 4] = ["browser.js", "documents.js", "validator.js", "validator_bg.wasm"];

/// Compiles the console and the validator, and puts their files where the build script of the component
/// looks for them. What is as it was stays untouched, so that the component is not compiled again.
pub fn build() -> anyhow::Result<()> {
    let package = npm::npm()?;
    let (sources, site) = (root().join("console"), target_dir().join("web/console"));
    let assets = site.join("assets");
    let of_validator = OF_VALIDATOR.map(|file| package.join(file));
    fill(&assets.join("validator"), &contents(&of_validator)?)?;
    fill(&assets.join("texts"), &contents(&files(&sources.join("texts"))?)?)?;
    web::bundle(&web::compile(PACKAGE)?, NAME, &assets.join("code"), Parts::FetchedLater)?;
    let mut own = contents(&SCRIPTS.map(|file| sources.join(file)))?;
    own.push((STYLE.to_owned(), style(&sources.join("style"))?));
    fill(&assets, &own)?;
    put(&site.join("index.html"), &read(&sources.join("index.html"))?)
}

/// Files with their names.
type Files = Vec<(String, Vec<u8>)>;

fn contents(files: &[PathBuf]) -> anyhow::Result<Files> {
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files.iter().map(|file| Ok((name(file), read(file)?))).collect()
}

/// Gives a folder these files, and no other ones: all that are there are served.
fn fill(folder: &Path, files: &Files) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    for (name, content) in files {
        put(&folder.join(name), content)?;
    }
    remove_others(folder, files)
}

/// Removes files of a folder that are not made any more.
fn remove_others(folder: &Path, made: &Files) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        let is_made = made.iter().any(|(name, _)| *name == entry.file_name().to_string_lossy());
        if entry.file_type()?.is_file() && !is_made {
            fs::remove_file(entry.path()).with_context(|| format!("{}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// All style sheets of a folder as one, in the order of their names.
fn style(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let sheets = files(folder)?.iter().map(|sheet| read(sheet)).collect::<anyhow::Result<Vec<_>>>();
    Ok(sheets?.concat())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{}", file.display()))
}

fn put(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(file).is_ok_and(|present| present == content) {
        return Ok(());
    }
    fs::write(file, content).with_context(|| format!("{}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_is_as_it_was_stays_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("made");
        put(&made, b"1").unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        fs::File::options().write(true).open(&made).unwrap().set_modified(long_ago).unwrap();
        put(&made, b"1").unwrap();
        assert_eq!(fs::metadata(&made).unwrap().modified().unwrap(), long_ago);
        put(&made, b"2").unwrap();
        assert!(fs::metadata(&made).unwrap().modified().unwrap() > long_ago);
    }

    #[test]
    fn what_is_not_made_any_more_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("validator");
        fs::create_dir(&inner).unwrap();
        for file in [&folder.path().join("old.js"), &folder.path().join("new.js"), &inner.join("a")]
        {
            put(file, b"1").unwrap();
        }
        fill(folder.path(), &vec![("new.js".to_owned(), b"2".to_vec())]).unwrap();
        assert!(!folder.path().join("old.js").exists());
        assert!(folder.path().join("new.js").exists() && inner.join("a").exists());
    }

    #[test]
    fn style_sheets_are_one_in_order() {
        let folder = tempfile::tempdir().unwrap();
        put(&folder.path().join("b.css"), b"b{}").unwrap();
        put(&folder.path().join("a.css"), b"a{}").unwrap();
        assert_eq!(style(folder.path()).unwrap(), b"a{}b{}");
    }
}
