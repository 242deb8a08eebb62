//! PostgreSQL and Redis servers for tests and benchmarks, in folders of their own, and an emulator of
//! DynamoDB, in memory: on free ports of loopback, ended with whoever started them; and a network in
//! front of one that is slow and breaks.
//!
//! Helpers do what they are named for and panic otherwise.
//!
//! # Layout
//!
//! * `server` – a server as a process: killed, stopped, started again.
//! * `postgres`, `redis`, `dynalite` – how each is started.
//! * `proxy` – the network.

#![forbid(unsafe_code)]

mod dynalite;
mod postgres;
mod proxy;
mod redis;
mod server;

pub use dynalite::Dynalite;
pub use postgres::{Postgres, create_database};
pub use proxy::Proxy;
pub use redis::Redis;

use std::net::TcpListener;

/// A port of loopback that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
