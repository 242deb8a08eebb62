//! The application in a process of its own, for tests that kill it.
//!
//! Its arguments are the folder of the data, and values of variables (`name=value`). It says where it is
//! reached, and serves until it dies. With `--log` before them, the standard error stream has all of its log,
//! and not only what failed.

#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::Context;
use black_box_tests::{log_of_failures, options};
use devhost::Log;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let log = match arguments.next_if_eq("--log") {
        Some(_) => Log::stderr(),
        None => log_of_failures(),
    };
    let state_dir = arguments.next().context("the folder of the data is missing")?;
    let variables: Vec<_> = arguments.collect();
    let variables: Vec<_> =
        variables.iter().filter_map(|variable| variable.split_once('=')).collect();
    let options = options(Path::new(&state_dir), &variables, log);
    let running = options.start().await?;
    println!("{}", running.base_url());
    std::future::pending().await
}
