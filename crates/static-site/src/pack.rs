//! From a folder to files, for build scripts.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use xxhash_rust::xxh3::Xxh3Default;

/// The folder of what browsers may keep, and what a page calls it.
const ASSETS: &str = "assets";
const ASSETS_IN_PAGE: &str = "{assets}";

/// Packs the files in `folder`, each as large as memory, into `out`, where `files.rs` is an expression for
/// all of them: an array of [`File`](crate::File), in the order of their names. Where there is no folder, it is empty.
pub fn pack(folder: &Path, out: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    if folder.is_dir() {
        collect(folder, String::new(), &mut files)?;
    }
    files.sort();
    pack_files(&read(files)?, out)
}

/// Packs `files`, each with its path, as [`pack`] does.
pub fn pack_files(files: &[(String, Vec<u8>)], out: &Path) -> io::Result<()> {
    let assets = format!("{ASSETS}-{}", hash(files));
    let mut array = String::from("[\n");
    for (number, (path, content)) in files.iter().enumerate() {
        let in_assets = path.strip_prefix(ASSETS).filter(|rest| rest.starts_with('/'));
        let path = in_assets.map_or(path.clone(), |rest| format!("{assets}{rest}"));
        let content = match std::str::from_utf8(content) {
            Ok(page) if path.ends_with(".html") => page.replace(ASSETS_IN_PAGE, &assets).into(),
            _ => content.clone(),
        };
        let packed = format!("{number}.gz");
        fs::write(out.join(&packed), compress(&content))?;
        let (length, is_immutable) = (content.len(), in_assets.is_some());
        _ = writeln!(
            array,
            "static_site::File {{ path: {path:?}, gzip: include_bytes!({packed:?}), \
             length: {length}, is_immutable: {is_immutable} }},"
        );
    }
    array.push(']');
    fs::write(out.join("files.rs"), array)
}

fn collect(folder: &Path, below: String, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => collect(&entry.path(), format!("{path}/"), files)?,
            false => files.push((path, entry.path())),
        }
    }
    Ok(())
}

fn read(files: Vec<(String, PathBuf)>) -> io::Result<Vec<(String, Vec<u8>)>> {
    files.into_iter().map(|(path, file)| Ok((path, fs::read(file)?))).collect()
}

/// What distinguishes the files from all others.
fn hash(files: &[(String, Vec<u8>)]) -> String {
    let mut hash = Xxh3Default::new();
    for (path, content) in files {
        for part in [path.as_bytes(), content] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    format!("{:016x}", hash.digest())
}

/// Compresses as well as it can, and equal contents equally.
pub(crate) fn compress(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    _ = gzip.write_all(content);
    gzip.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(page: &str, script: &str) -> String {
        let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("assets")).unwrap();
        fs::write(folder.path().join("index.html"), page).unwrap();
        fs::write(folder.path().join("assets/a.js"), script).unwrap();
        pack(folder.path(), out.path()).unwrap();
        fs::read_to_string(out.path().join("files.rs")).unwrap()
    }

    #[test]
    fn the_folder_of_assets_is_named_by_what_is_in_it() {
        let page = r#"<script src="{assets}/a.js">"#;
        let first = packed(page, "1;");
        let path = first.split('"').nth(1).unwrap();
        assert!(path.starts_with("assets-") && path.ends_with("/a.js"), "{first}");
        assert!(first.contains("is_immutable: true") && first.contains("is_immutable: false"));
        assert!(packed(page, "1;").contains(path));
        assert!(!packed(page, "2;").contains(path));
        // The page is as long as with the name in it.
        let length = page.len() - ASSETS_IN_PAGE.len() + path.len() - "/a.js".len();
        assert!(first.contains(&format!("length: {length},")), "{first}");
    }

    #[test]
    fn no_folder_has_no_files() {
        let out = tempfile::tempdir().unwrap();
        pack(Path::new("/nothing"), out.path()).unwrap();
        assert_eq!(fs::read_to_string(out.path().join("files.rs")).unwrap(), "[\n]");
    }
}
