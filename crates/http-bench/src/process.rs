//! Programs that end with the benchmark, also when it fails.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take to end before it is made to.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take until its end is noticed.
const POLL: Duration = Duration::from_millis(20);

/// A program that is stopped when this is dropped.
pub struct Process {
    name: &'static str,
    child: Child,
    stop: Signal,
}

impl Process {
    /// Starts `command`, which the signal `stop` asks to end.
    pub fn start(name: &'static str, command: &mut Command, stop: Signal) -> anyhow::Result<Self> {
        let child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { name, child, stop })
    }

    /// Fails if it has ended.
    pub fn expect_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended by itself ({status})", self.name),
            None => Ok(()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What has ended in between cannot be signalled, and need not be.
        _ = kill_process(Pid::from_child(&self.child), self.stop);
        let end = Instant::now() + STOP_TIMEOUT;
        while self.child.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < end {
            std::thread::sleep(POLL);
        }
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Runs `command` to its end, and fails with what it complains about.
pub fn run(name: &str, command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("{name} cannot be run"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last_line = complaint.trim().lines().last().unwrap_or_default();
    ensure!(output.status.success(), "{name} failed: {last_line}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
