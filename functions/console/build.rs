//! Packs the files that `cargo xtask build` has made of the folder `console`.

use std::path::Path;
use std::{env, io};

/// Where they are.
const FOLDER: &str = "../../target/web/console";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FOLDER}");
    if !Path::new(FOLDER).is_dir() {
        println!("cargo::warning=the console has no files yet: cargo xtask build makes them");
    }
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    static_site::pack::pack(Path::new(FOLDER), Path::new(&out))
}
