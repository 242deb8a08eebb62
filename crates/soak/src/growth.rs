//! What must not grow: memory, latency, and the store beyond its data.

use std::time::Duration;

use crate::log::Gauge;
use crate::samples::{Sample, quantile};
use crate::store::Left;
use crate::verdicts::{Course, Verdict};

/// By what part of it, and by how many bytes, the memory of the last third of the longest life of a process
/// may exceed that of the second third.
const MORE_MEMORY: f64 = 0.1;
const MEMORY_SLACK: u64 = 16 << 20;

/// By which factor, and by how much, latencies of the last third of the time may exceed those of the first. What
/// takes time in proportion to what stays takes five times as long then; that is found if it took 7 ms at first.
/// Machines are noisy.
const MORE_LATENCY: u32 = 2;
const LATENCY_SLACK: Duration = Duration::from_millis(20);

/// By which factor what a request costs the store may grow in the same time, and by how many calls and bytes. A tree
/// that becomes larger becomes deeper.
const MORE_COST: f64 = 1.5;
const CALLS_SLACK: f64 = 2.0;
const BYTES_SLACK: f64 = (16 << 10) as f64;

/// By which factor, and by how many bytes, the file of the store may exceed the most that was in it: SQLite
/// fills its pages badly with values of 4 KiB, and has a log of some MiB.
const MORE_STORE: u64 = 2;
const STORE_SLACK: u64 = 16 << 20;

/// How many requests are too few to compare costs, and how many latencies beyond a quantile are too few to compare it.
const FEW_REQUESTS: u64 = 100;
const FEW_BEYOND: f64 = 10.0;

/// How long a process must be there: at first it needs more and more, until all components have as many instances as
/// they need.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

fn untold(what: &'static str, why: &str) -> Verdict {
    Verdict { what, holds: None, why: why.to_owned() }
}

/// The memory of the process that was there for longest, the middle one of each third.
pub fn memory(course: &Course) -> Verdict {
    let what = "Memory does not grow";
    let processes = course.samples.chunk_by(|one, other| one.process == other.process);
    let life = |samples: &[Sample]| samples.iter().map(|sample| sample.at - sample.since).sum();
    let longest = processes.max_by_key(|samples| -> Duration { life(samples) }).unwrap_or_default();
    if life(longest) < LONG_ENOUGH {
        return untold(what, "no process was there for long enough to tell");
    }
    let longest: Vec<_> = longest.iter().filter_map(|sample| sample.resident).collect();
    let third = longest.len() / 3;
    let middle = |part: &[u64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part.get(part.len() / 2).copied().unwrap_or_default()
    };
    let (second, last) = (middle(&longest[third..2 * third]), middle(&longest[2 * third..]));
    let most = second + (second as f64 * MORE_MEMORY) as u64 + MEMORY_SLACK;
    let why = format!(
        "{} MiB in the last third of the longest life of a process, {} MiB in the second, at most {} MiB",
        mebibytes(last),
        mebibytes(second),
        mebibytes(most)
    );
    Verdict { what, holds: Some(last <= most), why }
}

/// How a figure of some requests has grown from the first third of the time to the last.
struct Growth<'c, F> {
    /// Which requests.
    of: &'c str,
    first: F,
    last: F,
    /// What it may be at most in the last third, and which part of that it is.
    most: F,
    part: f64,
}

/// The one that is nearest to what it may be, or furthest beyond.
fn furthest<'c, F>(all: impl Iterator<Item = Growth<'c, F>>) -> Option<Growth<'c, F>> {
    all.max_by(|one, other| one.part.total_cmp(&other.part))
}

/// Latencies while there is no fault, of the kind of request that is nearest to its limit, or furthest beyond.
pub fn latency(course: &Course, what: &'static str, part: f64) -> Verdict {
    let of_third = |third, request| {
        let latencies = course.latencies(third, request);
        let are_beyond = latencies.len() as f64 * (1.0 - part) >= FEW_BEYOND;
        quantile(latencies, part).filter(|_| are_beyond)
    };
    let growth = |request| {
        let (first, last) = (of_third(0, request)?, of_third(2, request)?);
        let most = first * MORE_LATENCY + LATENCY_SLACK;
        let part = last.as_secs_f64() / most.as_secs_f64();
        Some(Growth { of: request, first, last, most, part })
    };
    let all = course.requests().into_iter().filter_map(growth);
    let Some(Growth { of, first, last, most, part }) = furthest(all) else {
        return untold(what, "too few requests without a fault to tell");
    };
    let why = format!(
        "{last:.1?} in the last third of the time, {first:.1?} in the first, at most {most:.1?}, for {of}"
    );
    Verdict { what, holds: Some(part <= 1.0), why }
}

