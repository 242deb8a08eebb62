//! What must not grow: memory, latency, and the store beyond its data.

use std::time::Duration;

use crate::gauge::Gauge;
use crate::samples::{Sample, quantile};
use crate::store::Left;
use crate::verdicts::{Course, Verdict};

/// By what part of it, and by how many bytes, the memory of the last third of the longest life of a process
/// may exceed that of the second third.
const MORE_MEMORY: f64 = 0.1;
const MEMORY_SLACK: u64 = 16 << 20;

/// By which factor, and by how much, latencies of the last third of the time may exceed those of the second
/// third. Machines are noisy.
const MORE_LATENCY: u32 = 3;
const LATENCY_SLACK: Duration = Duration::from_millis(20);

/// By which factor, and by how many bytes, the file of the store may exceed the most that was in it: SQLite
/// fills its pages badly with values of 4 KiB, and has a log of some MiB.
const MORE_STORE: u64 = 2;
const STORE_SLACK: u64 = 16 << 20;

/// How many latencies are too few to compare, and how long a process must be there: at first it needs more
/// and more, until all components have as many instances as they need.
const FEW_LATENCIES: usize = 100;
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

/// Latencies that no fault has touched.
pub fn latency(course: &Course, what: &'static str, part: f64) -> Verdict {
    let is_calm = |sample: &&Sample| {
        !course.happened.iter().any(|fault| fault.touches(sample.since, sample.at))
    };
    let between = |begin: u32, end: u32| -> Vec<Duration> {
        let (begin, end) = (course.length * begin / 3, course.length * end / 3);
        let samples = course.samples.iter().filter(is_calm);
        let samples = samples.filter(|sample| begin <= sample.since && sample.since < end);
        samples.flat_map(|sample| sample.latencies.iter().copied()).collect()
    };
    let (second, last) = (between(1, 2), between(2, 3));
    let is_enough = second.len() >= FEW_LATENCIES && last.len() >= FEW_LATENCIES;
    let quantiles = (quantile(second, part), quantile(last, part));
    let ((Some(second), Some(last)), true) = (quantiles, is_enough) else {
        return untold(what, "too few requests without a fault to tell");
    };
    let most = second * MORE_LATENCY + LATENCY_SLACK;
    let why = format!(
        "{last:.1?} in the last third of the time, {second:.1?} in the second, at most {most:.1?}"
    );
    Verdict { what, holds: Some(last <= most), why }
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

    const MIB: u64 = 1 << 20;

    /// Ninety samples, one a second, of which `change` makes others.
    fn course(change: impl Fn(u32, &mut Sample)) -> Course {
        let second = Duration::from_secs(1);
        let sample = |number: u32| {
            let mut sample = Sample {
                since: second * number,
                at: second * (number + 1),
                latencies: vec![Duration::from_millis(10); 20],
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
    fn latency_that_grows_is_found_where_there_is_no_fault() {
        let slow = |number: u32, sample: &mut Sample| {
            if number >= 60 {
                sample.latencies = vec![Duration::from_millis(60); 20];
            }
        };
        assert_eq!(latency(&course(|_, _| {}), "", 0.99).holds, Some(true));
        let mut slower = course(slow);
        assert_eq!(latency(&slower, "", 0.5).holds, Some(false));
        let [begin, end] = [60, 75].map(Duration::from_secs);
        slower.happened.push(Happened { fault: Fault::StoreLocked, begin, end });
        assert_eq!(latency(&slower, "", 0.5).holds, Some(false), "the last samples count");
        slower.happened[0].end = Duration::from_secs(90);
        assert_eq!(latency(&slower, "", 0.5).holds, None);
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
