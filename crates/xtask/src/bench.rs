//! `cargo xtask bench`.

use anyhow::{bail, ensure};
use clap::Subcommand;

use crate::build;
use crate::process::{output, run, start, supervise};
use crate::project::{cargo, command};
use crate::toolchain::install_packages;

/// The components that the application is compared with; they are no part of it.
pub const FLOOR: [&str; 2] = ["floor-get", "floor-set"];

#[derive(Subcommand)]
pub enum Bench {
    /// What storage costs: calls, bytes and time of kv-tree per operation, by the number of records.
    Store(Arguments),
    /// What requests cost: how many a second are answered, next to components that do the least.
    Http(Arguments),
}

#[derive(clap::Args)]
pub struct Arguments {
    /// What the benchmark is told; `-- --help` shows what it can be.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds a benchmark and what it needs, and runs it.
pub fn bench(bench: &Bench) -> anyhow::Result<()> {
    let (package, profile, arguments) = match bench {
        Bench::Store(Arguments { arguments }) => ("store-bench", "bench", arguments),
        Bench::Http(Arguments { arguments }) => {
            if output(command("which").arg("wrk")).is_none() {
                println!("Installing wrk");
                install_packages(&["wrk".to_owned()])?;
            }
            build::build_with(&FLOOR)?;
            run(cargo().args(["build", "--package", "devhost"]))?;
            // The load does not come from the benchmark itself.
            ("http-bench", "dev", arguments)
        }
    };
    let mut bench = cargo();
    bench.args(["run", "--profile", profile, "--package", package, "--"]).args(arguments);
    match supervise(&mut start(&mut bench)?)? {
        Some(status) => ensure!(status.success(), "the benchmark failed ({status})"),
        None => bail!("stopped by a signal"),
    }
    Ok(())
}
