//! The application in a process of its own, for tests that kill it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program `support/application.rs`, and where it is reached.
pub struct Application {
    process: Child,
    pub base_url: String,
}

impl Application {
    /// Starts the program, which is at `env!("CARGO_BIN_EXE_application")`, with the data in
    /// `state_dir` and values for variables.
    pub fn start(program: &str, state_dir: &Path, variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(program)
            .arg(state_dir)
            .args(variables.iter().map(|(name, value)| format!("{name}={value}")))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut base_url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut base_url).unwrap();
        assert!(!base_url.is_empty(), "the application did not start");
        Self { process, base_url: base_url.trim().to_owned() }
    }

    /// Kills it as `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A test that fails leaves nothing running.
impl Drop for Application {
    fn drop(&mut self) {
        // It is dead already if the test has killed it.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
