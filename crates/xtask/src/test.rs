//! `cargo xtask test`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};

use crate::bench::FLOOR;
use crate::build;
use crate::process::{start, supervise};
use crate::project::{cargo, functions};

/// The packages whose tests need components, and so run after the build.
const ON_COMPONENTS: [&str; 3] = ["devhost", "black-box-tests", "conformance"];

/// The component that the tests of devhost run; it is no part of the application.
const DEVHOST_GUEST: &str = "devhost-guest";

/// What came of a part of the tests.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    ignored: u32,
    succeeded: bool,
    time: Duration,
}

/// Runs all tests and says what ran. A part that fails does not keep the others from running.
pub fn test() -> anyhow::Result<()> {
    let mut native = cargo();
    native.args(["test", "--workspace", "--no-fail-fast"]);
    let guests = functions()?;
    let others = [DEVHOST_GUEST].into_iter().chain(FLOOR);
    for package in ON_COMPONENTS.into_iter().chain(others) {
        native.args(["--exclude", package]);
    }
    for package in &guests {
        native.args(["--exclude", package]);
    }
    let mut results = vec![("native tests", run_tests(&mut native)?)];

    build::build_with(&[DEVHOST_GUEST])?;
    for package in ON_COMPONENTS {
        let mut tests = cargo();
        tests.args(["test", "--no-fail-fast", "--package", package]);
        results.push((package, run_tests(&mut tests)?));
    }

    println!("\nTests:");
    let mut total = Tally { succeeded: true, ..Tally::default() };
    for (name, tally) in results {
        // A part in which no test ran, perhaps because it did not compile, has not succeeded.
        let succeeded = tally.succeeded && tally.passed + tally.failed > 0;
        let verdict = if succeeded { "ok" } else { "FAILED" };
        println!(
            "  {name:<16} {verdict:<6} {:>4} passed, {} failed, {} ignored, {:.1} s",
            tally.passed,
            tally.failed,
            tally.ignored,
            tally.time.as_secs_f64()
        );
        total.passed += tally.passed;
        total.failed += tally.failed;
        total.ignored += tally.ignored;
        total.succeeded &= succeeded;
    }
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.ignored);
    ensure!(total.succeeded, "not all tests passed");
    Ok(())
}

/// Runs `cargo test`, shows what it prints, and adds up its results.
fn run_tests(command: &mut Command) -> anyhow::Result<Tally> {
    let begin = Instant::now();
    let mut child = start(command.stdout(Stdio::piped()))?;
    let stdout = child.stdout.take().context("cargo test has no output")?;
    let reader = std::thread::spawn(move || {
        let mut tally = Tally::default();
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.add(&line);
        }
        tally
    });
    let Some(status) = supervise(&mut child)? else { bail!("stopped by a signal") };
    let tally = reader.join().map_err(|_| anyhow!("what cargo test printed could not be read"))?;
    Ok(Tally { succeeded: status.success(), time: begin.elapsed(), ..tally })
}

impl Tally {
    /// Adds the numbers of a line such as
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`.
    fn add(&mut self, line: &str) {
        let Some(numbers) = line.strip_prefix("test result: ") else { return };
        let number_of = |what: &str| -> u32 {
            let words: Vec<_> = numbers.split([' ', ';', '.']).filter(|w| !w.is_empty()).collect();
            let position = words.iter().position(|word| *word == what).unwrap_or(0);
            position.checked_sub(1).and_then(|index| words[index].parse().ok()).unwrap_or(0)
        };
        self.passed += number_of("passed");
        self.failed += number_of("failed");
        self.ignored += number_of("ignored");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        tally.add("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.add("test something ... ok");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (7, 3, 1));
    }
}
