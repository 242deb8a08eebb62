//! `cargo xtask audit`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use audit::{Auditor, NumberFormat};
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
    /// What the application numbers bills by, if that does not end with the count: its variable
    /// `bill_number_format`, such as {number}/{year}.
    #[arg(long, value_parser = number_format)]
    bill_number_format: Option<NumberFormat>,
}

fn number_format(text: &str) -> Result<NumberFormat, &'static str> {
    NumberFormat::parse(text).ok_or("it must have {number} or {number:0N}")
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
    let mut auditor = Auditor::new(rounding);
    if let Some(format) = arguments.bill_number_format.clone() {
        auditor = auditor.with_number_format(format);
    }
    let auditor = audit::read(&client, auditor, &|line| println!("{line}")).await?;
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
