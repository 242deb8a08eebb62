//! How things stand while time passes.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use client::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT};
use serde_json::Value;
use tokio::sync::watch;

use crate::caller::Caller;
use crate::host::{Host, Running};
use crate::log::{Costs, Gauge, Log};
use crate::store::Store;
use crate::tally::Latencies;

/// How often a sample is taken: so many times, but at these intervals.
const SAMPLES: u32 = 120;
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// How long a subscription may take to tell how it stands. A client of the soak may wait for longer.
const PEEK: Duration = Duration::from_secs(2);

/// How things stood at a moment, and how long requests took since the one before.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// When it was taken, since the soak began, and when the one before was.
    pub at: Duration,
    pub since: Duration,
    pub latencies: Latencies,
    /// The process of the host, and how many bytes of its memory are resident, if it is there.
    pub process: u32,
    pub resident: Option<u64>,
    /// How many bytes the store has, if it is a file.
    pub store: Option<u64>,
    /// What the log said last of the data, and what requests have cost since the sample before.
    pub gauge: Option<Gauge>,
    pub costs: Costs,
    /// How many events wait to be sent, if the application tells.
    pub pending: Option<u64>,
}

impl Sample {
    /// All of them, whatever was asked for.
    pub fn all_latencies(&self) -> impl Iterator<Item = Duration> {
        self.latencies.values().flatten().copied()
    }
}

/// Who takes samples.
pub struct Sampler<'s> {
    length: Duration,
    caller: Caller,
    running: watch::Receiver<Running>,
    log: Log,
    store: &'s Store,
}

/// How subscriptions stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivery {
    pub pending: u64,
    pub parked: u64,
}

impl<'s> Sampler<'s> {
    pub fn new(length: Duration, caller: Caller, host: &Host, store: &'s Store) -> Self {
        let log = Log::new(host.log());
        Self { length, caller, running: host.watch(), log, store }
    }

    /// Takes samples until the time is over.
    pub async fn sample(mut self) -> anyhow::Result<Vec<Sample>> {
        let interval = (self.length / SAMPLES).clamp(SHORTEST, LONGEST);
        let mut samples: Vec<Sample> = Vec::new();
        let mut next = interval;
        while next <= self.length {
            tokio::time::sleep(next.saturating_sub(self.caller.tally.now())).await;
            let since = samples.last().map_or(Duration::ZERO, |sample| sample.at);
            samples.push(self.take(since).await?);
            next += interval;
        }
        Ok(samples)
    }

    async fn take(&mut self, since: Duration) -> anyhow::Result<Sample> {
        let process = self.running.borrow().process;
        let (gauge, costs) = self.log.read().context("the log cannot be read")?;
        Ok(Sample {
            at: self.caller.tally.now(),
            since,
            latencies: self.caller.tally.take_latencies(),
            process,
            resident: resident(process),
            store: self.store.bytes(),
            gauge,
            costs,
            pending: delivery(&self.caller).await.map(|delivery| delivery.pending),
        })
    }
}

/// How the subscriptions of both APIs stand, if the application tells at once.
pub async fn delivery(caller: &Caller) -> Option<Delivery> {
    let mut all = Delivery::default();
    for api in [ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT] {
        let subscriptions = caller.peek(&format!("{api}/hub?fields=delivery"), PEEK).await?;
        for subscription in subscriptions.as_array()? {
            let count = |name: &str| subscription["delivery"].get(name).and_then(Value::as_u64);
            all.pending += count("pending")?;
            all.parked += count("parked")?;
        }
    }
    Some(all)
}

/// How many bytes of the process are in memory, if it is there.
fn resident(process: u32) -> Option<u64> {
    resident_of(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn resident_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The latency that so many of them do not exceed: `0.99` for 99 %.
pub fn quantile(mut latencies: Vec<Duration>, part: f64) -> Option<Duration> {
    latencies.sort_unstable();
    let place = (latencies.len() as f64 * part).ceil() as usize;
    latencies.get(place.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        let status = "Name:\tdevhost\nVmPeak:\t  900000 kB\nVmRSS:\t  123456 kB\nThreads:\t9\n";
        assert_eq!(resident_of(status), Some(123_456 * 1024));
        assert_eq!(resident_of("Name:\tzombie\nState:\tZ (zombie)\n"), None);
        assert!(resident(std::process::id()).is_some());
    }

    #[test]
    fn quantiles_are_latencies_that_there_were() {
        let latencies: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        let at = |part| quantile(latencies.clone(), part).map(|latency| latency.as_millis());
        assert_eq!((at(0.5), at(0.99), at(1.0)), (Some(100), Some(198), Some(200)));
        assert_eq!(quantile(Vec::new(), 0.5), None);
        assert_eq!(quantile(vec![Duration::ZERO], 0.01), Some(Duration::ZERO));
    }
}
