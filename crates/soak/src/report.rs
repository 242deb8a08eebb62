//! What came of it, as Markdown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use store_bench::machine;

use crate::Settings;
use crate::growth::mebibytes;
use crate::samples::{Sample, quantile};
use crate::tally::Trouble;
use crate::verdicts::{Course, Verdict};

/// How many rows the table over time has.
const ROWS: u32 = 10;

/// What came of a soak. Shown, it is Markdown.
#[derive(Debug)]
pub struct Report {
    head: String,
    course: Course,
    verdicts: Vec<Verdict>,
}

impl Report {
    pub(crate) fn new(
        settings: &Settings,
        store: &str,
        course: Course,
        verdicts: Vec<Verdict>,
    ) -> Self {
        let head = format!(
            "{} clients for {} on {store}, seed {}; host and clients together on {}.",
            settings.clients,
            time(settings.length),
            settings.seed,
            machine::describe()
        );
        Self { head, course, verdicts }
    }

    /// The verdicts that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| verdict.holds == Some(false))
    }

    /// Whether all holds that must, as far as that can be told.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds != Some(false))
    }

    /// The samples of a part of the time as a row.
    fn row(&self, number: u32) -> String {
        let Course { length, samples, happened, .. } = &self.course;
        let (begin, end) = (*length * number / ROWS, *length * (number + 1) / ROWS);
        let within = |moment: Duration| begin <= moment && moment < end;
        let samples: Vec<_> = samples.iter().filter(|sample| within(sample.since)).collect();
        let all = samples.iter().flat_map(|sample| sample.all_latencies());
        let latencies: Vec<_> = all.collect();
        let taken: Duration = samples.iter().map(|sample| sample.at - sample.since).sum();
        let per_second = latencies.len() as f64 / taken.as_secs_f64().max(f64::MIN_POSITIVE);
        let latency = |part| quantile(latencies.clone(), part).map(|time| format!("{time:.1?}"));
        let faults = happened.iter().filter(|fault| within(fault.begin));
        let faults: Vec<_> = faults.map(|fault| fault.fault.to_string()).collect();
        let cells = [
            Some(time(end)),
            Some(format!("{per_second:.0}")),
            latency(0.5),
            latency(0.99),
            last(&samples, |sample| sample.resident.map(mebibytes)),
            last(&samples, |sample| sample.store.map(mebibytes)),
            last(&samples, |sample| sample.gauge.map(|gauge| mebibytes(gauge.bytes))),
            last(&samples, |sample| sample.gauge.map(|gauge| gauge.retired_pages.to_string())),
            last(&samples, |sample| sample.pending.map(|pending| pending.to_string())),
            Some(faults.join(", ")),
        ];
        let cells: Vec<_> = cells.into_iter().map(|cell| cell.unwrap_or("–".to_owned())).collect();
        format!("| {} |", cells.join(" | "))
    }

    /// A kind of request as a row: how many there were, and how long half of them and 99 % took at most, in
    /// each third of the time.
    fn request_row(&self, request: &str) -> String {
        let thirds = [0, 1, 2].map(|number| self.course.latencies(number, request));
        let count: usize = thirds.iter().map(Vec::len).sum();
        let shown = |part| {
            let quantiles = thirds.clone().map(|latencies| quantile(latencies, part));
            let shown =
                |time: Option<Duration>| time.map_or("–".to_owned(), |t| format!("{t:.1?}"));
            quantiles.map(shown).join(" | ")
        };
        format!("| {request} | {count} | {} | {} |", shown(0.5), shown(0.99))
    }

    /// A method and route as a row: how many calls to the store a request made, and how many bytes these moved, in
    /// each third of the time.
    fn cost_row(&self, route: &str) -> String {
        let thirds = [0, 1, 2].map(|number| self.course.cost(number, Some(route)).each());
        let shown = |figure: &dyn Fn((f64, f64)) -> String| {
            thirds.map(|each| each.map_or("–".to_owned(), figure)).join(" | ")
        };
        let (calls, bytes) =
            (shown(&|it| format!("{:.1}", it.0)), shown(&|it| format!("{:.0}", it.1 / 1024.0)));
        format!("| {route} | {calls} | {bytes} |")
    }

    /// How often each kind of failure was.
    fn failures(&self) -> BTreeMap<Trouble, usize> {
        let mut counts = BTreeMap::new();
        for failure in &self.course.failures {
            *counts.entry(failure.trouble).or_default() += 1;
        }
        counts
    }
}

