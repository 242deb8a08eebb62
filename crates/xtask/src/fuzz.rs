//! `cargo xtask fuzz`.

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};

use crate::process::{output, start, supervise};
use crate::project::{cargo, command, target_dir};

#[derive(Args)]
pub struct Arguments {
    /// What is fuzzed.
    target: Target,
    /// How long, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// Damaged data of a tree.
    TreeFormat,
    /// The query of a list.
    Query,
    /// The body of a PATCH.
    Patch,
    /// An access token.
    Token,
    /// What a deployment says of issuers.
    Issuers,
    /// A bill item, and the bill that is made of it.
    Item,
    /// Where events are sent to.
    Callback,
}

/// What makes a program tell the fuzzer which of its branches were taken.
const COVERAGE: &str = "--cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds the fuzz target and runs it. What it finds is kept in `target/fuzz/<target>/`.
pub fn fuzz(arguments: &Arguments) -> anyhow::Result<()> {
    let target = match arguments.target {
        Target::TreeFormat => "tree-format",
        Target::Query => "query",
        Target::Patch => "patch",
        Target::Token => "token",
        Target::Issuers => "issuers",
        Target::Item => "item",
        Target::Callback => "callback",
    };
    let folder = target_dir().join("fuzz").join(target);
    let corpus = folder.join("corpus");
    std::fs::create_dir_all(&corpus)?;
    let machine = output(command("rustc").args(["--print", "host-tuple"]))
        .context("rustc does not say what this machine is")?;
    let mut run = cargo();
    // Build scripts and macros do not run under the fuzzer: naming the target keeps them apart.
    run.args(["run", "--profile", "bench", "--package", "fuzz", "--features", "libfuzzer"])
        .args(["--bin", target, "--target", machine.trim(), "--"])
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", folder.display()))
        .arg(format!("-max_total_time={}", arguments.seconds))
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", target_dir().join("fuzz"));
    match supervise(&mut start(&mut run)?)? {
        Some(status) => ensure!(status.success(), "the fuzzer found something ({status})"),
        None => bail!("stopped by a signal"),
    }
    Ok(())
}
