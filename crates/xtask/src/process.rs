//! Running other programs so that a signal to this one ends them too.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

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

/// What `command` prints, or `None` if it cannot be run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts `command` as the leader of a process group of its own.
pub fn start(command: &mut Command) -> anyhow::Result<Child> {
    command.process_group(0).spawn().with_context(|| format!("cannot run {}", describe(command)))
}

/// Waits until `child`, which [`start`] started, ends. If a signal asks to stop before, the child and
/// everything that it started is asked to stop, made to if it does not, and the answer is `None`.
pub fn supervise(child: &mut Child) -> anyhow::Result<Option<ExitStatus>> {
    let group = Pid::from_child(child);
    while !STOP.load(Ordering::Relaxed) {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(POLL);
    }
    println!("Stopping");
    // What has ended in between cannot be signalled, and need not be.
    _ = kill_process_group(group, Signal::TERM);
    let end = Instant::now() + STOP_TIMEOUT;
    while child.try_wait()?.is_none() && Instant::now() < end {
        std::thread::sleep(POLL);
    }
    // Whatever is left of the group, be it the child or what the child started.
    _ = kill_process_group(group, Signal::KILL);
    child.wait()?;
    Ok(None)
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
