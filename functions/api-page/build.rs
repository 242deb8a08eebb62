//! Packs the page and Swagger UI, which shows the documents.

use std::error::Error;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;
use zip::result::ZipResult;

/// What the page needs of Swagger UI.
const OF_SWAGGER_UI: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

/// Our own files.
const OWN: [&str; 4] = ["index.html", "assets/page.js", "assets/page.css", "assets/icon.svg"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=page");
    let mut files = Vec::new();
    for name in OWN {
        files.push((name.to_owned(), fs::read(Path::new("page").join(name))?));
    }
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let names = archive.file_names().map(|path| Ok(path?.into_owned()));
    let names: Vec<_> = names.collect::<ZipResult<_>>()?;
    for name in OF_SWAGGER_UI {
        let end = format!("/dist/{name}");
        let path = names.iter().find(|path| path.ends_with(&end));
        let path = path.ok_or_else(|| format!("Swagger UI has no {name}"))?;
        let mut content = Vec::new();
        archive.by_name(path)?.read_to_end(&mut content)?;
        files.push((format!("assets/{name}"), content));
    }
    static_site::pack::pack_files(&files, Path::new(&std::env::var("OUT_DIR")?))?;
    Ok(())
}
