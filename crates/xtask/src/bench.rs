//! `cargo xtask bench`.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::Subcommand;

use crate::build;
use crate::debian;
use crate::process::{output, run, start, supervise};
use crate::project::{FLOOR, cargo, command, target_dir};
use crate::test::provide_servers;

#[derive(Subcommand)]
pub enum Bench {
    /// What storage costs: calls, bytes and time of kv-tree per operation, by the number of records.
    ///
    /// `-- --store redis` or `postgres` measures on a server too, `--round-trip MILLISECONDS` puts it at a
    /// distance.
    Store(Arguments),
    /// What many nodes on one store do to one another, on a simulated clock.
    Nodes(Arguments),
    /// What requests cost: how many a second are answered, next to components that do the least.
    ///
    /// `-- --yardstick DIR` compares with a conventional service, `-- --profile` tells which functions
    /// take the time, `-- --store redis --hosts N` or `postgres` lets hosts share a server.
    Http(Arguments),
}

#[derive(clap::Args)]
pub struct Arguments {
    /// What the benchmark is told; `-- --help` shows what it can be.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs what measures storage, with the arguments that follow.
const STORE_BENCH: [&str; 5] = ["--profile", "bench", "--package", "store-bench", "--"];

/// Builds a benchmark and what it needs, and runs it.
pub fn bench(bench: &Bench) -> anyhow::Result<()> {
    let (Bench::Store(told) | Bench::Nodes(told) | Bench::Http(told)) = bench;
    if told.arguments.iter().any(|argument| argument.starts_with("--store")) {
        provide_servers()?;
    }
    let mut command = cargo();
    command.arg("run");
    match bench {
        Bench::Store(Arguments { arguments }) => {
            command.args(STORE_BENCH).args(arguments);
        }
        Bench::Nodes(Arguments { arguments }) => {
            command.args(STORE_BENCH).arg("nodes").args(arguments);
        }
        Bench::Http(Arguments { arguments }) => {
            let components = prepare_http(arguments)?;
            // The load does not come from the benchmark itself, which need not be fast.
            command.args(["--package", "http-bench", "--", "--components"]).arg(components);
            command.args(arguments);
        }
    }
    match supervise(&mut start(&mut command)?)? {
        Some(status) => ensure!(status.success(), "the benchmark failed ({status})"),
        None => bail!("stopped by a signal"),
    }
    Ok(())
}

/// Finds or builds what requests are measured with, and says which folder the components are in.
fn prepare_http(arguments: &[String]) -> anyhow::Result<PathBuf> {
    if output(command("which").arg("wrk")).is_none() {
        debian::install(&["wrk".to_owned()])?;
    }
    let components = match arguments.iter().any(|argument| argument == "--profile") {
        true => {
            let perf = output(command("perf").arg("--version"));
            ensure!(perf.is_some(), "perf is missing; on Debian: apt-get install linux-perf");
            build::build_with_names(&FLOOR)?
        }
        false => {
            build::build_with(&FLOOR)?;
            target_dir()
        }
    };
    run(cargo().args(["build", "--package", "devhost"]))?;
    Ok(components)
}
