//! The files of the console, which the component `console` is compiled with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::npm;
use crate::project::{root, target_dir};
use crate::web::{self, Parts};

/// The library that is the console, in the folder of that name.
const PACKAGE: &str = "console-page";

/// What its files are called.
const NAME: &str = "console";

/// What runs before it.
const SCRIPTS: [&str; 2] = ["theme.js", "start.js"];

/// Its style.
const STYLE: &str = "style.css";

/// The language that is compiled in, and not fetched.
const LANGUAGE: &str = "en.json";

/// What it has of the npm package of the validator.
const OF_VALIDATOR: [&str; 4] = ["browser.js", "documents.js", "validator.js", "validator_bg.wasm"];

/// Compiles the console and the validator, and puts their files where the build script of the component
/// looks for them. What is as it was stays untouched, so that the component is not compiled again.
pub fn build() -> anyhow::Result<()> {
    let package = npm::npm()?;
    let (sources, site) = (root().join("console"), target_dir().join("web/console"));
    let (assets, validator) = (site.join("assets"), site.join("assets/validator"));
    fs::create_dir_all(&validator).with_context(|| format!("{}", validator.display()))?;
    for file in OF_VALIDATOR {
        put(&validator.join(file), &read(&package.join(file))?)?;
    }
    web::bundle(&web::compile(PACKAGE)?, NAME, &assets.join("code"), Parts::FetchedLater)?;
    put(&site.join("index.html"), &read(&sources.join("index.html"))?)?;
    for script in SCRIPTS {
        put(&assets.join(script), &read(&sources.join(script))?)?;
    }
    put(&assets.join(STYLE), &style(&sources.join("style"))?)?;
    let (texts, fetched) = (sources.join("texts"), assets.join("texts"));
    fs::create_dir_all(&fetched).with_context(|| format!("{}", fetched.display()))?;
    for text in files(&texts)?.into_iter().filter(|file| !file.ends_with(LANGUAGE)) {
        put(&fetched.join(text.file_name().unwrap_or_default()), &read(&text)?)?;
    }
    let made: Vec<_> = SCRIPTS.into_iter().chain([STYLE]).collect();
    remove_others(&assets, &made)
}

/// Removes files of a folder that are not made any more: all that are there are served.
fn remove_others(folder: &Path, made: &[&str]) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        let is_made = made.iter().any(|name| *name == entry.file_name().to_string_lossy());
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

/// What a folder has, in the order of the names.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    Ok(files)
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
        remove_others(folder.path(), &["new.js"]).unwrap();
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
