//! `cargo xtask soak`.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use soak::{Engine, Program, Settings, soak};
use tempfile::TempDir;

/// Puts the application under a mixed load for a long time, while a receiver of its events is down, its host
/// is killed and its store is locked, and reports whether anything was lost or grows; the exit code is 1
/// then.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak", bin_name = "cargo xtask soak")]
struct Arguments {
    /// How long, in minutes.
    #[arg(long, default_value_t = 60.0, value_parser = minutes)]
    minutes: f64,
    /// How many clients there are.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    clients: u16,
    /// What decides about everything that is random, to see the same again [default: a random number].
    #[arg(long)]
    seed: Option<u64>,
    /// The data is on a server of this kind, which is started for it, and stands still instead of being
    /// locked [default: in a file of Spin's store].
    #[arg(long, value_enum)]
    store: Option<Engine>,
    /// The program of the development host, relative to the project's folder.
    #[arg(long, value_name = "FILE", default_value = "target/debug/devhost", hide = true)]
    devhost: PathBuf,
}

/// Each kind of fault needs its time.
fn minutes(text: &str) -> Result<f64, &'static str> {
    let minutes: f64 = text.parse().map_err(|_| "it must be a number")?;
    let is_possible = (1.0 / 3.0..=100_000.0).contains(&minutes);
    is_possible.then_some(minutes).ok_or("it must be from 0.34 to 100000")
}

fn root() -> PathBuf {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.ancestors().nth(2).unwrap_or(manifest_dir).to_owned()
}

/// A folder beside what is built, on a disk like that of an application.
fn scratch() -> anyhow::Result<TempDir> {
    let folder = root().join("target/soak");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(TempDir::new_in(folder)?)
}

/// Whether all holds that must.
async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let folder = scratch()?;
    let manifest = root().join("spin.toml").into_os_string();
    let options = ["--listen", "127.0.0.1:0", "--state-dir"].map(Into::into);
    let settings = Settings {
        length: Duration::from_secs_f64(arguments.minutes * 60.0),
        clients: arguments.clients.into(),
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..)),
        store: arguments.store,
        program: Program {
            path: root().join(&arguments.devhost),
            arguments: ["--from".into(), manifest].into_iter().chain(options).collect(),
        },
        folder: folder.path().to_owned(),
    };
    println!("Seed {}", settings.seed);
    let outcome = soak(&settings, &|line| println!("{line}")).await;
    let holds = outcome.as_ref().is_ok_and(|report| report.holds());
    if !holds {
        println!("The data and the log stay in {}", folder.keep().display());
    }
    println!("\n{}", outcome?);
    Ok(holds)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let read = |arguments: &[&str]| {
            Arguments::try_parse_from(["soak"].iter().chain(arguments))
                .map_err(|error| error.to_string())
        };
        let arguments = read(&[]).unwrap();
        assert_eq!((arguments.minutes, arguments.clients, arguments.store), (60.0, 8, None));
        let arguments = read(&["--minutes", "0.5", "--store=redis", "--seed=7"]).unwrap();
        assert_eq!((arguments.seed, arguments.store), (Some(7), Some(Engine::Redis)));
        for wrong in ["--minutes=0.1", "--minutes=NaN", "--minutes=x", "--clients=0"] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
