//! `cargo xtask export` and `cargo xtask import`.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use client::Client;
use transfer_client::{Application, export, import};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Exports all that a tenant has, as it is at one moment, into a file of lines of JSON. One that was
    /// interrupted goes on when it is begun again. The exit code is 1 where something could not be read.
    Export(Where),
    /// Imports such a file. One that was interrupted goes on when it is begun again. The exit code is 1 where
    /// lines were refused: FILE.refused has them, FILE.reasons says why.
    Import(Where),
}

#[derive(clap::Args)]
struct Where {
    /// The address of the application.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The token of transfers (the variable transfer_token of the application).
    #[arg(long, env = "TRANSFER_TOKEN", hide_env_values = true)]
    token: String,
    /// Whose data it is about, where the application serves several tenants.
    #[arg(long)]
    tenant: Option<String>,
    /// The file.
    file: PathBuf,
}

/// How often the progress is printed.
const PERIOD: Duration = Duration::from_secs(1);

async fn run(command: &Command) -> anyhow::Result<bool> {
    let (Command::Export(place) | Command::Import(place)) = command;
    let client = Client::new(&place.url, Some(&place.token))?;
    let application = Application { client: &client, tenant: place.tenant.as_deref() };
    let mut last = Instant::now();
    let progress = |lines: u64, of: u64| {
        if last.elapsed() >= PERIOD {
            last = Instant::now();
            println!("{lines} of {of} lines");
        }
    };
    match command {
        Command::Export(_) => {
            let exported = export(&application, &place.file, progress).await?;
            println!("{} lines are in {}", exported.lines, place.file.display());
            if exported.unreadable > 0 {
                println!("{} of them say what could not be read, and why", exported.unreadable);
            }
            Ok(exported.unreadable == 0)
        }
        Command::Import(_) => {
            let imported = import(&application, &place.file, progress).await?;
            if imported.before > 0 {
                println!("{} lines were imported before", imported.before);
            }
            println!(
                "{} lines were stored, {} said what was there, {} were refused",
                imported.created, imported.unchanged, imported.refused
            );
            Ok(imported.refused == 0)
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse().command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
