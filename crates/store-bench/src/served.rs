//! A store on a server of its own, and how far away it is.

use std::time::Duration;

use anyhow::anyhow;
use clap::ValueEnum;
use remote_store::Address;
use store_servers::{Postgres, Proxy, Redis};

/// How long a round trip can be, in milliseconds.
const MAX_ROUND_TRIP: f64 = 10_000.0;

/// What kind of a store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Redis, which acknowledges what is on its disk.
    Redis,
    /// PostgreSQL.
    Postgres,
}

impl Engine {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A server with empty stores, which ends when this is dropped, and the network in front of it.
pub struct Served {
    engine: Engine,
    round_trip: Duration,
    server: Server,
    network: Option<Proxy>,
}

enum Server {
    Redis(Redis),
    Postgres(Postgres),
}

impl Served {
    /// Starts a server; a round trip to it takes so long, on the runtime of tokio that this is called on.
    ///
    /// # Panics
    ///
    /// Where the server is not installed or does not start.
    pub async fn start(engine: Engine, round_trip: Duration) -> Self {
        let server = match engine {
            Engine::Redis => Server::Redis(Redis::start()),
            Engine::Postgres => Server::Postgres(Postgres::start()),
        };
        let network = match round_trip.is_zero() {
            true => None,
            false => Some(Proxy::start(server.port(), round_trip).await),
        };
        Self { engine, round_trip, server, network }
    }

    /// What kind of a store it has.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// What it is, for those who read figures.
    pub fn describe(&self) -> String {
        let milliseconds = self.round_trip.as_secs_f64() * 1000.0;
        format!("{}, a round trip of {milliseconds} ms away", self.engine.name())
    }

    /// Lets the server stand still, as if its machine did.
    pub fn stand_still(&self) {
        match &self.server {
            Server::Redis(redis) => redis.stop(),
            Server::Postgres(postgres) => postgres.stop(),
        }
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        match &self.server {
            Server::Redis(redis) => redis.go_on(),
            Server::Postgres(postgres) => postgres.go_on(),
        }
    }

    /// The address of an empty store: of another one for each number below 1000, none of which was asked
    /// for before.
    pub fn store(&self, number: u32) -> anyhow::Result<Address> {
        let address = match &self.server {
            Server::Redis(redis) => redis.address(number),
            Server::Postgres(postgres) => postgres.create(&format!("bench_{number}")),
        };
        let port = self.network.as_ref().map_or(self.server.port(), Proxy::port);
        let address = at_port(&address, self.server.port(), port);
        Address::parse(&address).map_err(|error| anyhow!("the address of the store: {error}"))
    }
}

impl Server {
    fn port(&self) -> u16 {
        match self {
            Self::Redis(redis) => redis.port(),
            Self::Postgres(postgres) => postgres.port(),
        }
    }
}

/// An address with another port.
fn at_port(address: &str, port: u16, other: u16) -> String {
    address.replacen(&format!(":{port}/"), &format!(":{other}/"), 1)
}

/// Reads how long a round trip takes, in milliseconds.
pub fn round_trip(argument: &str) -> Result<Duration, String> {
    match argument.parse::<f64>() {
        Ok(milliseconds) if (0.0..=MAX_ROUND_TRIP).contains(&milliseconds) => {
            Ok(Duration::from_secs_f64(milliseconds / 1000.0))
        }
        _ => Err(format!("it must be a number of milliseconds from 0 to {MAX_ROUND_TRIP}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_told_in_milliseconds() {
        assert_eq!(round_trip("0"), Ok(Duration::ZERO));
        assert_eq!(round_trip("0.5"), Ok(Duration::from_micros(500)));
        assert_eq!(round_trip("10"), Ok(Duration::from_millis(10)));
        for wrong in ["-1", "10001", "NaN", "1ms", ""] {
            let error = round_trip(wrong).unwrap_err();
            assert_eq!(error, "it must be a number of milliseconds from 0 to 10000", "{wrong}");
        }
    }

    #[test]
    fn only_the_port_of_an_address_changes() {
        assert_eq!(at_port("redis://127.0.0.1:700/7", 700, 80), "redis://127.0.0.1:80/7");
        let address = "postgres://accounts@127.0.0.1:5432/bench_5432";
        assert_eq!(at_port(address, 5432, 1), "postgres://accounts@127.0.0.1:1/bench_5432");
    }
}
