//! `create-store DIR`: creates the file of the stores in a folder, if it is not there, as devhost
//! would. Spin creates one too, but in a mode in which a commit costs several flushes.

#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::Context;
use sqlite_store::Sqlite;

fn main() -> anyhow::Result<()> {
    let state_dir = std::env::args_os().nth(1).context("the folder is missing")?;
    Sqlite::open(Path::new(&state_dir))?;
    Ok(())
}
