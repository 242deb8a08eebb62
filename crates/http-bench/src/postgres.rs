//! A PostgreSQL server with an empty database, reached through a Unix socket only.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::{Signal, geteuid};

use crate::process::{Process, run};

/// How long the server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that is stopped when this is dropped.
pub struct Postgres {
    process: Process,
    programs: Programs,
    /// The folder of the socket, and of the data.
    folder: PathBuf,
}

impl Postgres {
    /// Starts a server whose data is in `folder`, which exists and is empty.
    pub fn start(folder: &Path, max_connections: usize) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        if let Some((user, group)) = programs.user {
            chown(folder, Some(user), Some(group))?;
        }
        let data = folder.join("data");
        let mut initdb = programs.command("initdb", folder);
        // The service connects as this user.
        initdb.args(["--username=root", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D"]);
        run("initdb", initdb.arg(&data))?;

        let log = File::create(folder.join("log"))?;
        let mut server = programs.command("postgres", folder);
        server.arg("-D").arg(&data).arg("-k").arg(folder).args(["-p", "5432"]);
        server.args(["-c", "listen_addresses="]);
        server.args(["-c", &format!("max_connections={max_connections}")]);
        server.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null());
        // Ends without waiting for those that are connected.
        let process = Process::start("PostgreSQL", &mut server, Signal::INT)?;
        let mut postgres = Self { process, programs, folder: folder.to_owned() };
        postgres.wait()?;
        Ok(postgres)
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let begin = Instant::now();
        while self.execute("select 1").is_err() {
            self.process.expect_running()?;
            ensure!(begin.elapsed() < START_TIMEOUT, "PostgreSQL does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// The folder that clients take for the host.
    pub fn host(&self) -> &Path {
        &self.folder
    }

    /// Executes statements in SQL, separated by semicolons.
    pub fn execute(&self, sql: &str) -> anyhow::Result<()> {
        let mut psql = self.programs.command("psql", &self.folder);
        psql.args(["--no-psqlrc", "--username=root", "--port=5432", "--dbname=postgres", "--host"]);
        psql.arg(&self.folder).args(["--set=ON_ERROR_STOP=1", "--command", sql]);
        run("psql", &mut psql).map(drop)
    }
}

/// The programs of PostgreSQL on this machine.
struct Programs {
    /// `None`: they are on the PATH.
    folder: Option<PathBuf>,
    /// Who runs them where this program runs as root, as whom they refuse to run.
    user: Option<(u32, u32)>,
}

impl Programs {
    fn find() -> anyhow::Result<Self> {
        let folder = newest(Path::new("/usr/lib/postgresql"));
        let mut programs = Self { folder, user: None };
        run("initdb", programs.command("initdb", Path::new("/")).arg("--version"))
            .context("PostgreSQL is not installed")?;
        if geteuid().is_root() {
            let id = |kind| {
                let id = run("id", Command::new("id").args([kind, "postgres"]))?;
                anyhow::Ok(id.trim().parse()?)
            };
            programs.user = Some((id("-u")?, id("-g")?));
        }
        Ok(programs)
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = match &self.folder {
            Some(programs) => Command::new(programs.join(program)),
            None => Command::new(program),
        };
        command.current_dir(folder);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Where Debian has the programs: in a folder for each version.
fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(versions).ok()?.flatten();
    let version = |name: &OsStr| name.to_str()?.parse::<u32>().ok();
    let versions = entries.filter_map(|entry| Some((version(&entry.file_name())?, entry.path())));
    let folders = versions.map(|(version, path)| (version, path.join("bin")));
    folders.filter(|(_, bin)| bin.join("initdb").is_file()).max().map(|(_, bin)| bin)
}