/// What requests cost the store, of the route that is nearest to its limit, or furthest beyond, and of all together.
/// That depends less on how fast the machine is than latencies do.
pub fn cost(course: &Course) -> Verdict {
    let what = "What a request costs the store does not grow";
    let of_third = |third, route| {
        let cost = course.cost(third, route);
        cost.each().filter(|_| cost.requests >= FEW_REQUESTS)
    };
    let growth = |route: Option<_>| {
        let (first, last) = (of_third(0, route)?, of_third(2, route)?);
        let most = (first.0 * MORE_COST + CALLS_SLACK, first.1 * MORE_COST + BYTES_SLACK);
        let part = (last.0 / most.0).max(last.1 / most.1);
        Some(Growth { of: route.unwrap_or("all requests"), first, last, most, part })
    };
    let routes = course.routes().into_iter().map(Some).chain([None]);
    let Some(Growth { of, first, last, most, part }) = furthest(routes.filter_map(growth)) else {
        return untold(what, "too few requests without a fault to tell");
    };
    let shown =
        |(calls, bytes): (f64, f64)| format!("{calls:.1} calls and {:.0} KiB", bytes / 1024.0);
    let why = format!(
        "{} in the last third of the time, {} in the first, at most {}, for {of}",
        shown(last),
        shown(first),
        shown(most)
    );
    Verdict { what, holds: Some(part <= 1.0), why }
}

/// The largest file beside the most that was in it: pages in use, and those that waited to be deleted.
pub fn store(course: &Course, left: &Left) -> Verdict {
    let what = "The store does not grow beyond its data";
    let Some(file) = course.samples.iter().filter_map(|sample| sample.store).max() else {
        return untold(what, "there is no file");
    };
    let gauges = course.samples.iter().filter_map(|sample| sample.gauge).chain([left.gauge]);
    let held = gauges.map(held).max().unwrap_or_default();
    let most = held * MORE_STORE + STORE_SLACK;
    let why = format!(
        "a file of {} MiB, with {} MiB of pages in use or to be deleted, at most {} MiB",
        mebibytes(file),
        mebibytes(held),
        mebibytes(most)
    );
    Verdict { what, holds: Some(file <= most), why }
}

/// How many bytes pages have that are in use or wait to be deleted, which are as large.
fn held(gauge: Gauge) -> u64 {
    let page = gauge.bytes / gauge.pages.max(1);
    gauge.bytes.saturating_add(page.saturating_mul(gauge.retired_pages))
}

