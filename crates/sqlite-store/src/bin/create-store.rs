//! `create-store DIR`: creates the file of the stores in a folder, if it is not there, as devhost
//! would, and says in a line if it cannot be used. Spin creates one too, but in a mode in which a
//! commit costs several flushes, and tells only the first requests that it cannot be used.

#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use sqlite_store::Sqlite;

fn create() -> anyhow::Result<()> {
    let state_dir = std::env::args_os().nth(1).context("the folder is missing")?;
    Sqlite::open(Path::new(&state_dir))?;
    Ok(())
}

fn main() -> ExitCode {
    match create() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
