//! What runs the components.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use reqwest::{Client, StatusCode};
use sqlite_store::Sqlite;
use store_bench::machine;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::log::Log;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HostKind {
    /// Spin, which has to be on the PATH.
    Spin,
    /// The project's own host for development.
    Devhost,
}

/// The floor components, next to those of the application.
const FLOOR: &str = r#"
[[trigger.http]]
route = "/floor/get"
component = "floor-get"

[component.floor-get]
source = "target/wasm32-wasip2/release/floor_get.wasm"
key_value_stores = ["default"]

[[trigger.http]]
route = "/floor/set"
component = "floor-set"

[component.floor-set]
source = "target/wasm32-wasip2/release/floor_set.wasm"
key_value_stores = ["default"]
"#;

/// How long the host may take to compile the components and answer.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// A host that runs the application and the floor components on an empty store.
pub struct Host {
    kind: HostKind,
    process: Child,
    pub client: Client,
    pub base_url: String,
    pub log: Log,
    _state_dir: TempDir,
}

impl Host {
    /// Starts the components in the folder `target`, relative to the project's, with values for
    /// variables. `perf_map`: what they are compiled to can be profiled, which Spin has no switch for.
    pub async fn start(
        kind: HostKind,
        target: &Path,
        perf_map: bool,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let root = root();
        let state_dir = TempDir::new_in(scratch()?)?;
        let manifest = std::fs::read_to_string(root.join("spin.toml"))? + FLOOR;
        let target = format!("{}/", root.join(target).display());
        let manifest = manifest.replace("source = \"target/", &format!("source = \"{target}"));
        let path = state_dir.path().join("spin.toml");
        std::fs::write(&path, manifest)?;

        let listen = free_address()?;
        let mut command = match kind {
            HostKind::Spin => {
                let mut command = Command::new("spin");
                command.args(["up", "--quiet"]);
                command
            }
            HostKind::Devhost => Command::new(root.join("target/debug/devhost")),
        };
        if perf_map {
            ensure!(kind == HostKind::Devhost, "only devhost can be profiled");
            command.arg("--perf-map");
        }
        command.arg("--from").arg(&path).arg("--listen").arg(listen.to_string());
        for (name, value) in variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        let state = state_dir.path().join("state");
        // In WAL mode on both hosts, as `cargo xtask up` has it.
        drop(Sqlite::open(&state)?);
        command.arg("--state-dir").arg(&state);
        let output = state_dir.path().join("log");
        let file = File::create(&output)?;
        command.stdout(file.try_clone()?).stderr(file).stdin(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().context("the host cannot be started")?;
        let log = Log::new(match kind {
            HostKind::Spin => state.join("logs"),
            HostKind::Devhost => output,
        });
        let mut host = Self {
            kind,
            process,
            client: Client::new(),
            base_url: format!("http://{listen}"),
            log,
            _state_dir: state_dir,
        };
        host.wait().await?;
        Ok(host)
    }

    /// Waits until a component answers, and gives the floor something to get.
    async fn wait(&mut self) -> anyhow::Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < START_TIMEOUT {
            let answer = self.client.post(format!("{}/floor/set", self.base_url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::CREATED) {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the host ended by itself ({status})");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the host does not answer")
    }

    /// Its process, if that is running.
    pub fn process(&self) -> anyhow::Result<u32> {
        self.process.id().context("the host has ended")
    }

    /// What the figures are from.
    pub fn describe(&self) -> String {
        let host = match self.kind {
            HostKind::Spin => "Spin",
            HostKind::Devhost => "devhost",
        };
        format!("{host} and the load generator together on {}", machine::describe())
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await?;
        Ok(())
    }
}

fn root() -> PathBuf {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.ancestors().nth(2).unwrap_or(manifest_dir).to_owned()
}

/// The folder for what a benchmark writes: beside the components, on a disk like that of an
/// application.
pub fn scratch() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}