/// Bytes as those who read figures like them.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Fault, Happened};
    use crate::log::Cost;
    use crate::tally::Latencies;

    const MIB: u64 = 1 << 20;

    /// Latencies of two kinds of requests, one of which takes so many milliseconds.
    fn latencies(changing: u64) -> Latencies {
        let of = |request: &str, time| (request.to_owned(), vec![Duration::from_millis(time); 20]);
        [of("GET account", 10), of("POST account", changing)].into()
    }

    /// Ninety samples, one a second, of which `change` makes others.
    fn course(change: impl Fn(u32, &mut Sample)) -> Course {
        let second = Duration::from_secs(1);
        let sample = |number: u32| {
            let mut sample = Sample {
                since: second * number,
                at: second * (number + 1),
                latencies: latencies(10),
                process: 1,
                resident: Some(100 * MIB),
                store: Some(30 * MIB),
                gauge: Some(Gauge { entries: 1, pages: 1000, bytes: 4 * MIB, retired_pages: 1000 }),
                ..Sample::default()
            };
            change(number, &mut sample);
            sample
        };
        Course { length: 90 * second, samples: (0..90).map(sample).collect(), ..Course::default() }
    }

    #[test]
    fn memory_that_grows_is_found_within_a_process() {
        assert_eq!(memory(&course(|_, _| {})).holds, Some(true));
        let leak = |number: u32, sample: &mut Sample| {
            sample.resident = Some((100 + 2 * u64::from(number)) * MIB);
        };
        let verdict = memory(&course(leak));
        assert_eq!(verdict.holds, Some(false), "{verdict:?}");
        // A new process begins with little.
        let restarted = course(|number, sample| {
            sample.process = number / 70;
            sample.resident = Some(if number < 70 { 100 * MIB } else { 300 * MIB });
        });
        let verdict = memory(&restarted);
        assert_eq!(verdict.holds, Some(true));
        assert!(verdict.why.starts_with("100.0 MiB"), "{verdict:?}");
        let short = course(|number, sample| {
            leak(number, sample);
            sample.process = number / 5;
        });
        assert_eq!(memory(&short).holds, None);
    }

    #[test]
    fn latency_of_any_kind_of_request_that_grows_is_found_where_there_is_no_fault() {
        let steady = course(|_, _| {});
        assert_eq!(latency(&steady, "", 0.9).holds, Some(true));
        assert_eq!(latency(&steady, "", 0.99).holds, None, "six are beyond");
        let mut slower = course(|number, sample| {
            sample.latencies = latencies(10 + u64::from(number));
        });
        let verdict = latency(&slower, "", 0.5);
        assert_eq!(verdict.holds, Some(false), "{verdict:?}");
        assert!(verdict.why.ends_with("for POST account"), "{verdict:?}");
        let [begin, end] = [60, 75].map(Duration::from_secs);
        slower.happened.push(Happened { fault: Fault::StoreLocked, begin, end });
        assert_eq!(latency(&slower, "", 0.5).holds, Some(false), "the last samples count");
        slower.happened[0].end = Duration::from_secs(90);
        assert_eq!(latency(&slower, "", 0.5).holds, None);
    }

    #[test]
    fn a_cost_that_grows_is_found() {
        let costs = |calls: u64, bytes: u64| {
            let cost = Cost { requests: 10, calls: 10 * calls, bytes: 10 * bytes };
            [
                ("GET one".to_owned(), Cost { calls: 30, bytes: 30, ..cost }),
                ("GET all".to_owned(), cost),
            ]
            .into()
        };
        assert_eq!(cost(&course(|_, _| {})).holds, None);
        let rare = |_, sample: &mut Sample| {
            let cost = Cost { requests: 3, calls: 9, bytes: 9 };
            sample.costs = [("GET one".to_owned(), cost)].into();
        };
        assert_eq!(cost(&course(rare)).holds, None);
        // Two routes that are too rare to judge by themselves.
        let verdict = cost(&course(|number, sample| {
            let calls = if number < 60 { 9 } else { 90 };
            let cost = Cost { requests: 3, calls, bytes: 9 };
            sample.costs = ["GET one", "GET all"].map(|route| (route.to_owned(), cost)).into();
        }));
        assert_eq!(verdict.holds, Some(false), "{verdict:?}");
        assert!(verdict.why.ends_with("for all requests"), "{verdict:?}");
        for (calls, bytes, holds) in
            [(10, 0, true), (12, 0, false), (6, 30_000, true), (6, 32_000, false)]
        {
            let verdict = cost(&course(|number, sample| {
                sample.costs = if number < 60 { costs(6, 10_000) } else { costs(calls, bytes) };
            }));
            assert_eq!(verdict.holds, Some(holds), "{verdict:?}");
            assert!(verdict.why.ends_with("for GET all") || holds, "{verdict:?}");
        }
    }

    #[test]
    fn a_file_may_be_larger_than_its_data_within_limits() {
        let left = Left::default();
        assert_eq!(store(&course(|_, _| {}), &left).holds, Some(true));
        let large = course(|_, sample| sample.store = Some(33 * MIB));
        assert_eq!(store(&large, &left).holds, Some(false));
        let none = course(|_, sample| sample.store = None);
        assert_eq!(store(&none, &left).holds, None);
    }
}
