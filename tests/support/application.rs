//! The application in a process of its own, for tests that kill it.
//!
//! Its argument is the folder of the data. It says where it is reached, and serves until it dies.

#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::Context;
use black_box_tests::{log_of_failures, options};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let state_dir = std::env::args_os().nth(1).context("the folder of the data is missing")?;
    let options = options(Path::new(&state_dir), &[], log_of_failures());
    let running = options.start().await?;
    println!("{}", running.base_url());
    std::future::pending().await
}
