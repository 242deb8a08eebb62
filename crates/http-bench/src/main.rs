//! `cargo xtask bench http`: the application and two floor components on one host, under the same
//! load, one after the other.
//!
//! # Layout
//!
//! * `host` – what runs the components.
//! * `accounts` – the accounts that there are.
//! * `cases` – what is asked for, and what it is compared with.
//! * `load` – asking for it at a number of connections.
//! * `cold` – the first request of an instance.

#![forbid(unsafe_code)]

mod accounts;
mod cases;
mod cold;
mod host;
mod load;

use clap::Parser;

use crate::cases::Case;
use crate::host::{Host, HostKind};

/// Loads the application and the floor components, and prints how they compare.
#[derive(Parser)]
struct Arguments {
    /// What runs the components.
    #[arg(long, value_enum, default_value_t = HostKind::Devhost)]
    host: HostKind,
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
    /// Only cases whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let host = Host::start(arguments.host).await?;
    println!("{}, {} accounts", host.describe(), arguments.records);
    accounts::create(&host, arguments.records).await?;
    println!();
    println!(
        "| case | connections | floor, req/s | req/s | ratio | p50 | p99 | floor p50 | floor p99 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for &connections in &arguments.connections {
        let cases = Case::all(arguments.records).into_iter();
        for case in cases.filter(|case| case.name.contains(&arguments.only)) {
            // The floor again for each case: what the machine does besides changes with time.
            let measure = async |case: &Case| {
                if arguments.warm_up > 0 {
                    load::measure(&host, case, connections, arguments.warm_up).await?;
                }
                load::measure(&host, case, connections, arguments.seconds).await
            };
            let (floor, own) = (measure(&case.floor()).await?, measure(&case).await?);
            println!(
                "| {} | {connections} | {:.0} | {:.0} | {:.2} | {} | {} | {} | {} |",
                case.name,
                floor.per_second,
                own.per_second,
                own.per_second / floor.per_second,
                own.p50,
                own.p99,
                floor.p50,
                floor.p99
            );
        }
    }
    println!();
    println!("{}", cold::measure(&host).await?);
    host.stop().await
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&Arguments::parse()).await
}
