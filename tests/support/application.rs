//! The application in a process of its own, for tests that kill it.
//!
//! Its argument is the folder of the data. It says where it is reached, and serves until it dies.

#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::Context;
use devhost::Log;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let state_dir = std::env::args_os().nth(1).context("the folder of the data is missing")?;
    let running =
        black_box_tests::options(Path::new(&state_dir), &[], Log::stderr()).start().await?;
    println!("{}", running.base_url());
    std::future::pending().await
}
