//! `cargo xtask bench store`: what kv-tree costs.
//!
//! For each number of records it fills a tree in memory, copies it to a file of SQLite, and measures
//! on both the same operations: how many calls to the store each makes, how many bytes it moves, and
//! how long it takes. A record is 1.5 kB and has 5 index entries, which are written with it. The
//! floor, a raw get and a raw set of 4 kB on the same store in the same run, says what a call costs.
//!
//! With `--store`, the same on a store that hosts share, with the server on this machine and, with
//! `--round-trip`, at a distance.
//!
//! # Layout
//!
//! * `account` – the records and their index entries.
//! * `fill` – filling a tree.
//! * `clock` – stores whose clocks can be moved.
//! * `measure` – the operations, and what they cost.
//! * `remote` – measuring on a store that hosts share.
//! * `table` – the result.
//! * `nodes` – what many nodes do to one another, simulated.

#![forbid(unsafe_code)]

mod account;
mod clock;
mod fill;
mod measure;
mod nodes;
mod remote;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use kv_tree::Memory;
use pollster::block_on;
use sqlite_store::{NativeKv, Sqlite};
use store_bench::machine;
use store_bench::served::{Engine, round_trip};

use crate::account::RECORD_BYTES;
use crate::remote::Remote;
use crate::table::Measured;

/// Measures what kv-tree costs.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    /// Numbers of records, with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000")]
    records: Vec<u64>,
    /// How many operations of each kind are measured.
    #[arg(long, default_value_t = 2000)]
    operations: u64,
    /// The folder for SQLite's files; by default one in the system's place for temporary files.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Measures on a store that hosts share, too: on a server that is started for it.
    #[arg(long, value_enum)]
    store: Option<Engine>,
    /// How long a round trip to that store takes, beside what it takes on this machine.
    #[arg(long, value_name = "MILLISECONDS", value_parser = round_trip, requires = "store")]
    round_trip: Option<Duration>,
}

/// What is measured instead.
#[derive(Debug, Subcommand)]
enum Other {
    /// What many nodes on one store do to one another, on a simulated clock.
    Nodes(nodes::Arguments),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.other {
        Some(Other::Nodes(arguments)) => nodes::run(arguments),
        None => measure(&arguments),
    }
}

/// Measures the operations for each number of records, and prints a table for it.
fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = match &arguments.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let round_trip = arguments.round_trip.unwrap_or_default();
    let remote = arguments.store.map(|engine| Remote::start(engine, round_trip)).transpose()?;
    println!("On {}.\n", machine::describe());
    if let Some(remote) = &remote {
        println!("{}\n", remote.describe());
    }
    for (number, &records) in (0..).zip(&arguments.records) {
        let (memory, operations) = (Memory::default(), arguments.operations);
        let accounts = block_on(fill::fill(&memory, fill::name(0), records, RECORD_BYTES))?;
        let file = Sqlite::open(&folder.path().join(records.to_string()))?;
        let sqlite = NativeKv::new(file.store("default"));
        block_on(fill::copy(&memory, &sqlite))?;
        let on_remote = match &remote {
            Some(remote) => Some(remote.measure(number, &memory, accounts.clone(), operations)?),
            None => None,
        };
        let costs = block_on(measure::measure(memory, accounts.clone(), operations))?;
        let on_memory = Measured { store: "memory", costs };
        let costs = block_on(measure::measure(sqlite, accounts, operations))?;
        let on_sqlite = Measured { store: "SQLite", costs };
        println!("{}", table::table(records, &on_memory, &on_sqlite, on_remote.as_ref()));
        std::fs::remove_dir_all(folder.path().join(records.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = ["store-bench"].iter().chain(arguments);
        Arguments::try_parse_from(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn a_distance_is_that_of_a_store() {
        let far = read(&["--store", "redis", "--round-trip", "1.5"]).unwrap();
        assert_eq!(far.store, Some(Engine::Redis));
        assert_eq!(far.round_trip, Some(Duration::from_micros(1500)));
        let error = read(&["--round-trip", "1"]).unwrap_err();
        assert!(error.contains("--store <STORE>"), "{error}");
        let error = read(&["--store", "mysql"]).unwrap_err();
        assert!(error.contains("[possible values: redis, postgres]"), "{error}");
    }

    #[test]
    fn nodes_are_asked_for_by_name() {
        assert!(matches!(read(&["nodes", "--nodes=3"]).unwrap().other, Some(Other::Nodes(_))));
        assert!(read(&["--store", "redis", "nodes"]).is_err());
    }
}