/// The last of these figures.
fn last(samples: &[&Sample], figure: impl Fn(&Sample) -> Option<String>) -> Option<String> {
    samples.iter().rev().find_map(|sample| figure(sample))
}

/// Such as `2:05` for minutes and seconds.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}\n", self.head)?;
        writeln!(
            formatter,
            "| until | req/s | p50 | p99 | memory, MiB | store, MiB | data, MiB | retired pages | pending events | \
             faults |\n|---|---|---|---|---|---|---|---|---|---|"
        )?;
        for number in 0..ROWS {
            writeln!(formatter, "{}", self.row(number))?;
        }
        writeln!(
            formatter,
            "\n| request, while there is no fault | how many | p50, first third | second | last | p99, first third | \
             second | last |\n|---|---|---|---|---|---|---|---|"
        )?;
        for request in self.course.requests() {
            writeln!(formatter, "{}", self.request_row(request))?;
        }
        writeln!(
            formatter,
            "\n| what its instance has asked of the store since its line before | calls, first third | second | \
             last | KiB, first third | second | last |\n|---|---|---|---|---|---|---|"
        )?;
        for route in self.course.routes() {
            writeln!(formatter, "{}", self.cost_row(route))?;
        }
        writeln!(formatter, "\n| fault | at | for |\n|---|---|---|")?;
        for fault in &self.course.happened {
            let lasted = fault.end.saturating_sub(fault.begin);
            writeln!(formatter, "| {} | {} | {lasted:.1?} |", fault.fault, time(fault.begin))?;
        }
        writeln!(formatter, "\n| requests that failed | |\n|---|---|")?;
        for (trouble, count) in self.failures() {
            writeln!(formatter, "| {trouble} | {count} |")?;
        }
        writeln!(formatter, "\n| what must hold | | |\n|---|---|---|")?;
        for Verdict { what, holds, why } in &self.verdicts {
            let holds = match holds {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "–",
            };
            writeln!(formatter, "| {what} | {holds} | {why} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Fault, Happened};
    use crate::log::Cost;
    use crate::tally::Failure;

    #[test]
    fn it_is_a_row_for_each_tenth_of_the_time_and_for_each_verdict() {
        let second = Duration::from_secs(1);
        // Other ones in each third.
        let latencies = |number: u32| {
            let mut latencies = vec![Duration::from_millis(1 + u64::from(number / 34)); 98];
            latencies.extend([Duration::from_millis(20 + u64::from(number / 34)); 2]);
            [("GET account".to_owned(), latencies)].into()
        };
        let costs = |number: u32| {
            let calls = 5 + u64::from(number / 34);
            let cost = Cost { requests: 2, calls, bytes: 2048 * calls };
            [("GET x".to_owned(), cost)].into()
        };
        let sample = |number: u32| Sample {
            since: second * number,
            at: second * (number + 1),
            latencies: latencies(number),
            costs: costs(number),
            resident: (number < 99).then_some(200 << 20),
            ..Sample::default()
        };
        let happened = Happened { fault: Fault::StoreLocked, begin: 65 * second, end: 68 * second };
        let failure = Failure { trouble: Trouble::Busy, begin: second, end: second };
        let course = Course {
            length: 100 * second,
            samples: (0..100).map(sample).collect(),
            happened: vec![happened],
            failures: vec![failure; 7],
            ..Course::default()
        };
        let verdict = |holds| Verdict { what: "It holds", holds, why: "as it must".to_owned() };
        let report = |verdicts| Report { head: "Head.".to_owned(), course, verdicts };
        let report = report(vec![verdict(Some(true)), verdict(Some(false)), verdict(None)]);
        assert!(!report.holds());
        let text = report.to_string();
        for line in [
            "Head.",
            "| 0:10 | 100 | 1.0ms | 20.0ms | 200.0 | – | – | – | – |  |",
            "| 1:10 | 100 | 2.0ms | 21.0ms | 200.0 | – | – | – | – | store locked |",
            "| GET account | 9000 | 1.0ms | 2.0ms | 3.0ms | 20.0ms | 21.0ms | 22.0ms |",
            "| GET x | 2.5 | 3.0 | 3.5 | 5 | 6 | 7 |",
            "| store locked | 1:05 | 3.0s |",
            "| 503 with Retry-After | 7 |",
            "| It holds | yes | as it must |",
            "| It holds | **no** | as it must |",
            "| It holds | – | as it must |",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        assert_eq!(text.lines().filter(|line| line.contains("200.0")).count(), 10);
    }
}
