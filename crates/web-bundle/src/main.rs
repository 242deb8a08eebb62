//! Makes of a library that is compiled for the browser what a browser loads: a module of JavaScript
//! and the WebAssembly that it starts.
//!
//! This is wasm-bindgen's own library, of the version that is compiled into the other one, so that no
//! program of that version has to be installed. `wasm-opt` makes it smaller, where it is installed.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

#[derive(Parser)]
struct Arguments {
    /// The library, as cargo compiles it.
    wasm: PathBuf,
    /// What the files are called.
    #[arg(long)]
    name: String,
    /// The folder that they are written to.
    #[arg(long)]
    out: PathBuf,
}

/// What the compiler uses of WebAssembly, and wasm-bindgen adds. The `wasm-opt` of Debian takes what
/// is older for granted only.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

fn main() -> anyhow::Result<()> {
    let Arguments { wasm, name, out } = Arguments::parse();
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&wasm).out_name(&name).web(true)?.typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(&out).with_context(|| format!("{}", wasm.display()))?;

    let files = [format!("{name}_bg.wasm"), format!("{name}.js")].map(|file| out.join(file));
    optimise(&files[0])?;
    for file in files {
        let content = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
        let (size, gzipped) = (content.len(), gzip(&content)?.len());
        println!("{} ({} kB, gzipped {} kB)", file.display(), size / 1000, gzipped / 1000);
    }
    Ok(())
}

/// Makes it as small as `wasm-opt` can, if that is installed.
fn optimise(wasm: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("wasm-opt");
    command.args(["-Oz", "--output"]).arg(wasm).arg(wasm).args(FEATURES);
    match command.status() {
        Ok(status) => ensure!(status.success(), "wasm-opt failed ({status})"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => bail!("cannot run wasm-opt: {error}"),
    }
    Ok(())
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
