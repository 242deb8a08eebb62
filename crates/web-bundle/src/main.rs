//! Makes of a library that is compiled for the browser what a browser loads: a module of JavaScript
//! and the WebAssembly that it starts, with the parts of it that are fetched later.
//!
//! This is wasm-bindgen's own library, of the version that is compiled into the other one, so that no
//! program of that version has to be installed, and the one by which Leptos splits WebAssembly. `wasm-opt`
//! is left out: the one of Debian 12 exports the wrong table, so that nothing starts, and what it makes
//! is hardly smaller when it is compressed.

#![forbid(unsafe_code)]

mod parts;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    /// The folder that they are written to. It is emptied before.
    #[arg(long)]
    out: PathBuf,
    /// Take the parts out that the library fetches by itself. It has to be linked with `--emit-relocs`.
    #[arg(long)]
    split: bool,
}

fn main() -> anyhow::Result<()> {
    let Arguments { wasm, name, out, split } = Arguments::parse();
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("{}", out.display()))?;
    }
    fs::create_dir_all(&out).with_context(|| format!("{}", out.display()))?;
    let module = fs::read(&wasm).with_context(|| format!("{}", wasm.display()))?;
    let module = if split { parts::take_out(&module, &name, &out)? } else { module };

    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(&name, module).out_name(&name).web(true)?.typescript(false);
    // The module finds the WebAssembly beside it, as bundlers know too.
    bindgen.omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    // The linker's table of functions is what parts and the rest call each other by.
    bindgen.keep_lld_exports(split);
    bindgen.generate(&out).with_context(|| format!("{}", wasm.display()))?;
    print_sizes(&out)
}

/// Tells how large the files of a folder are.
fn print_sizes(folder: &Path) -> anyhow::Result<()> {
    let mut files =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    for file in files {
        let content = fs::read(&file).with_context(|| format!("{}", file.display()))?;
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
