//! `cargo xtask audit`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use client::Client;
use money::Rounding;

/// Recomputes every bill, tax item and balance of a tenant from the bill items, over the API, and
/// reports any difference; the exit code is 1 then. Nothing must change meanwhile.
#[derive(Parser)]
#[command(name = "cargo xtask audit", bin_name = "cargo xtask audit")]
struct Arguments {
    /// The address of the application.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// An access token that sees all of the tenant, where the application asks who calls.
    #[arg(long)]
    token: Option<String>,
    /// When the application rounds amounts: its variable `rounding`.
    #[arg(long, value_enum, default_value_t = Rounded::Bill)]
    rounding: Rounded,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rounded {
    /// Once a bill and tax rate.
    Bill,
    /// Each item.
    Line,
}

/// Whether there is no difference.
async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let client = Client::new(&arguments.url, arguments.token.as_deref())?;
    let rounding = match arguments.rounding {
        Rounded::Bill => Rounding::Bill,
        Rounded::Line => Rounding::Line,
    };
    let auditor = audit::read(&client, rounding, &|line| println!("{line}")).await?;
    let counts = auditor.counts();
    let differences = auditor.finish();
    for difference in &differences {
        println!("{difference}");
    }
    println!(
        "{} accounts, {} bills and {} items ({} unbilled): {} differences",
        counts.accounts,
        counts.bills,
        counts.items,
        counts.unbilled_items,
        differences.len()
    );
    Ok(differences.is_empty())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
