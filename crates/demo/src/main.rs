//! `cargo xtask demo`.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use client::Client;
use jiff::Timestamp;

/// Fills a running application with an operator who bills on behalf of three partners: 200
/// accounts, items, bills in each state, payments. What is there already stays as it is.
#[derive(Parser)]
#[command(name = "cargo xtask demo", bin_name = "cargo xtask demo")]
struct Arguments {
    /// The address of the application.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// An access token, where the application asks who calls.
    #[arg(long)]
    token: Option<String>,
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let begin = Instant::now();
    let client = Client::new(&arguments.url, arguments.token.as_deref())?;
    let summary = demo::fill(&client, Timestamp::now(), &|line| println!("{line}")).await?;
    println!("\n{summary}\n{:.1} s", begin.elapsed().as_secs_f64());
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
