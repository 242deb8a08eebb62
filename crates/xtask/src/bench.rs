//! `cargo xtask bench`.

use anyhow::{bail, ensure};
use clap::Subcommand;

use crate::process::{start, supervise};
use crate::project::cargo;

#[derive(Subcommand)]
pub enum Bench {
    /// What storage costs: calls, bytes and time of kv-tree per operation, by the number of records.
    Store(Arguments),
}

#[derive(clap::Args)]
pub struct Arguments {
    /// What the benchmark is told; `--help` shows what it can be.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the benchmark for speed, and runs it.
pub fn bench(bench: &Bench) -> anyhow::Result<()> {
    let (package, arguments) = match bench {
        Bench::Store(Arguments { arguments }) => ("store-bench", arguments),
    };
    let mut run = cargo();
    run.args(["run", "--profile", "bench", "--package", package, "--"]).args(arguments);
    match supervise(&mut start(&mut run)?)? {
        Some(status) => ensure!(status.success(), "the benchmark failed ({status})"),
        None => bail!("stopped by a signal"),
    }
    Ok(())
}
