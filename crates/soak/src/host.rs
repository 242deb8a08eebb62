//! The application as a process, which is killed and started again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::Settings;

/// The token of `POST /maintenance`.
pub const MAINTENANCE_TOKEN: &str = "soak";

/// What the application is told beside where its data is: it may send to this machine, and waits for nobody
/// for long.
const VARIABLES: [(&str, &str); 6] = [
    ("maintenance_token", MAINTENANCE_TOKEN),
    ("event_hosts", "http://127.0.0.1:*"),
    ("event_private_addresses", "allow"),
    ("event_timeout", "1"),
    ("event_first_retry", "0.5"),
    ("event_last_retry", "4"),
];

/// How long the host may take to compile the components and answer.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// How long is waited between looks.
const POLL: Duration = Duration::from_millis(50);

/// A program that serves the application.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program. It says in the first line that it prints where it is reached, and writes its log to the
    /// standard error stream.
    pub path: PathBuf,
    /// What it is told, but for the folder of the data, which comes last.
    pub arguments: Vec<OsString>,
}

/// A process of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Where it is reached.
    pub base_url: String,
    pub process: u32,
}

/// The host. It is killed when this is dropped.
pub struct Host {
    program: Program,
    folder: PathBuf,
    variables: Vec<(String, String)>,
    process: Child,
    running: watch::Sender<Running>,
}

impl Host {
    /// Starts it, with further values for variables.
    pub async fn start(
        settings: &Settings,
        variables: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let own = VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables: Vec<_> = own.iter().chain(variables).cloned().collect();
        let (program, folder) = (settings.program.clone(), settings.folder.clone());
        let (process, running) = start(&program, &folder, &variables).await?;
        Ok(Self { program, folder, variables, process, running: watch::Sender::new(running) })
    }

    /// Where it is reached, now and after it was started again.
    pub fn watch(&self) -> watch::Receiver<Running> {
        self.running.subscribe()
    }

    /// Where it is reached now.
    pub fn base_url(&self) -> String {
        self.running.borrow().base_url.clone()
    }

    /// The file that its log is written to, whichever process writes it.
    pub fn log(&self) -> PathBuf {
        log(&self.folder)
    }

    /// Kills it as `kill -9` does.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the host ended by itself ({status}); its log is {}", self.log().display());
        }
        self.process.kill().await.context("the host cannot be killed")
    }

    /// Starts it again.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let (process, running) = start(&self.program, &self.folder, &self.variables).await?;
        self.process = process;
        self.running.send_replace(running);
        Ok(())
    }

    /// Ends it for good.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.kill().await
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Starts the program, and waits until it says where it is reached, and is.
async fn start(
    program: &Program,
    folder: &Path,
    variables: &[(String, String)],
) -> anyhow::Result<(Child, Running)> {
    let path = log(folder);
    let log = File::options().create(true).append(true).open(&path)?;
    let mut command = Command::new(&program.path);
    command.args(&program.arguments).arg(folder);
    for (name, value) in variables {
        command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut child = command
        .spawn()
        .with_context(|| format!("the host {} cannot be started", program.path.display()))?;
    let stdout = child.stdout.take().context("the host has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    let first = tokio::time::timeout(START_TIMEOUT, lines.next_line()).await;
    let first = first.context("the host does not start")??.unwrap_or_default();
    let said = first.find("http://").map(|start| first[start..].trim().to_owned());
    let base_url = said.with_context(|| {
        let log = fs::read_to_string(&path).unwrap_or_default();
        format!("the host did not start: {}", log.lines().last().unwrap_or("it says nothing"))
    })?;
    // It would fail where nobody reads what else it says.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let process = child.id().context("the host has ended")?;
    let begin = Instant::now();
    let health = format!("{base_url}/.well-known/spin/health");
    while !reqwest::get(&health).await.is_ok_and(|answer| answer.status().is_success()) {
        ensure!(begin.elapsed() < START_TIMEOUT, "the host does not answer");
        tokio::time::sleep(POLL).await;
    }
    Ok((child, Running { base_url, process }))
}
