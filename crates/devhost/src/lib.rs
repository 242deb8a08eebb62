//! A local runtime for Spin applications made of WASI 0.3 HTTP components, for machines without
//! Spin and for tests.
//!
//! It runs the same components from the same `spin.toml`, with the defaults of `spin up`: port
//! 3000, state in `.spin/`, the same reuse of instances, the same SQLite file. It has no feature
//! that Spin does not have, and refuses a manifest that asks for one of Spin's that it lacks.
//!
//! # Layout
//!
//! * [`manifest`] – `spin.toml`: what it may say, and what is wrong with one.
//! * [`variables`] – application variables and the templates that refer to them.
//! * [`runtime_config`] – Spin's runtime configuration: where the key-value store is, and
//!   where requests must not lead to.
//! * `routes` – which component a path leads to.
//! * `engine` – wasmtime: compiling components, linking them to the host.
//! * `bindings` – the interfaces between host and components.
//! * `state` – what belongs to one instance of a component.
//! * `outbound` – requests that components send to others.
//! * `handler` – starting, reusing and ending instances.
//! * `key_value` – the SQLite store and both interfaces to it.
//! * `postgres`, `redis` – connections to PostgreSQL and Redis.
//! * `log` – the lines that the host and its components write.
//! * `server` – HTTP: from a connection to a component and back.

mod bindings;
mod engine;
mod handler;
mod key_value;
mod log;
pub mod manifest;
mod outbound;
mod postgres;
mod redis;
mod routes;
pub mod runtime_config;
mod server;
mod state;
pub mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use log::Log;
pub use server::Running;

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The application's `spin.toml`. Paths in it are relative to its folder.
    pub manifest: PathBuf,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the key-value store is; `None` is `.spin` beside the manifest.
    pub state_dir: Option<PathBuf>,
    /// Spin's runtime configuration, which can say that the store is elsewhere, and where requests
    /// must not lead to.
    pub runtime_config_file: Option<PathBuf>,
    /// Values of application variables that override the manifest's defaults.
    pub variables: Vec<(String, String)>,
    /// How long a component may take to begin a response; `None` is for ever.
    pub request_timeout: Option<Duration>,
    /// How many bytes of memory an instance may have; `None` is as many as WebAssembly allows.
    pub max_instance_memory: Option<usize>,
    /// Whether compiled code is described for Linux's perf, in `/tmp/perf-<process>.map`.
    pub perf_map: bool,
    /// Where lines of the log go.
    pub log: Log,
}

impl Options {
    /// Runs the application of `manifest` as `spin up` would.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Self {
            manifest: manifest.into(),
            listen: ([127, 0, 0, 1], 3000).into(),
            state_dir: None,
            runtime_config_file: None,
            variables: Vec::new(),
            request_timeout: None,
            max_instance_memory: None,
            perf_map: false,
            log: Log::stderr(),
        }
    }

    /// Compiles the components and listens for requests until [`Running::stop`]. Must be called on
    /// a multi-threaded tokio runtime.
    pub async fn start(self) -> anyhow::Result<Running> {
        server::start(self).await
    }
}
