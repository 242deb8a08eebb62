//! What must hold.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::checks::Seen;
use crate::faults::Happened;
use crate::growth;
use crate::log::Cost;
use crate::samples::Sample;
use crate::store::Left;
use crate::tally::Failure;

/// How many pages a fault may leave behind that only a vacuum removes.
const ORPHANS_OF_A_FAULT: u64 = 200;

/// How many faults a verdict shows.
const SHOWN: usize = 5;

/// What happened while time passed.
#[derive(Debug, Default)]
pub struct Course {
    pub length: Duration,
    pub samples: Vec<Sample>,
    pub happened: Vec<Happened>,
    pub failures: Vec<Failure>,
    /// Answers that should not be: how many, and the first.
    pub wrong: (usize, Vec<String>),
}

impl Course {
    /// All kinds of requests that were answered.
    pub fn requests(&self) -> BTreeSet<&str> {
        self.samples.iter().flat_map(|sample| sample.latencies.keys()).map(String::as_str).collect()
    }

    /// How long requests of that kind took in a third of the time, 0 to 2, while there was no fault.
    pub fn latencies(&self, third: u32, request: &str) -> Vec<Duration> {
        let samples = self.calm(third).filter_map(|sample| sample.latencies.get(request));
        samples.flatten().copied().collect()
    }

    /// All methods and routes of requests that the log has told of.
    pub fn routes(&self) -> BTreeSet<&str> {
        self.samples.iter().flat_map(|sample| sample.costs.keys()).map(String::as_str).collect()
    }

    /// What requests of that method and route, or all, have cost in a third of the time, 0 to 2, while there was no
    /// fault.
    pub fn cost(&self, third: u32, route: Option<&str>) -> Cost {
        let mut sum = Cost::default();
        for (name, cost) in self.calm(third).flat_map(|sample| &sample.costs) {
            if route.is_none_or(|route| route == name) {
                sum += *cost;
            }
        }
        sum
    }

    /// The samples of a third of the time, 0 to 2, that no fault touches, and none did in the seconds before. What it
    /// has left to be done later may still be under way.
    fn calm(&self, third: u32) -> impl Iterator<Item = &Sample> {
        let (begin, end) = (self.length * third / 3, self.length * (third + 1) / 3);
        self.samples.iter().filter(move |sample| {
            let is_touched = |fault: &Happened| fault.touches(sample.since, sample.at);
            begin <= sample.since && sample.since < end && !self.happened.iter().any(is_touched)
        })
    }
}

/// Whether something holds that must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub what: &'static str,
    /// None where the figures are too few to tell.
    pub holds: Option<bool>,
    /// The figures that it is from.
    pub why: String,
}

impl Verdict {
    /// Whether it is about how long requests take.
    pub fn is_about_time(&self) -> bool {
        [P50, P99].contains(&self.what)
    }
}

const P50: &str = "p50 does not grow";
const P99: &str = "p99 does not grow";

/// All of them.
pub fn all(course: &Course, seen: &Seen, left: &Left) -> Vec<Verdict> {
    vec![
        acknowledged(seen),
        told(seen),
        audited(seen),
        answers(course),
        failures(course),
        growth::memory(course),
        growth::latency(course, P50, 0.5),
        growth::latency(course, P99, 0.99),
        growth::cost(course),
        growth::store(course, left),
        removed(course, left),
    ]
}

/// One of faults, none of which there may be.
fn verdict(what: &'static str, faults: &[String], why: String) -> Verdict {
    let shown: Vec<_> = faults.iter().take(SHOWN).map(|fault| format!("; {fault}")).collect();
    Verdict { what, holds: Some(faults.is_empty()), why: why + &shown.concat() }
}

fn acknowledged(seen: &Seen) -> Verdict {
    let Seen { resources, changes, differences, .. } = seen;
    let why = format!(
        "{changes} changes of {resources} resources: {} are not as they must be",
        differences.len()
    );
    verdict("What was acknowledged is there", differences, why)
}

fn told(seen: &Seen) -> Verdict {
    let Seen { events, again, untold, .. } = seen;
    let mut faults = untold.clone();
    let delivery =
        seen.delivery.map_or("subscriptions do not tell how they stand".to_owned(), |d| {
            format!("{} pending, {} parked", d.pending, d.parked)
        });
    if !seen.delivery.is_some_and(|delivery| delivery.pending == 0 && delivery.parked == 0) {
        faults.push("some are pending or parked".to_owned());
    }
    let why = format!(
        "{events} events, {again} of them again, {delivery}; of {} resources they are not as they must be",
        untold.len()
    );
    verdict("What was acknowledged is told, in order", &faults, why)
}

fn audited(seen: &Seen) -> Verdict {
    let why = format!("{} bills: {} differences", seen.bills, seen.audit.len());
    verdict("Bills and balances follow from items", &seen.audit, why)
}

fn answers(course: &Course) -> Verdict {
    let (count, first) = &course.wrong;
    verdict("Answers are as they must be", first, format!("{count} are not"))
}

fn failures(course: &Course) -> Verdict {
    let is_explained =
        |failure: &&Failure| course.happened.iter().any(|fault| fault.explains(failure));
    let (explained, others): (Vec<_>, Vec<_>) =
        course.failures.iter().partition(|failure| is_explained(failure));
    let shown = |failure: &&Failure| format!("{} after {:.0?}", failure.trouble, failure.end);
    let others: Vec<_> = others.iter().map(shown).collect();
    let why = format!("{} explained, {} not", explained.len(), others.len());
    verdict("Faults explain what fails", &others, why)
}

/// What is there that nothing needs.
fn removed(course: &Course, left: &Left) -> Verdict {
    let what = "Nothing is left that nothing needs";
    let Left { vacuumed, unneeded, .. } = left;
    // In the end the host is killed once more.
    let most = ORPHANS_OF_A_FAULT * (course.happened.len() as u64 + 1);
    let why = format!(
        "a vacuum has removed {} pages that faults have left, at most {most}; of {} it cannot tell; {unneeded} keys \
         that nothing needs are there afterwards",
        vacuumed.orphaned_pages, vacuumed.unknown_pages
    );
    let holds = vacuumed.orphaned_pages <= most && vacuumed.unknown_pages == 0 && *unneeded == 0;
    Verdict { what, holds: Some(holds), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Fault;
    use crate::tally::Trouble;

    #[test]
    fn what_fails_needs_a_fault() {
        let [begin, end] = [10, 12].map(Duration::from_secs);
        let failure = Failure { trouble: Trouble::Busy, begin, end };
        let fault = Happened { fault: Fault::StoreLocked, begin, end };
        let mut course = Course { failures: vec![failure], ..Course::default() };
        assert_eq!(failures(&course).holds, Some(false));
        course.happened.push(fault);
        assert_eq!(failures(&course).holds, Some(true));
    }

    #[test]
    fn what_is_missing_is_named() {
        let delivery = Some(crate::samples::Delivery::default());
        let mut seen = Seen { delivery, ..Seen::default() };
        for verdict in [acknowledged(&seen), told(&seen), audited(&seen)] {
            assert_eq!(verdict.holds, Some(true), "{verdict:?}");
        }
        seen.differences = (0..9).map(|number| format!("account {number} is gone")).collect();
        let verdict = acknowledged(&seen);
        assert_eq!(verdict.holds, Some(false));
        assert!(verdict.why.contains("account 4") && !verdict.why.contains("account 5"));
        seen.delivery = None;
        assert_eq!(told(&seen).holds, Some(false));
        let left = Left { unneeded: 1, ..Left::default() };
        assert_eq!(removed(&Course::default(), &left).holds, Some(false));
    }
}
