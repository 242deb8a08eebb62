//! `cargo xtask manifest`: writes `spin.toml`, which tells Spin and devhost what the application is
//! made of, from the definitions of the resources and the variables that they have.
//!
//! # Layout
//!
//! * `components` – the components of the application, with their routes and variables.
//! * `text` – the manifest as it is written.

#![forbid(unsafe_code)]

mod components;
mod text;

use std::path::PathBuf;

use anyhow::Context;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml")
}

fn main() -> anyhow::Result<()> {
    std::fs::write(path(), text::manifest()).context("spin.toml")?;
    println!("spin.toml");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_what_would_be_written() {
        let written = std::fs::read_to_string(path()).unwrap();
        assert!(written == text::manifest(), "spin.toml is stale: run `cargo xtask manifest`");
    }

    #[test]
    fn every_function_is_a_component() {
        let folder = path().with_file_name("functions");
        let mut functions: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        functions.sort();
        let mut components: Vec<_> =
            components::all().into_iter().map(|component| component.name).collect();
        components.sort();
        assert_eq!(components, functions);
    }
}
