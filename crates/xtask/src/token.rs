//! `cargo xtask token`: access tokens of a development key.

use anyhow::Context;
use serde_json::Value;

use crate::process::{output_that_tells, run, run_that_tells};
use crate::project::{cargo, command, target_dir};

/// The program that has the key, for `cargo build`. It takes long to build: this one does without
/// cryptography.
pub const PROGRAM: [&str; 4] = ["--package", "token", "--bin", "token"];

#[derive(clap::Args)]
pub struct Arguments {
    /// What the token says.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the program, and runs it.
pub fn token(arguments: &Arguments) -> anyhow::Result<()> {
    run(cargo().args(["build", "--quiet"]).args(PROGRAM))?;
    run_that_tells(command(target_dir().join("debug/token")).args(&arguments.arguments))
}

/// The issuer of such tokens, as the variable `jwt_issuers` has it. The program must have been built.
pub fn issuer() -> anyhow::Result<Value> {
    let issuer = output_that_tells(command(target_dir().join("debug/token")).arg("--issuer"))?;
    serde_json::from_str(&issuer).context("what the program of tokens prints is not JSON")
}
