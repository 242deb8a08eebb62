//! `cargo xtask demo`, `audit`, `export`, `import` and `copy`: programs that talk to a running application, or to
//! stores. They need clients, which this program does without.

use crate::process::{run, run_that_tells};
use crate::project::{cargo, command, target_dir};

#[derive(clap::Args)]
pub struct Arguments {
    /// What the program is told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// Builds the program of a package, and runs it.
pub fn client(package: &str, arguments: &Arguments) -> anyhow::Result<()> {
    start(package, &[], arguments)
}

/// Exports or imports, as the program of both is told.
pub fn transfer(way: &str, arguments: &Arguments) -> anyhow::Result<()> {
    start("transfer-client", &[way], arguments)
}

fn start(package: &str, first: &[&str], arguments: &Arguments) -> anyhow::Result<()> {
    run(cargo().args(["build", "--quiet", "--package", package]))?;
    let program = target_dir().join("debug").join(package);
    run_that_tells(command(program).args(first).args(&arguments.arguments))
}
