//! Running other programs so that a signal to this one ends them too.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use std::{fmt, io};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGINT, SIGTERM};

/// How long a program may take to stop before it is made to.
const STOP_TIMEOUT: Duration = Duration::from_millis(1800);

/// How long it may take until a signal, or the end of a program, is noticed.
const POLL: Duration = Duration::from_millis(20);

/// Set when a signal asks to stop.
static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Makes Ctrl-C and SIGTERM end the program that [`supervise`] runs instead of only this one.
pub fn handle_signals() -> io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, STOP.clone())?;
    }
    Ok(())
}

/// The failure of a program that has told the user why: there is nothing to add.
#[derive(Debug)]
pub struct Told;

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a program failed and told why")
    }
}

impl std::error::Error for Told {}

/// Runs `command`, whose output the user sees, and expects it to succeed.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let mut child = start(command)?;
    expect_success(supervise(&mut child)?, command)
}

/// The same for a program that may ask the user something, for which it has to share the terminal.
pub fn run_in_terminal(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", describe(command)))?;
    expect_success(Some(status), command)
}

/// Runs `command`, which tells the user itself why it fails, as [`expect_told`] knows.
pub fn run_that_tells(command: &mut Command) -> anyhow::Result<()> {
    let mut child = start(command)?;
    let Some(status) = supervise(&mut child)? else { bail!("stopped by a signal") };
    if status.success() {
        return Ok(());
    }
    expect_told(status, &format!("{} failed", describe(command)))
}

/// The error of a program that ended with `status`: 1 if it has told why, as this project's programs do
/// and Spin does. What else ends one, such as a signal, is told here.
pub fn expect_told(status: ExitStatus, event: &str) -> anyhow::Result<()> {
    ensure!(status.code() != Some(1), Told);
    bail!("{event} ({status})")
}

/// What `command` prints, or `None` if it cannot be run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What `command` prints, which tells the user itself why it fails, as [`expect_told`] knows.
pub fn output_that_tells(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", describe(command)))?;
    if !output.status.success() {
        expect_told(output.status, &format!("{} failed", describe(command)))?;
    }
    String::from_utf8(output.stdout).context("what a program prints is not text")
}

/// Starts `command` as the leader of a process group of its own.
pub fn start(command: &mut Command) -> anyhow::Result<Child> {
    command.process_group(0).spawn().with_context(|| format!("cannot run {}", describe(command)))
}

/// Waits until `child`, which [`start`] started, ends. If a signal asks to stop before, the child and
/// everything that it started is asked to stop, made to if it does not, and the answer is `None`.
pub fn supervise(child: &mut Child) -> anyhow::Result<Option<ExitStatus>> {
    while !STOP.load(Ordering::Relaxed) {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(POLL);
    }
    println!("Stopping");
    stop(child)?;
    Ok(None)
}

/// Asks `child` and everything that it started to stop, and makes what does not.
fn stop(child: &mut Child) -> io::Result<()> {
    let group = Pid::from_child(child);
    // What has ended in between cannot be signalled, and need not be.
    _ = kill_process_group(group, Signal::TERM);
    let end = Instant::now() + STOP_TIMEOUT;
    while child.try_wait()?.is_none() && Instant::now() < end {
        std::thread::sleep(POLL);
    }
    // Whatever is left of the group, be it the child or what the child started.
    _ = kill_process_group(group, Signal::KILL);
    child.wait()?;
    Ok(())
}

/// A program that runs beside what this one does, and is stopped where that fails.
pub struct Background {
    child: Child,
    command: Command,
}

impl Background {
    /// Starts `command`, whose output the user sees.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        Ok(Self { child: start(&mut command)?, command })
    }

    /// Waits for its end, and expects that it succeeded.
    pub fn finish(mut self) -> anyhow::Result<()> {
        expect_success(supervise(&mut self.child)?, &self.command)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // There is nobody to tell; the reason for it is on its way to the user.
            _ = stop(&mut self.child);
        }
    }
}

fn expect_success(status: Option<ExitStatus>, command: &Command) -> anyhow::Result<()> {
    let Some(status) = status else { bail!("stopped by a signal") };
    ensure!(status.success(), "{} failed ({status})", describe(command));
    Ok(())
}

/// `command` as one would type it.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_tells_why_it_fails_is_not_told_of_again() {
        let run = |script: &str| run_that_tells(Command::new("sh").args(["-c", script]));
        run("true").unwrap();
        assert!(run("exit 1").unwrap_err().is::<Told>());
        for (script, words) in [("exit 101", "exit status: 101"), ("kill -9 $$", "signal: 9")] {
            let error = run(script).unwrap_err();
            assert!(!error.is::<Told>() && error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn what_runs_beside_ends_where_the_rest_fails() {
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let background = Background::start(sleep).unwrap();
        let begin = Instant::now();
        let id = background.child.id();
        drop(background);
        assert!(begin.elapsed() < Duration::from_secs(30));
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }
}
