//! `create-store FILE`: creates the file of the stores, if it is not there, as devhost would, and says
//! in a line if it cannot be used. Spin creates one too, but in a mode in which a commit costs several
//! flushes, and tells only the first requests that it cannot be used.

#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use sqlite_store::Sqlite;

fn create() -> anyhow::Result<()> {
    let path = std::env::args_os().nth(1).context("the file is missing")?;
    Sqlite::open_file(Path::new(&path))?;
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
