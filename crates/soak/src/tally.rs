//! How long requests took, and which of them failed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many answers that should not be are kept in words.
const SHOWN: usize = 20;

/// In which way an attempt at a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// There was no connection: nothing was sent.
    NotConnected,
    /// The connection ended, or nothing came in time: what was sent may have had an effect.
    BrokenOff,
    /// 503 with `Retry-After`: nothing was changed.
    Busy,
    /// 500 with code 3: it is not known whether the change was made.
    Unknown,
    /// Another failure of the server.
    Status(u16),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => formatter.write_str("not connected"),
            Self::BrokenOff => formatter.write_str("no answer"),
            Self::Busy => formatter.write_str("503 with Retry-After"),
            Self::Unknown => formatter.write_str("500 with code 3"),
            Self::Status(status) => write!(formatter, "{status}"),
        }
    }
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub trouble: Trouble,
    /// When it began and ended, since the soak began.
    pub begin: Duration,
    pub end: Duration,
}

/// How long requests took that were answered, by what they asked for.
pub type Latencies = BTreeMap<String, Vec<Duration>>;

/// What all clients note.
#[derive(Debug)]
pub struct Tally {
    begin: Instant,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    latencies: Latencies,
    failures: Vec<Failure>,
    wrong: Vec<String>,
    wrongs: usize,
}

impl Tally {
    /// One of what happens after the beginning.
    pub fn new(begin: Instant) -> Self {
        Self { begin, noted: Mutex::default() }
    }

    /// How long ago the beginning is.
    pub fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    /// An attempt that began then, and asked for that, was answered.
    pub fn answered(&self, request: String, begin: Duration) {
        let latency = self.now().saturating_sub(begin);
        self.locked().latencies.entry(request).or_default().push(latency);
    }

    /// An attempt that began then failed.
    pub fn failed(&self, trouble: Trouble, begin: Duration) {
        let end = self.now();
        self.locked().failures.push(Failure { trouble, begin, end });
    }

    /// Something was answered that should not be.
    pub fn note_wrong(&self, what: String) {
        let mut noted = self.locked();
        noted.wrongs += 1;
        if noted.wrong.len() < SHOWN {
            noted.wrong.push(what);
        }
    }

    /// The latencies since this was last called.
    pub fn take_latencies(&self) -> Latencies {
        std::mem::take(&mut self.locked().latencies)
    }

    /// All attempts that failed.
    pub fn failures(&self) -> Vec<Failure> {
        self.locked().failures.clone()
    }

    /// What was answered that should not be: how often, and the first of it.
    pub fn wrong(&self) -> (usize, Vec<String>) {
        let noted = self.locked();
        (noted.wrongs, noted.wrong.clone())
    }

    fn locked(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
