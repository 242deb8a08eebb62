//! `cargo xtask bench nodes`: what many nodes on one store do to one another.
//!
//! Each node is an instance with its own caches, and has some requests under way all the time. A request
//! creates an account, as POST does: it gathers, looks whether there is such an account, and writes the
//! record and its index entries. All share one store in memory, whose calls take a round trip, on one
//! simulated clock. So neither the processor's time nor the store's own is in the figures: they are what
//! the protocol of kv-tree comes to, with any number of processors and a store that is never busy.
//!
//! # Layout
//!
//! * `executor` – tasks on a simulated clock.
//! * `node` – the way of a node to the store, and what it counts.
//! * `load` – the requests, and what came of them.

mod executor;
mod load;
mod node;

use std::time::Duration;

use self::load::Figures;
use crate::table::time;

/// Simulates nodes that share a store, and prints what they come to.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many nodes there are.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    nodes: u32,
    /// How many requests each has under way.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    requests: u32,
    /// Over how many trees they are spread; several numbers are separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    trees: Vec<u32>,
    /// How many milliseconds a call to the store takes; several numbers are separated by commas.
    #[arg(long, value_name = "MILLISECONDS", value_delimiter = ',', default_value = "1,10")]
    #[arg(value_parser = store_bench::served::round_trip)]
    round_trip: Vec<Duration>,
    /// How many accounts each tree has at first.
    #[arg(long, default_value_t = 10_000)]
    records: u64,
    /// How many bytes a record has, without its index entries: the application keeps an account of 1.4 kB
    /// in about 600.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    record_bytes: u32,
    /// How long requests are counted, in simulated seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// How long they are made before that.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=3600))]
    warm_up: u32,
    /// What all that is random begins with.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Simulates each number of trees at each distance, and prints a line for it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { nodes, requests, seconds, seed, .. } = arguments;
    println!("{nodes} nodes with {requests} requests each, {seconds} simulated s, seed {seed}\n");
    println!("{HEAD}");
    for &round_trip in &arguments.round_trip {
        for &trees in &arguments.trees {
            let figures = load::simulate(arguments, round_trip, trees)?;
            println!("{}", row(round_trip, trees, &figures));
        }
    }
    Ok(())
}

const HEAD: &str = "\
| round trip | trees | requests/s | commits/s | requests a commit | attempts a commit | store calls a request | p50 | p99 | failed |
|---|---|---|---|---|---|---|---|---|---|";

fn row(round_trip: Duration, trees: u32, figures: &Figures) -> String {
    let Figures { per_second, commits_per_second, p50, p99, failed, .. } = figures;
    format!(
        "| {} ms | {trees} | {per_second:.0} | {commits_per_second:.0} | {:.2} | {:.2} | {:.2} | {} | {} | {failed} |",
        round_trip.as_secs_f64() * 1000.0,
        figures.requests_a_commit,
        figures.attempts_a_commit,
        figures.calls_a_request,
        time(*p50),
        time(*p99),
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = ["nodes"].iter().chain(arguments);
        let command = Command::try_parse_from(arguments).map_err(|error| error.to_string())?;
        Ok(command.arguments)
    }

    #[test]
    fn without_arguments_it_is_64_nodes_near_and_far() {
        let arguments = read(&[]).unwrap();
        assert_eq!((arguments.nodes, arguments.trees), (64, vec![1, 8]));
        assert_eq!(arguments.round_trip, [1, 10].map(Duration::from_millis));
    }

    #[test]
    fn what_cannot_be_simulated_is_refused() {
        for wrong in ["--nodes=0", "--requests=0", "--trees=1,0", "--seconds=0", "--round-trip=x"] {
            let error = read(&[wrong]).unwrap_err();
            let (name, _) = wrong.split_once('=').unwrap();
            assert!(error.contains("invalid value") && error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_row_has_the_columns_of_the_head() {
        let figures = Figures {
            per_second: 1234.4,
            commits_per_second: 100.0,
            requests_a_commit: 12.344,
            attempts_a_commit: 1.5,
            calls_a_request: 0.25,
            p50: Duration::from_millis(5),
            p99: Duration::from_millis(50),
            failed: 3,
        };
        let row = row(Duration::from_millis(1), 8, &figures);
        let expected = "| 1 ms | 8 | 1234 | 100 | 12.34 | 1.50 | 0.25 | 5000 µs | 50.0 ms | 3 |";
        assert_eq!(row, expected);
        let cells = |line: &str| line.matches('|').count();
        assert!(HEAD.lines().all(|line| cells(line) == cells(&row)));
    }
}
