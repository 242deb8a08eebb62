//! A server as a process.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server has to begin to listen.
const START: Duration = Duration::from_secs(60);

/// How long is waited between looks at it.
const PAUSE: Duration = Duration::from_millis(20);

/// A server, and the processes that it has made.
pub struct Server {
    command: Command,
    process: Child,
    is_ready: Box<dyn Fn() -> bool>,
}

impl Server {
    /// Starts the command, and waits until the server is ready.
    pub fn start(mut command: Command, is_ready: impl Fn() -> bool + 'static) -> Self {
        let process = spawn(&mut command);
        let mut server = Self { command, process, is_ready: Box::new(is_ready) };
        assert!(server.wait(), "{:?} ends at once", server.command);
        server
    }

    /// Kills it, and all that it has started, as `kill -9` does.
    pub fn kill(&mut self) {
        // Those that have lost it end by themselves, but later.
        self.signal(Signal::KILL);
        self.process.wait().unwrap();
    }

    /// Starts it again where it was.
    pub fn restart(&mut self) {
        let begin = Instant::now();
        // It ends at once as long as something of the last one is there.
        loop {
            self.process = spawn(&mut self.command);
            if self.wait() {
                return;
            }
            assert!(begin.elapsed() < START, "{:?} does not start again", self.command);
            sleep(PAUSE);
        }
    }

    /// Whether it becomes ready, and does not end.
    fn wait(&mut self) -> bool {
        let begin = Instant::now();
        loop {
            sleep(PAUSE);
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if (self.is_ready)() {
                return true;
            }
            assert!(begin.elapsed() < START, "{:?} does not become ready", self.command);
        }
    }

    /// Lets it stand still, as if its machine did.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        for pid in self.family() {
            // One of a connection that has just ended is gone.
            _ = kill_process(pid, signal);
        }
    }

    /// The process, and those whose parent it is.
    fn family(&self) -> Vec<Pid> {
        let own = self.process.id();
        let is_child = |pid: &u32| {
            // pid (name) state parent …
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let rest = stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
            rest.split(' ').nth(1).and_then(|parent| parent.parse().ok()) == Some(own)
        };
        let all = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok()?.parse::<u32>().ok());
        let family = [own].into_iter().chain(all.filter(is_child));
        family.filter_map(|pid| Pid::from_raw(pid as i32)).collect()
    }
}

/// It may stand still.
impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        _ = self.process.wait();
    }
}

fn spawn(command: &mut Command) -> Child {
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    started.unwrap_or_else(|error| {
        panic!("{command:?} cannot be started ({error}); `cargo xtask test` installs it")
    })
}
