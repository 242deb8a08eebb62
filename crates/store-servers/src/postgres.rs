//! PostgreSQL.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::free_port;
use crate::server::Server;

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The role that tests are, which needs no password.
const ROLE: &str = "accounts";

/// A PostgreSQL as it is without configuration, but for more connections.
pub struct Postgres {
    server: Server,
    port: u16,
    _folder: TempDir,
}

impl Postgres {
    /// Starts one.
    pub fn start() -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let (programs, owner) = (programs(), owner());
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let data = folder.path().join("data");
        let program = |name: &str| {
            let mut command = Command::new(programs.join(name));
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command.current_dir(folder.path());
            command
        };
        let mut make = program("initdb");
        make.args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        let made = make.arg("--username").arg(ROLE).arg("-D").arg(&data).output();
        let made = made.expect("initdb cannot be started; `cargo xtask test` installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut command = program("postgres");
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=600",
            "log_min_messages=fatal",
        ] {
            command.args(["-c", setting]);
        }
        command.stderr(std::process::Stdio::null());
        let is_ready = move || {
            let mut ask = Command::new(programs.join("pg_isready"));
            ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string(), "-U", ROLE]);
            ask.status().is_ok_and(|status| status.success())
        };
        Self { server: Server::start(command, is_ready), port, _folder: folder }
    }

    /// The port of loopback that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database, which [`create`](Self::create) makes; `postgres` is there.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database, and returns its address.
    pub fn create(&self, database: &str) -> String {
        create_database(&self.address(""), database);
        self.address(database)
    }

    /// Runs one of the programs that PostgreSQL has for its users, such as `pg_dump`, on this server.
    pub fn run(&self, name: &str, arguments: &[&str]) {
        let mut program = Command::new(programs().join(name));
        program.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", ROLE]);
        let ended = program.args(arguments).output().unwrap();
        assert!(ended.status.success(), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

/// Makes an empty database, unless it is there, on the server whose address this is, up to the name of a
/// database.
pub fn create_database(server: &str, database: &str) {
    let mut create = Command::new(programs().join("createdb"));
    create.arg("--maintenance-db").arg(format!("{server}postgres")).arg(database);
    let created = create.output().unwrap();
    let words = String::from_utf8_lossy(&created.stderr);
    assert!(created.status.success() || words.contains("already exists"), "{words}");
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

/// The folder of the programs of the newest version.
fn programs() -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let versions = versions.map(|entry| entry.path().join("bin"));
    let newest = versions.filter(|path| path.join("postgres").is_file()).max_by_key(|path| {
        let version = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        version.and_then(|version| version.parse::<u32>().ok())
    });
    newest.unwrap_or_else(|| {
        panic!("there is no PostgreSQL in {VERSIONS}; `cargo xtask test` installs it")
    })
}

/// User and group that it runs as where this program is root, as which it refuses to run.
fn owner() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.starts_with("postgres:")).expect("no user postgres");
    let mut fields = user.split(':').skip(2).map(|field| field.parse().unwrap());
    Some((fields.next().unwrap(), fields.next().unwrap()))
}
