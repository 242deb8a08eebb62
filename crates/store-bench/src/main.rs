//! `cargo xtask bench store`: what kv-tree costs.
//!
//! For each number of records it fills a tree in memory, copies it to a file of SQLite, and measures
//! on both the same operations: how many calls to the store each makes, how many bytes it moves, and
//! how long it takes. A record is 1.5 kB and has 5 index entries, which are written with it. The
//! floor, a raw get and a raw set of 4 kB on the same store in the same run, says what a call costs.
//!
//! # Layout
//!
//! * `account` – the records and their index entries.
//! * `fill` – filling a tree.
//! * `measure` – the operations, and what they cost.
//! * `table` – the result.

#![forbid(unsafe_code)]

mod account;
mod fill;
mod measure;
mod table;

use clap::Parser;
use kv_tree::Memory;
use sqlite_store::{NativeKv, Sqlite};

/// Measures what kv-tree costs.
#[derive(Parser)]
struct Arguments {
    /// Numbers of records, with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000")]
    records: Vec<u64>,
    /// How many operations of each kind are measured.
    #[arg(long, default_value_t = 2000)]
    operations: u64,
    /// The folder for SQLite's files; by default one in the system's place for temporary files.
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = match &arguments.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    println!("{}\n", table::machine());
    for records in arguments.records {
        let memory = Memory::default();
        let ids = pollster::block_on(fill::fill(&memory, records))?;
        let file = Sqlite::open(&folder.path().join(records.to_string()))?;
        fill::copy(&memory, &file.store("default"))?;
        let on_memory =
            pollster::block_on(measure::measure(memory, ids.clone(), arguments.operations))?;
        let on_sqlite = pollster::block_on(measure::measure(
            NativeKv::new(file.store("default")),
            ids,
            arguments.operations,
        ))?;
        println!("{}", table::table(records, &on_memory, &on_sqlite));
        std::fs::remove_dir_all(folder.path().join(records.to_string()))?;
    }
    Ok(())
}
