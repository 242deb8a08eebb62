//! Makes of a library that is compiled for the browser what a browser loads: a module of JavaScript
//! and the WebAssembly that it starts.
//!
//! This is wasm-bindgen's own library, of the version that is compiled into the other one, so that no
//! program of that version has to be installed. `wasm-opt` is left out: the one of Debian 12 exports
//! the wrong table, so that nothing starts, and what it makes is hardly smaller when it is compressed.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
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

fn main() -> anyhow::Result<()> {
    let Arguments { wasm, name, out } = Arguments::parse();
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&wasm).out_name(&name).web(true)?.typescript(false);
    // The module finds the WebAssembly beside it, as bundlers know too.
    bindgen.omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(&out).with_context(|| format!("{}", wasm.display()))?;

    let files = [format!("{name}_bg.wasm"), format!("{name}.js")].map(|file| out.join(file));
    for file in files {
        let content = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
        let (size, gzipped) = (content.len(), gzip(&content)?.len());
        println!("{} ({} kB, gzipped {} kB)", file.display(), size / 1000, gzipped / 1000);
    }
    Ok(())
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
