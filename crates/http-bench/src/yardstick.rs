//! A conventional service for the same work, on Node.js and PostgreSQL.
//!
//! Its `server.js` is not part of this project. It listens on `PORT` of the loopback interface with
//! `W` processes, keeps accounts in the table `acc` of the server at `PGHOST`, and needs the packages
//! `express` and `pg`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::accounts::{self, ACCOUNTS};
use crate::host::free_address;
use crate::postgres::Postgres;
use crate::process::{Process, run};

const TABLE: &str = "create table acc(id text primary key, doc jsonb not null);
    create index on acc using gin ((doc->'relatedParty') jsonb_path_ops);
    create index on acc ((doc->>'name'));";

/// How many connections each process of the service has to the database at most.
const CONNECTIONS: usize = 16;

/// How long the service may take to answer.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The service, running. It ends before its database does, which ends before its folder.
pub struct Yardstick {
    process: Process,
    postgres: Postgres,
    pub base_url: String,
    client: Client,
    _folder: TempDir,
}

/// Reads the argument that names the folder of `server.js`.
pub fn folder(argument: &str) -> Result<PathBuf, String> {
    let folder = std::path::absolute(argument).map_err(|error| error.to_string())?;
    match folder.join("server.js").is_file() {
        true => Ok(folder),
        false => Err(format!("{} has no server.js", folder.display())),
    }
}

impl Yardstick {
    /// Starts the service of `service` with as many accounts in an empty database. `scratch` is a
    /// folder for what it needs.
    pub async fn start(service: &Path, scratch: &Path, records: usize) -> anyhow::Result<Self> {
        let modules = install(&scratch.join("yardstick"))?;
        let folder = TempDir::new_in(scratch)?;
        let database = folder.path().join("postgres");
        std::fs::create_dir(&database)?;
        open_to_others(folder.path())?;
        // As many processes as there are cores, because Node computes on one.
        let processes = std::thread::available_parallelism().map_or(2, usize::from);
        let postgres = Postgres::start(&database, processes * CONNECTIONS + 10)?;
        postgres.execute(TABLE)?;

        let listen = free_address()?;
        let log = File::create(folder.path().join("log"))?;
        let mut node = Command::new("node");
        node.arg(service.join("server.js")).env("NODE_PATH", modules).env("NODE_ENV", "production");
        node.env("PORT", listen.port().to_string()).env("W", processes.to_string());
        node.env("PGHOST", postgres.host()).env("PGPORT", "5432");
        node.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null());
        let mut yardstick = Self {
            process: Process::start("node", &mut node, Signal::TERM)?,
            postgres,
            base_url: format!("http://{listen}"),
            client: Client::new(),
            _folder: folder,
        };
        yardstick.wait().await?;
        accounts::create_each(&yardstick.client, &yardstick.base_url, records).await?;
        Ok(yardstick)
    }

    /// Does now what PostgreSQL does by itself once a minute, so that a case does not depend on what
    /// those before it have written.
    pub fn tidy(&self) -> anyhow::Result<()> {
        self.postgres.execute("vacuum analyze acc")
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let begin = Instant::now();
        let url = format!("{}{ACCOUNTS}?limit=1", self.base_url);
        while !self.client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            self.process.expect_running()?;
            ensure!(begin.elapsed() < START_TIMEOUT, "the service does not answer");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

/// Installs the packages in `folder` if they are not there, and says where they are.
fn install(folder: &Path) -> anyhow::Result<PathBuf> {
    run("node", Command::new("node").arg("--version")).context("Node.js is not installed")?;
    let modules = folder.join("node_modules");
    if !["express", "pg"].iter().all(|package| modules.join(package).is_dir()) {
        std::fs::create_dir_all(folder)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        run("npm", npm.arg(folder).args(["express@4", "pg"]))?;
    }
    Ok(modules)
}

/// Lets the user of the database through to its folder.
fn open_to_others(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?)
}
