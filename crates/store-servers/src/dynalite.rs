//! Dynalite, which stands for DynamoDB: without transactions, and with all in memory.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::free_port;
use crate::server::Server;

/// A DynamoDB without tables.
pub struct Dynalite {
    _server: Server,
    port: u16,
}

impl Dynalite {
    /// Starts one.
    pub fn start() -> Self {
        let port = free_port();
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools");
        let program = tools.join("dynalite/node_modules/dynalite/cli.js");
        assert!(
            program.exists(),
            "{} is missing; `cargo xtask test` installs it",
            program.display()
        );
        let mut command = Command::new("node");
        command.arg(program);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--createTableMs", "0"]);
        Self { _server: Server::start(command, move || answers(port)), port }
    }

    /// The port of loopback that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

/// Whether a server listens on the port.
fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
