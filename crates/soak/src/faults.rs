//! What goes wrong, and when.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;

use crate::host::Host;
use crate::receiver::Receiver;
use crate::store::Store;
use crate::tally::{Failure, Tally, Trouble};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The receiver of events does not answer.
    ReceiverDown,
    /// The host is killed, and started again after a while.
    HostKilled,
    /// Somebody else has locked the file of the store, or its server stands still.
    StoreLocked,
}

/// A fault that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    pub fault: Fault,
    /// When, since the soak began.
    pub at: Duration,
    pub lasts: Duration,
}

/// A fault that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    pub fault: Fault,
    /// Since the soak began.
    pub begin: Duration,
    pub end: Duration,
}

/// There are four faults at least, and otherwise one in so long a time.
const PERIOD: Duration = Duration::from_secs(180);
const LEAST: u32 = 4;

/// After this part of the time no host is killed: the last process is there for long enough to see whether
/// its memory grows.
const KILLS_UNTIL: f64 = 0.6;

/// How long it takes until what a fault has held up is done.
const GRACE: Duration = Duration::from_secs(5);

impl Fault {
    const ALL: [Self; 3] = [Self::ReceiverDown, Self::HostKilled, Self::StoreLocked];

    /// How many seconds it lasts at most, where there is time.
    fn longest(self) -> f64 {
        match self {
            Self::ReceiverDown => 40.0,
            Self::HostKilled => 5.0,
            Self::StoreLocked => 8.0,
        }
    }

    /// Whether requests may fail so because of it.
    fn explains(self, trouble: Trouble) -> bool {
        match self {
            Self::ReceiverDown => false,
            Self::HostKilled => matches!(trouble, Trouble::NotConnected | Trouble::BrokenOff),
            Self::StoreLocked => matches!(trouble, Trouble::Busy | Trouble::Unknown),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReceiverDown => "receiver down",
            Self::HostKilled => "host killed",
            Self::StoreLocked => "store locked",
        })
    }
}

impl Happened {
    /// Whether anything of this time may be otherwise because of it.
    pub fn touches(&self, begin: Duration, end: Duration) -> bool {
        self.begin <= end && begin <= self.end + GRACE
    }

    /// Whether the request failed because of it.
    pub fn explains(&self, failure: &Failure) -> bool {
        self.fault.explains(failure.trouble) && self.touches(failure.begin, failure.end)
    }
}

/// The faults of so long a time, one after the other, of the kinds in random turns.
pub fn plan(seed: u64, length: Duration) -> Vec<Planned> {
    let mut random = Rng::with_seed(seed);
    let count = LEAST.max((length.as_secs_f64() / PERIOD.as_secs_f64()).round() as u32);
    let period = length.as_secs_f64() / f64::from(count + 1);
    let mut bag = Vec::new();
    let mut planned = Vec::new();
    for number in 1..=count {
        if bag.is_empty() {
            bag.extend(Fault::ALL);
            random.shuffle(&mut bag);
        }
        let may_kill = f64::from(number) <= KILLS_UNTIL * f64::from(count + 1);
        bag.retain(|fault| may_kill || *fault != Fault::HostKilled);
        let Some(fault) = bag.pop() else { continue };
        // The next one comes when this is over.
        let at = period * (f64::from(number) + 0.2 * random.f64());
        let lasts = fault.longest().min(period / 2.0) * (0.5 + 0.5 * random.f64());
        let [at, lasts] = [at, lasts].map(Duration::from_secs_f64);
        planned.push(Planned { fault, at, lasts });
    }
    planned
}

/// Where faults happen.
pub struct Scene<'s> {
    pub host: &'s mut Host,
    pub store: &'s Store,
    pub receiver: &'s Receiver,
    pub tally: &'s Tally,
}

impl Scene<'_> {
    /// Lets happen what is planned, and tells it.
    pub async fn act(
        &mut self,
        planned: Vec<Planned>,
        tell: &dyn Fn(&str),
    ) -> anyhow::Result<Vec<Happened>> {
        let mut happened = Vec::new();
        for Planned { fault, at, lasts } in planned {
            tokio::time::sleep(at.saturating_sub(self.tally.now())).await;
            let begin = self.tally.now();
            tell(&format!("{:.0?} after the beginning: {fault}, for {lasts:.1?}", begin));
            self.inflict(fault, lasts).await?;
            happened.push(Happened { fault, begin, end: self.tally.now() });
        }
        Ok(happened)
    }

    async fn inflict(&mut self, fault: Fault, lasts: Duration) -> anyhow::Result<()> {
        match fault {
            Fault::ReceiverDown => {
                self.receiver.answer(false);
                tokio::time::sleep(lasts).await;
                self.receiver.answer(true);
                Ok(())
            }
            Fault::HostKilled => {
                self.host.kill().await?;
                tokio::time::sleep(lasts).await;
                self.host.start_again().await
            }
            Fault::StoreLocked => self.store.lock(lasts).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn each_kind_happens_even_in_a_short_time() {
        for seed in 0..100 {
            let length = Duration::from_secs(20);
            let planned = plan(seed, length);
            for fault in Fault::ALL {
                assert!(planned.iter().any(|planned| planned.fault == fault), "{seed} {fault}");
            }
            assert_eq!(planned, plan(seed, length));
        }
        assert_ne!(plan(1, MINUTE), plan(2, MINUTE));
    }

    #[test]
    fn one_is_over_before_the_next_and_all_before_the_end() {
        for (seed, minutes) in [(1, 1), (2, 10), (3, 60), (4, 600)] {
            let length = minutes * MINUTE;
            let planned = plan(seed, length);
            assert!(planned.len() >= 4, "{planned:?}");
            for pair in planned.windows(2) {
                assert!(pair[0].at + pair[0].lasts < pair[1].at, "{pair:?}");
            }
            let last = planned.last().unwrap();
            assert!(last.at + last.lasts < length, "{last:?}");
        }
    }

    #[test]
    fn no_host_is_killed_towards_the_end() {
        for seed in 0..20 {
            let late = plan(seed, 60 * MINUTE).into_iter().filter(|fault| fault.at > 40 * MINUTE);
            let kills = late.filter(|planned| planned.fault == Fault::HostKilled).count();
            assert_eq!(kills, 0);
        }
    }

    #[test]
    fn a_fault_explains_what_it_leads_to_while_it_lasts() {
        let second = Duration::from_secs(1);
        let happened = Happened { fault: Fault::HostKilled, begin: 10 * second, end: 12 * second };
        let failed = |trouble, begin: u32, end: u32| {
            happened.explains(&Failure { trouble, begin: begin * second, end: end * second })
        };
        assert!(failed(Trouble::BrokenOff, 9, 10) && failed(Trouble::NotConnected, 11, 11));
        assert!(!failed(Trouble::BrokenOff, 8, 9) && !failed(Trouble::BrokenOff, 20, 21));
        assert!(!failed(Trouble::Busy, 11, 11) && !failed(Trouble::Status(500), 11, 11));
    }
}
