//! `cargo xtask bench http`: the application and two floor components on one host, under the same
//! load, one after the other.
//!
//! # Layout
//!
//! * `host` – what runs the components.
//! * `accounts` – the accounts that there are.
//! * `cases` – what is asked for, and what it is compared with.
//! * `load` – asking for it at a number of connections.
//! * `log` – what the application's log says about that time.
//! * `table` – the figures as a table.
//! * `cold` – the first request of an instance.

#![forbid(unsafe_code)]

mod accounts;
mod cases;
mod cold;
mod host;
mod load;
mod log;
mod table;

use clap::Parser;

use crate::cases::Case;
use crate::host::{Host, HostKind};
use crate::table::Row;

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
    print!("{}", table::HEAD);
    for &connections in &arguments.connections {
        let cases = Case::all(arguments.records).into_iter();
        for case in cases.filter(|case| case.name.contains(&arguments.only)) {
            let warm_up = async |case: &Case| match arguments.warm_up {
                0 => Ok(()),
                seconds => {
                    load::measure(&host.base_url, case, connections, seconds).await.map(drop)
                }
            };
            let measure = async |case: &Case| {
                load::measure(&host.base_url, case, connections, arguments.seconds).await
            };
            // The floor again for each case: what the machine does besides changes with time.
            let case_floor = case.floor();
            warm_up(&case_floor).await?;
            let floor = measure(&case_floor).await?;
            warm_up(&case).await?;
            let begin = host.log.end()?;
            let own = measure(&case).await?;
            let activity = host.log.since(&begin)?;
            println!("{}", Row { case: case.name, connections, floor, own, activity });
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
