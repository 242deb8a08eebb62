//! The application in a process of its own, for tests that kill it.
//!
//! Its arguments are the folder of the data, and values of variables (`name=value`). It says where it is
//! reached, and serves until it dies.

#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::Context;
use black_box_tests::{log_of_failures, options};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let state_dir = arguments.next().context("the folder of the data is missing")?;
    let variables: Vec<_> = arguments.collect();
    let variables: Vec<_> =
        variables.iter().filter_map(|variable| variable.split_once('=')).collect();
    let options = options(Path::new(&state_dir), &variables, log_of_failures());
    let running = options.start().await?;
    println!("{}", running.base_url());
    std::future::pending().await
}
