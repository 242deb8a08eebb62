//! `cargo xtask bench http`: the application and two floor components on one host, under the same
//! load, one after the other.
//!
//! # Layout
//!
//! * `host` – what runs the components.
//! * `deployment` – one host with a store of its own, or several that share one.
//! * `callers` – access tokens, and the tenants that they are for.
//! * `accounts` – the accounts that there are.
//! * `cases` – what is asked for, and what it is compared with.
//! * `load` – asking for it at a number of connections.
//! * `log` – what the application's log says about that time.
//! * `profile` – which functions take the time.
//! * `yardstick` – a conventional service for the same work, on `postgres`.
//! * `process` – programs that end with the benchmark.
//! * `table` – the figures as a table.
//! * `compare` – one case on everything that is compared.
//! * `cold` – the first request of an instance.
//! * `tokens` – what it costs to know who calls, measured instead of all that.
//! * `bills` – what items and bills cost, likewise.
//! * `events` – what events cost, likewise, and how soon they reach a `receiver`.

#![forbid(unsafe_code)]

mod accounts;
mod bills;
mod callers;
mod cases;
mod cold;
mod compare;
mod deployment;
mod events;
mod host;
mod load;
mod log;
mod postgres;
mod process;
mod profile;
mod receiver;
mod table;
mod tokens;
mod yardstick;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use store_bench::served::{Engine, round_trip};

use crate::cases::Case;
use crate::compare::Comparison;
use crate::deployment::Deployment;
use crate::host::HostKind;
use crate::table::Table;
use crate::yardstick::Yardstick;

/// Loads the application and the floor components, and prints how they compare.
#[derive(Debug, Parser)]
struct Arguments {
    /// What runs the components.
    #[arg(long, value_enum, default_value_t = HostKind::Devhost)]
    host: HostKind,
    /// The application keeps its data on a server of this kind, which is started for it. The floor
    /// components stay on the host's own store.
    #[arg(long, value_enum, conflicts_with_all = ["tokens", "bills", "events"])]
    store: Option<Engine>,
    /// How long a round trip to that server takes, beside what it takes on this machine.
    #[arg(long, value_name = "MILLISECONDS", value_parser = round_trip, requires = "store")]
    round_trip: Option<Duration>,
    /// How many hosts share that server. Connections are spread over them evenly, so that there may be a
    /// few less.
    #[arg(long, default_value_t = 1, requires = "store", conflicts_with = "profile")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=64))]
    hosts: u32,
    /// Over how many tenants accounts and requests are spread. Callers of several bring an access token
    /// (EdDSA) for any of them, which each instance checks once.
    #[arg(long, default_value_t = 1, conflicts_with_all = ["tokens", "bills", "events"])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    tenants: u32,
    /// How many accounts there are.
    #[arg(long, default_value_t = 10_000)]
    records: usize,
    /// How long each case is loaded, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// How long it is loaded before that. Where many connections open at once, the host starts an
    /// instance for each; it has no more than it needs when those have ended, after 128 requests.
    #[arg(long, default_value_t = 0)]
    warm_up: u32,
    /// At how many connections; several numbers are separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<u32>,
    /// Only cases whose names contain this [default: all, or POST with --profile].
    #[arg(long)]
    only: Option<String>,
    /// Tells which functions take the host's processor time, with Linux's perf. The call graph of
    /// the last case stays in target/bench/perf.data, for `perf report`.
    #[arg(long)]
    profile: bool,
    /// Measures what access tokens cost instead, with two applications: one asks who calls.
    #[arg(long, conflicts_with_all = ["profile", "yardstick", "only"])]
    tokens: bool,
    /// Measures what items and bills cost instead.
    #[arg(long, conflicts_with_all = ["profile", "yardstick", "only", "tokens"])]
    bills: bool,
    /// Measures what events cost instead, and how soon they arrive.
    #[arg(long, conflicts_with_all = ["profile", "yardstick", "only", "tokens", "bills"])]
    events: bool,
    /// How many events wait for a receiver that is down, where events are measured; 0 leaves it out.
    #[arg(long, default_value_t = 1_000_000)]
    pending: usize,
    /// The folder that components are built in, relative to the project's folder.
    #[arg(long, value_name = "DIR", default_value = "target", hide = true)]
    components: PathBuf,
    /// Compares with a conventional service too: the folder of its `server.js`, relative to the
    /// project's folder. It needs Node.js and PostgreSQL.
    #[arg(long, value_name = "DIR", value_parser = yardstick::folder)]
    yardstick: Option<PathBuf>,
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.tokens {
        return tokens::measure(arguments).await;
    }
    if arguments.bills {
        return bills::measure(arguments).await;
    }
    if arguments.events {
        return events::measure(arguments).await;
    }
    let deployment = Deployment::start(arguments).await?;
    println!("{}", deployment.describe()?);
    let yardstick = match &arguments.yardstick {
        Some(folder) => start_yardstick(folder, arguments.records).await?,
        None => None,
    };
    let table = Table { has_yardstick: yardstick.is_some() };
    let only = arguments.only.as_deref().unwrap_or(if arguments.profile { "POST" } else { "" });
    println!("\n{}", table.head());
    let mut profiles = Vec::new();
    for &connections in &arguments.connections {
        let connections = load::evenly(connections, arguments.hosts);
        let (deployment, yardstick) = (&deployment, yardstick.as_ref());
        let comparison = Comparison { deployment, yardstick, arguments, connections };
        let cases = Case::all(deployment.records).into_iter();
        for case in cases.filter(|case| case.name.contains(only)) {
            let (row, profile) = comparison.of(&case).await?;
            println!("{}", table.row(&row));
            let title = format!("{}, {connections} connections", case.name);
            profiles.extend(profile.map(|profile| format!("{title}, {profile}")));
        }
    }
    for profile in profiles {
        println!("\n{profile}");
    }
    let (client, base_url) = deployment.client()?;
    println!("\n{}", cold::measure(&client, base_url).await?);
    deployment.stop().await
}

