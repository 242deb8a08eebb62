//! Redis.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::free_port;
use crate::server::Server;

/// How long it may take to write a log of all that is there.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long is waited between looks at it.
const PAUSE: Duration = Duration::from_millis(20);

/// A Redis that acknowledges what is on its disk.
pub struct Redis {
    server: Server,
    port: u16,
    _folder: TempDir,
}

impl Redis {
    /// Starts one.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one that follows this one.
    pub fn replica(&self) -> Self {
        Self::start_with(&["--replicaof", "127.0.0.1", &self.port.to_string()])
    }

    /// Starts one with further arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// Starts one with the data of a snapshot, such as `redis-cli --rdb` makes.
    pub fn restore(snapshot: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(snapshot, folder.path().join("dump.rdb")).unwrap();
        // With a log of writes, which is not there yet, it would begin with nothing.
        let without_log = Self::start_in(folder, &["--appendonly", "no"]);
        without_log.write_log();
        let Self { server, _folder: folder, .. } = without_log;
        drop(server);
        Self::start_in(folder, &[])
    }

    /// Begins a log of writes with all that is there.
    fn write_log(&self) {
        self.run(&["CONFIG", "SET", "appendonly", "yes"]);
        let begin = Instant::now();
        while self.run(&["INFO", "persistence"]).contains("aof_rewrite_in_progress:1") {
            assert!(begin.elapsed() < PATIENCE, "the log of writes is not there yet");
            sleep(PAUSE);
        }
    }

    /// Runs `redis-cli` on this server, and returns what it prints.
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut program = Command::new("redis-cli");
        program.args(["-e", "-h", "127.0.0.1", "-p", &self.port.to_string()]).args(arguments);
        let ended =
            program.output().expect("redis-cli cannot be started; `cargo xtask test` installs it");
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8_lossy(&ended.stdout).into_owned()
    }

    /// Starts one whose data is in the folder.
    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "always", "--databases", "1000"]);
        command.args(["--loglevel", "warning", "--repl-diskless-sync-delay", "0", "--dir"]);
        command.arg(folder.path()).args(arguments);
        Self { server: Server::start(command, move || answers(port)), port, _folder: folder }
    }

    /// The port of loopback that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of one of its databases, each of which is empty at first: a number below 1000.
    pub fn address(&self, database: u32) -> String {
        format!("redis://127.0.0.1:{}/{database}", self.port)
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Redis {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

/// Whether a server on the port takes commands.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 5];
    let asked = stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer));
    asked.is_ok() && &answer == b"+PONG"
}
