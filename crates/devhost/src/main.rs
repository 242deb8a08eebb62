//! `devhost`: runs a Spin application where Spin is not installed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use devhost::{Log, Options};
use tokio::signal::unix::{SignalKind, signal};

/// Runs a Spin application of WASI 0.3 HTTP components on this machine, for development.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The application's manifest.
    #[arg(long = "from", value_name = "FILE", default_value = "spin.toml")]
    manifest: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The folder of the key-value store [default: .spin beside the manifest].
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Spin's runtime configuration, of which [key_value_store.default] and block_networks in
    /// [outbound_networking] are supported.
    #[arg(long, value_name = "FILE", env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// Sets a variable of the application. May be given several times.
    #[arg(long = "variable", value_name = "KEY=VALUE", value_parser = key_value)]
    variables: Vec<(String, String)>,
    /// How many seconds a component may take to begin a response [default: any number].
    #[arg(long, value_name = "SECONDS")]
    request_timeout: Option<u64>,
    /// How many bytes of memory an instance may have [default: 4 GiB].
    #[arg(long, value_name = "BYTES")]
    max_instance_memory: Option<usize>,
    /// Describes compiled code for Linux's perf, in `/tmp/perf-<process>.map`.
    #[arg(long)]
    perf_map: bool,
}

fn key_value(argument: &str) -> Result<(String, String), String> {
    match argument.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err("it must be KEY=VALUE".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // In one line, which the causes from libraries are not always.
            let error = format!("{error:#}");
            let words: Vec<_> = error.split_whitespace().collect();
            eprintln!("error: {}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}

/// Serves the application until Ctrl-C or SIGTERM.
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let options = Options {
        manifest: arguments.manifest,
        listen: arguments.listen,
        state_dir: arguments.state_dir,
        runtime_config_file: arguments.runtime_config_file,
        variables: arguments.variables,
        request_timeout: arguments.request_timeout.map(Duration::from_secs),
        max_instance_memory: arguments.max_instance_memory,
        perf_map: arguments.perf_map,
        log: Log::stderr(),
    };
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let running = options.start().await?;
    println!("Serving {}", running.base_url());
    println!("Available routes:");
    for (route, component) in running.routes() {
        println!("  {component}: {}{route}", running.base_url());
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}