/// Starts the conventional service, or says why there is none.
async fn start_yardstick(folder: &Path, records: usize) -> anyhow::Result<Option<Yardstick>> {
    match Yardstick::start(folder, &host::scratch()?, records).await {
        Ok(yardstick) => Ok(Some(yardstick)),
        Err(error) => {
            println!("Without a yardstick: {error:#}");
            Ok(None)
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&Arguments::parse()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = ["http-bench"].iter().chain(arguments);
        Arguments::try_parse_from(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_it_is_one_host_with_its_own_store() {
        let arguments = read(&[]).unwrap();
        assert_eq!((arguments.store, arguments.round_trip), (None, None));
        assert_eq!((arguments.hosts, arguments.tenants), (1, 1));
    }

    #[test]
    fn hosts_share_a_store_at_a_distance() {
        let far = ["--store=postgres", "--round-trip=10", "--hosts=4", "--tenants=8"];
        let far = read(&far).unwrap();
        assert_eq!(far.store, Some(Engine::Postgres));
        assert_eq!(far.round_trip, Some(Duration::from_millis(10)));
        assert_eq!((far.hosts, far.tenants), (4, 8));
        for alone in ["--hosts=2", "--round-trip=1"] {
            let error = read(&[alone]).unwrap_err();
            assert!(error.contains("--store <STORE>"), "{alone}: {error}");
        }
        for wrong in ["--hosts=0", "--hosts=65", "--tenants=0", "--round-trip=-1"] {
            assert!(read(&["--store=redis", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_measured_instead_has_a_store_of_its_own() {
        for other in ["--tokens", "--bills", "--events"] {
            for ours in ["--store=redis", "--tenants=2"] {
                let error = read(&[other, ours]).unwrap_err();
                assert!(error.contains("cannot be used with"), "{other} {ours}: {error}");
            }
        }
        let error = read(&["--store=redis", "--hosts=2", "--profile"]).unwrap_err();
        assert!(error.contains("cannot be used with"), "{error}");
    }
}
